package bearer

import (
	"fmt"
	"strings"
)

// The comma separates both the challenges of a field and the parameters of a challenge
// (RFC 9110 section 11.6.1 warns of it). The parser decides by what stands behind a word:
// an "=" makes it a parameter of the challenge before, anything else a new scheme.

// What may follow the elements read so far.
type state uint8

const (
	between state = iota // only a scheme
	params               // a scheme, or another parameter of the last challenge
	sealed               // the last challenge has a token68
	bare                 // the last challenge has no space behind its scheme
	broken               // the last challenge was left out, and its parameters will be
)

// A parser reads the fields of one response. One arena holds the parameters of all
// challenges, so that a response without escapes costs two allocations.
//
// This file is the grammar alone. Where a field leaves it, the parser calls breach, which
// refuses the challenge, or lets one of the repairs (repair.go) read on.
type parser struct {
	lenient bool
	out     []Challenge
	arena   []Param
	err     *SyntaxError
	mending // the breach under repair, and the repairs so far

	field int
	s     string // the field
	i     int    // position in it
	empty int    // empty elements seen

	state    state
	began    int  // where the last scheme or token68 began
	resume   bool // the challenge before the bare one can take parameters
	unquoted bool // the last value of the challenge that can take parameters was not quoted
	tainted  bool // the field broke the grammar, so not every byte of it has been checked
}

func (p *parser) run(fields []string) ([]Challenge, error) {
	names := 0
	for _, f := range fields {
		names += strings.Count(f, "=")
	}
	if len(fields) > 0 {
		p.out = make([]Challenge, 0, min(max(len(fields), 2), MaxChallenges))
	}
	p.arena = make([]Param, 0, min(names, MaxParams))
	total := 0
	for n, f := range fields {
		p.field, p.s, p.i = n, f, 0
		p.state, p.resume, p.unquoted, p.tainted = between, false, false, false
		if total += len(f); total > MaxBytes {
			p.fail(0, TooMuch)
			break
		}
		before := *p
		more := p.fieldValue()
		if p.tainted {
			if i := indexClass(f, controlByte); i >= 0 {
				*p, more = before, true
				p.fail(i, ControlByte)
			}
		}
		if !more {
			break
		}
	}
	if p.err != nil {
		return p.out, p.err
	}
	return p.out, nil
}

// fieldValue reads one field value, #challenge. It reports false when a limit ends the parse.
func (p *parser) fieldValue() bool {
	comma := true // the start counts as one
	for {
		if !p.separators(&comma) {
			return false
		}
		if p.i == len(p.s) {
			return true
		}
		start := p.i
		name := p.token()
		if len(name) > MaxNameBytes {
			p.fail(start, TooMuch)
			p.drop()
			return false
		}
		more := true
		if next := p.ows(p.i); name != "" && next < len(p.s) && p.s[next] == '=' {
			p.i = next + 1
			more = p.element(start, name, comma)
		} else {
			more = p.challenge(start, name, comma)
		}
		if !more {
			return false
		}
		if p.excess {
			p.fail(start, TooMuch)
			p.drop()
			return false
		}
		comma = false
	}
}

// separators skips white space and commas. It reports false when a limit is passed.
func (p *parser) separators(comma *bool) bool {
	for ; p.i < len(p.s); p.i++ {
		switch p.s[p.i] {
		case ' ', '\t':
		case ',':
			if *comma {
				if p.empty++; p.empty > MaxEmpty {
					p.fail(p.i, TooMuch)
					p.drop()
					return false
				}
			}
			*comma = true
		default:
			return true
		}
	}
	return true
}

// challenge reads a scheme and what follows it up to the second element. name is the word
// at start, "" if none is there. It reports false when a limit ends the parse.
func (p *parser) challenge(start int, name string, comma bool) bool {
	end := p.ows(p.i)
	atEnd := end == len(p.s) || p.s[end] == ','
	space := p.i < len(p.s) && p.s[p.i] == ' '
	switch {
	case !comma && name != "":
		p.refuse(start, NoComma)
		return true
	case name == "" || !space && !atEnd:
		p.breach(noElement, BadByte, start, p.i, "")
		return true
	case p.state == broken && atEnd && !isScheme(name):
		p.i = end // it may be the rest of a value
		return true
	case len(p.out) == MaxChallenges:
		p.fail(start, TooMuch)
		return false
	}
	if !space {
		// RFC 9110 section 11.3 allows parameters only behind a space.
		p.resume = p.state == params
		p.state, p.began = bare, start
		p.out = append(p.out, Challenge{Scheme: name})
		p.i = end
		return true
	}
	for p.s[p.i] == ' ' {
		if p.i++; p.i == len(p.s) {
			break
		}
	}
	if atEnd {
		p.open(name)
		return true
	}
	first := p.i
	if t := p.token68(); t != "" {
		p.state, p.began = sealed, first
		p.out = append(p.out, Challenge{Scheme: name, Token68: t})
		return true
	}
	word := p.token()
	next := p.ows(p.i)
	switch {
	case len(word) > MaxNameBytes:
		p.fail(first, TooMuch)
		p.drop()
		return false
	case word != "" && next < len(p.s) && p.s[next] == '=':
		p.open(name)
		p.i = next + 1
		return p.element(first, word, true)
	case word != "" && next > p.i:
		p.breach(afterScheme, NoComma, first, first, name)
	default:
		p.breach(afterScheme, BadByte, first, p.i, name)
	}
	return true
}

// open begins a challenge that can take parameters.
func (p *parser) open(scheme string) {
	p.out = append(p.out, Challenge{Scheme: scheme})
	p.state, p.unquoted = params, false
}

// element reads a parameter whose name and "=" have been read. It reports false when a
// limit ends the parse.
func (p *parser) element(start int, name string, comma bool) bool {
	switch {
	case p.state == broken:
		p.skip()
		return true
	case p.state == params && comma:
	case p.state == params:
		if !p.breach(beforeParam, NoComma, start, start, name) {
			return true
		}
	case p.state == sealed:
		if !p.breach(afterToken68, AfterToken68, start, start, name) {
			return true
		}
	default:
		if !p.breach(outsideChallenge, NoScheme, start, start, name) {
			return true
		}
	}
	value, ok := p.paramValue(name)
	if !ok {
		return true
	}
	c := &p.out[len(p.out)-1]
	for i := range c.Params {
		if equalFold(c.Params[i].Name, name) {
			p.value = value
			p.breach(secondParam, DuplicateName, start, start, name)
			return true
		}
	}
	if len(c.Params) == MaxParams {
		p.fail(start, TooMuch)
		p.drop()
		return false
	}
	// The parameters of the last challenge are the last of the arena. When the arena
	// grows, those of the challenges before stay where they are.
	first := len(p.arena) - len(c.Params)
	p.arena = append(p.arena, Param{name, value})
	c.Params = p.arena[first:len(p.arena):len(p.arena)]
	return true
}

// paramValue reads the value at p.i, behind BWS.
func (p *parser) paramValue(name string) (string, bool) {
	p.i = p.ows(p.i)
	if p.i < len(p.s) && p.s[p.i] == '"' {
		p.unquoted = false
		return p.quoted()
	}
	p.unquoted = true
	start := p.i
	v := p.token()
	end := p.ows(p.i)
	if v != "" && (end == len(p.s) || p.s[end] == ',') {
		return v, true
	}
	kind, offset := BadByte, p.i
	switch {
	case v == "" && (end == len(p.s) || p.s[end] == ','):
		kind, offset = NoValue, start
	case v != "" && end > p.i:
		kind, offset = NoComma, end
	}
	if !p.breach(noToken, kind, start, offset, name) {
		return "", false
	}
	return p.value, true
}

// quoted reads a quoted string. A backslash stands for the byte behind it, whatever that
// is, so that \n is the letter n.
func (p *parser) quoted() (string, bool) {
	open := p.i
	s := p.s[open+1:]
	i, escapes := 0, 0
	for ; ; i++ {
		for i < len(s) && class[s[i]]&qdtextByte != 0 {
			i++
		}
		if i == len(s) || s[i] == '"' {
			break
		}
		if s[i] != '\\' {
			p.refuse(open+1+i, BadByte)
			return "", false
		}
		if i++; i == len(s) {
			break
		}
		if class[s[i]]&controlByte != 0 {
			p.refuse(open+1+i, BadByte)
			return "", false
		}
		escapes++
	}
	if i == len(s) {
		p.refuse(open, OpenQuote)
		return "", false
	}
	p.i = open + 1 + i + 1
	if escapes == 0 {
		return s[:i], true
	}
	return unescape(s[:i], escapes), true
}

func unescape(s string, escapes int) string {
	b := make([]byte, 0, len(s)-escapes)
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' {
			i++
		}
		b = append(b, s[i])
	}
	return string(b)
}

// refuse notes a break and leaves out the challenge that is being read.
func (p *parser) refuse(at int, kind ErrorKind) {
	p.fail(at, kind)
	p.drop()
	p.skip()
}

// drop takes back the challenge that can take parameters. Those that follow are its own.
func (p *parser) drop() {
	if p.state == params {
		last := len(p.out) - 1
		p.arena = p.arena[:len(p.arena)-len(p.out[last].Params)]
		p.out = p.out[:last]
	}
	p.state = broken
}

// fail notes a break, if it is the first.
func (p *parser) fail(at int, kind ErrorKind) {
	p.tainted = true
	if p.err != nil {
		return
	}
	p.err = &SyntaxError{Field: p.field, Offset: at, Kind: kind, Near: fmt.Sprintf("%+q", p.s[at:min(at+12, len(p.s))])}
}

// skip goes to the next comma that is outside a quoted string. A quoted string that does
// not end takes the rest of the field with it.
func (p *parser) skip() {
	for ; p.i < len(p.s) && p.s[p.i] != ','; p.i++ {
		if p.s[p.i] != '"' {
			continue
		}
		open := p.i
		for p.i++; p.i < len(p.s) && p.s[p.i] != '"'; p.i++ {
			if p.s[p.i] == '\\' {
				p.i++
			}
		}
		if p.i >= len(p.s) {
			p.fail(open, OpenQuote)
			p.i = len(p.s)
			return
		}
	}
}

func (p *parser) ows(i int) int {
	for i < len(p.s) && (p.s[i] == ' ' || p.s[i] == '\t') {
		i++
	}
	return i
}

func (p *parser) token() string {
	start := p.i
	i := start
	for i < len(p.s) && class[p.s[i]]&tokenByte != 0 {
		i++
	}
	p.i = i
	return p.s[start:i]
}

// token68 reads a token68 that reaches to the end of the element, or returns "".
func (p *parser) token68() string {
	i := p.i
	for i < len(p.s) && class[p.s[i]]&token68Byte != 0 {
		i++
	}
	if i == p.i {
		return ""
	}
	for i < len(p.s) && p.s[i] == '=' {
		i++
	}
	if end := p.ows(i); end < len(p.s) && p.s[end] != ',' {
		return ""
	}
	t := p.s[p.i:i]
	p.i = i
	return t
}
