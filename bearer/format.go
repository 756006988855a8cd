package bearer

import (
	"errors"
	"fmt"
	"strings"
)

// ErrFormat is matched when a [Challenge] cannot be written.
var ErrFormat = errors.New("bearer: challenge cannot be written")

// Format writes challenges as one field value, for servers and mocks. Every parameter value is
// quoted, as Exchange does. What a field cannot carry and what [Parse] would refuse is an error
// that matches [ErrFormat]: a scheme or name that is not a token, a token68 together with
// parameters, a repeated name, a control character, more than the limits.
//
// More clients understand a server that writes each challenge into a field of its own than one
// that writes them into one.
func Format(challenges ...Challenge) (string, error) {
	if len(challenges) > MaxChallenges {
		return "", fmt.Errorf("%w: more than %d challenges", ErrFormat, MaxChallenges)
	}
	var b strings.Builder
	for i, c := range challenges {
		if i > 0 {
			b.WriteString(", ")
		}
		if err := c.write(&b); err != nil {
			return "", err
		}
	}
	if b.Len() > MaxBytes {
		return "", fmt.Errorf("%w: more than %d bytes", ErrFormat, MaxBytes)
	}
	return b.String(), nil
}

// String returns the challenge as [Format] writes it, or "" if it cannot be written. What
// String returns, [Parse] reads back as the same challenge.
func (c Challenge) String() string {
	s, err := Format(c)
	if err != nil {
		return ""
	}
	return s
}

func (c Challenge) write(b *strings.Builder) error {
	if err := c.check(); err != nil {
		return err
	}
	b.WriteString(c.Scheme)
	if c.Token68 != "" {
		b.WriteByte(' ')
		b.WriteString(c.Token68)
	}
	for i, p := range c.Params {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte(' ')
		b.WriteString(p.Name)
		b.WriteByte('=')
		quote(b, p.Value)
	}
	return nil
}

func (c Challenge) check() error {
	switch {
	case !isToken(c.Scheme):
		return fmt.Errorf("%w: the scheme is not a token", ErrFormat)
	case len(c.Scheme) > MaxNameBytes:
		return fmt.Errorf("%w: the scheme has more than %d bytes", ErrFormat, MaxNameBytes)
	case c.Token68 != "" && len(c.Params) > 0:
		return fmt.Errorf("%w: both a token68 and parameters", ErrFormat)
	case c.Token68 != "" && !isToken68(c.Token68):
		return fmt.Errorf("%w: the token68 has a byte that none has", ErrFormat)
	case len(c.Params) > MaxParams:
		return fmt.Errorf("%w: more than %d parameters", ErrFormat, MaxParams)
	}
	for i, p := range c.Params {
		switch {
		case !isToken(p.Name):
			return fmt.Errorf("%w: the name of parameter %d is not a token", ErrFormat, i)
		case len(p.Name) > MaxNameBytes:
			return fmt.Errorf("%w: the name of parameter %d has more than %d bytes", ErrFormat, i, MaxNameBytes)
		case indexClass(p.Value, controlByte) >= 0:
			return fmt.Errorf("%w: the value of %s has a control character", ErrFormat, p.Name)
		}
		for _, q := range c.Params[:i] {
			if equalFold(p.Name, q.Name) {
				return fmt.Errorf("%w: the name %s stands twice", ErrFormat, p.Name)
			}
		}
	}
	return nil
}

// quote writes a quoted-string (RFC 9110 section 5.6.4).
func quote(b *strings.Builder, s string) {
	b.WriteByte('"')
	for {
		i := strings.IndexAny(s, `"\`)
		if i < 0 {
			break
		}
		b.WriteString(s[:i])
		b.WriteByte('\\')
		b.WriteByte(s[i])
		s = s[i+1:]
	}
	b.WriteString(s)
	b.WriteByte('"')
}
