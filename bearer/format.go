package bearer

import (
	"errors"
	"fmt"
	"strings"
)

// ErrFormat is matched when a [Challenge] cannot be written.
var ErrFormat = errors.New("bearer: challenge cannot be written")

// Format writes challenges as one field value, for servers and mocks. Every parameter's
// value is quoted. A challenge whose scheme or names are no tokens, that has both a token68
// and parameters, or that holds a control character is refused with an error that matches
// [ErrFormat]: a field value cannot carry it.
func Format(challenges ...Challenge) (string, error) {
	var b strings.Builder
	for i, c := range challenges {
		if i > 0 {
			b.WriteString(", ")
		}
		if err := c.write(&b); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

// String returns the challenge as [Format] writes it, or "" if it cannot be written. What
// String returns, Parse reads back as the same challenge.
func (c Challenge) String() string {
	s, err := Format(c)
	if err != nil {
		return ""
	}
	return s
}

func (c Challenge) write(b *strings.Builder) error {
	if !isToken(c.Scheme) {
		return fmt.Errorf("%w: the scheme is no token", ErrFormat)
	}
	b.WriteString(c.Scheme)
	if c.Token68 != "" {
		if len(c.Params) > 0 {
			return fmt.Errorf("%w: both a token68 and parameters", ErrFormat)
		}
		if !isToken68(c.Token68) {
			return fmt.Errorf("%w: the token68 has a byte that none has", ErrFormat)
		}
		b.WriteByte(' ')
		b.WriteString(c.Token68)
		return nil
	}
	for i, p := range c.Params {
		if !isToken(p.Name) {
			return fmt.Errorf("%w: a parameter's name is no token", ErrFormat)
		}
		for _, q := range c.Params[:i] {
			if equalFold(p.Name, q.Name) {
				return fmt.Errorf("%w: a parameter's name stands twice", ErrFormat)
			}
		}
		if indexClass(p.Value, controlByte) >= 0 {
			return fmt.Errorf("%w: a parameter's value has a control character", ErrFormat)
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte(' ')
		b.WriteString(p.Name)
		b.WriteString(`="`)
		for j := range len(p.Value) {
			if v := p.Value[j]; v == '"' || v == '\\' {
				b.WriteByte('\\')
			}
			b.WriteByte(p.Value[j])
		}
		b.WriteByte('"')
	}
	return nil
}

func isToken(s string) bool { return s != "" && indexOther(s) < 0 }

func isToken68(s string) bool {
	t := strings.TrimRight(s, "=")
	if t == "" {
		return false
	}
	for i := range len(t) {
		if class[t[i]]&token68Byte == 0 {
			return false
		}
	}
	return true
}
