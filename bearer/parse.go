package bearer

import (
	"fmt"
	"strings"
)

// Classes of bytes (RFC 9110 section 5.6).
const (
	tokenByte   = 1 << iota // tchar
	token68Byte             // ALPHA DIGIT - . _ ~ + /
	qdtextByte              // in a quoted string without an escape
	escapeByte              // after a backslash
	controlByte             // C0 but HTAB, and DEL
)

var class = func() (t [256]uint8) {
	for c := range 256 {
		b := byte(c)
		alnum := b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z'
		if alnum || strings.IndexByte("!#$%&'*+-.^_`|~", b) >= 0 {
			t[c] |= tokenByte
		}
		if alnum || strings.IndexByte("-._~+/", b) >= 0 {
			t[c] |= token68Byte
		}
		if b == '\t' || b >= ' ' && b != 0x7f {
			t[c] |= escapeByte
			if b != '"' && b != '\\' {
				t[c] |= qdtextByte
			}
		} else {
			t[c] |= controlByte
		}
	}
	return t
}()

// A parser reads the fields of one answer. One arena holds the parameters of all
// challenges, so that a whole answer costs two allocations.
type parser struct {
	lenient bool
	out     []Challenge
	arena   []Param
	repairs []Repair
	err     *SyntaxError

	field int
	s     string // the field
	i     int    // position in it
	empty int    // empty elements seen in it
}

func (p *parser) run(fields []string) ([]Challenge, error) {
	total, params := 0, 0
	for _, f := range fields {
		if total += len(f); total <= MaxBytes {
			params += strings.Count(f, "=")
		}
	}
	p.out = make([]Challenge, 0, min(max(len(fields), 2), MaxChallenges))
	if params > 0 {
		p.arena = make([]Param, 0, min(params, MaxParams))
	}
	total = 0
	for n, f := range fields {
		p.field, p.s, p.i, p.empty = n, f, 0, 0
		if total += len(f); total > MaxBytes {
			p.fail(0, TooMuch)
			break
		}
		if i := indexClass(f, controlByte); i >= 0 {
			p.fail(i, ControlByte) // nothing in such a field is believed
			continue
		}
		if !p.value() {
			break
		}
	}
	if p.err != nil {
		return p.out, p.err
	}
	return p.out, nil
}

// value reads one field value, 1#challenge. It reports false when a limit ends the parse.
func (p *parser) value() bool {
	cur := -1       // index of the challenge that takes parameters
	broken := false // what follows belongs to a challenge that was dropped
	fresh := true   // at the start of an element, behind a comma
	first := false  // behind a scheme, where a parameter needs no comma
	for {
		ok := p.separators(&fresh)
		if !ok {
			return false
		}
		if p.i == len(p.s) {
			return true
		}
		start := p.i
		name := p.token()
		if name == "" {
			if p.lenient && p.junk(start) {
				continue
			}
			p.fail(start, BadByte)
			cur, broken = p.drop(cur), true
			p.skipElement()
			continue
		}
		if next := p.ows(p.i); next < len(p.s) && p.s[next] == '=' {
			if !fresh && !first {
				if p.lenient && cur >= 0 {
					p.repair(MissingComma, start, name)
				} else {
					p.fail(start, NoComma)
					cur, broken = p.drop(cur), true
				}
			}
			first = false
			switch {
			case broken:
				p.skipElement()
			case cur < 0:
				if p.lenient {
					p.skipElement()
					p.repair(StrayElement, start, name)
				} else {
					p.fail(start, NoScheme)
					broken = true
					p.skipElement()
				}
			default:
				p.i = next + 1
				ok, limit := p.param(cur, start, name)
				if limit {
					return false
				}
				if !ok {
					cur, broken = p.drop(cur), true
					p.skipElement()
				}
			}
			fresh = false
			continue
		}
		if !fresh {
			p.fail(start, NoComma)
			cur, broken, first = p.drop(cur), true, false
			p.skipElement()
			continue
		}
		// A scheme. Behind a broken challenge a lone word is one only if it is well known:
		// it may be the rest of a value.
		if end := p.ows(p.i); broken && (end == len(p.s) || p.s[end] == ',') && !isScheme(name) {
			fresh = false
			continue
		}
		if len(p.out) == MaxChallenges {
			p.fail(start, TooMuch)
			return false
		}
		broken = false
		p.out = append(p.out, Challenge{Scheme: name})
		cur = len(p.out) - 1
		after := p.i
		for p.i < len(p.s) && p.s[p.i] == ' ' {
			p.i++
		}
		fresh = false
		switch {
		case p.i == after:
			// No space: neither token68 nor parameters. RFC 9110 section 11.3 allows
			// an empty list of parameters only behind the space.
			cur = -1
			if p.i < len(p.s) && p.s[p.i] != ',' && p.ows(p.i) == p.i {
				p.fail(p.i, BadByte)
				p.drop(len(p.out) - 1)
				broken = true
				p.skipElement()
			}
		case p.i < len(p.s) && p.s[p.i] != ',':
			if t := p.token68(); t != "" {
				p.out[cur].Token68 = t
				cur = -1
			} else {
				first = true
			}
		}
	}
}

// separators skips white space and commas. It reports false when a limit is passed.
func (p *parser) separators(fresh *bool) bool {
	commas := 0
	if p.i == 0 {
		commas, *fresh = 1, true
	}
	for ; p.i < len(p.s); p.i++ {
		switch p.s[p.i] {
		case ' ', '\t':
		case ',':
			*fresh = true
			if commas++; commas > 1 {
				if p.empty++; p.empty > MaxEmpty {
					p.fail(p.i, TooMuch)
					return false
				}
			}
		default:
			return true
		}
	}
	return true
}

func (p *parser) ows(i int) int {
	for i < len(p.s) && (p.s[i] == ' ' || p.s[i] == '\t') {
		i++
	}
	return i
}

func (p *parser) token() string {
	start := p.i
	for p.i < len(p.s) && class[p.s[p.i]]&tokenByte != 0 {
		p.i++
	}
	return p.s[start:p.i]
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

// param reads the value of a parameter whose "=" has been read and adds it to challenge
// cur. It reports whether that worked, and whether a limit ends the parse.
func (p *parser) param(cur, start int, name string) (ok, limit bool) {
	p.i = p.ows(p.i)
	var v string
	if p.i < len(p.s) && p.s[p.i] == '"' {
		v, ok = p.quoted()
	} else {
		v, ok = p.unquoted(name)
	}
	if !ok {
		return false, false
	}
	c := &p.out[cur]
	for i := range c.Params {
		if equalFold(c.Params[i].Name, name) {
			if p.lenient {
				p.repair(DuplicateParam, start, name)
				return true, false
			}
			p.fail(start, DuplicateName)
			return false, false
		}
	}
	if len(c.Params) == MaxParams {
		p.fail(start, TooMuch)
		return false, true
	}
	p.add(c, Param{name, v})
	return true, false
}

// add appends to the parameters of c, which are the last in the arena. When the arena
// grows, the parameters of earlier challenges stay where they are.
func (p *parser) add(c *Challenge, v Param) {
	first := len(p.arena) - len(c.Params)
	p.arena = append(p.arena, v)
	c.Params = p.arena[first:len(p.arena):len(p.arena)]
}

// quoted reads a quoted string: a backslash stands for the byte behind it, whatever that
// is, so that \n is the letter n.
func (p *parser) quoted() (string, bool) {
	open := p.i
	i := open + 1
	for i < len(p.s) && class[p.s[i]]&qdtextByte != 0 {
		i++
	}
	if i < len(p.s) && p.s[i] == '"' {
		p.i = i + 1
		return p.s[open+1 : i], true
	}
	var b strings.Builder
	from := open + 1
	for ; i < len(p.s); i++ {
		switch p.s[i] {
		case '"':
			b.WriteString(p.s[from:i])
			p.i = i + 1
			return b.String(), true
		case '\\':
			b.WriteString(p.s[from:i])
			i++
			from = i // the escaped byte is copied with what follows it
		}
	}
	p.fail(open, OpenQuote)
	p.i = len(p.s)
	return "", false
}

// unquoted reads a token, or in lenient mode whatever a server put in a token's place.
func (p *parser) unquoted(name string) (string, bool) {
	start := p.i
	v := p.token()
	end := p.ows(p.i)
	if v != "" && (end == len(p.s) || p.s[end] == ',') {
		return v, true
	}
	if !p.lenient {
		switch {
		case v == "" && (end == len(p.s) || p.s[end] == ','):
			p.fail(start, NoValue)
		case end > p.i:
			p.fail(end, NoComma)
		default:
			p.fail(p.i, BadByte)
		}
		return "", false
	}
	return p.repairUnquoted(name, start)
}

// skipElement skips to the next comma that is outside a quoted string.
func (p *parser) skipElement() {
	for p.i < len(p.s) && p.s[p.i] != ',' {
		if p.s[p.i] == '"' {
			p.i++
			for p.i < len(p.s) && p.s[p.i] != '"' {
				if p.s[p.i] == '\\' {
					p.i++
				}
				p.i++
			}
		}
		p.i++
	}
	p.i = min(p.i, len(p.s))
}

// drop takes challenge cur, the last one, back out.
func (p *parser) drop(cur int) int {
	if cur >= 0 {
		p.arena = p.arena[:len(p.arena)-len(p.out[cur].Params)]
		p.out = p.out[:cur]
	}
	return -1
}

// fail notes the first break.
func (p *parser) fail(at int, kind ErrorKind) {
	if p.err != nil {
		return
	}
	at = min(at, len(p.s))
	near := p.s[at:min(at+12, len(p.s))]
	p.err = &SyntaxError{Field: p.field, Offset: at, Kind: kind, Near: fmt.Sprintf("%+q", near)}
}

func indexClass(s string, c uint8) int {
	for i := range len(s) {
		if class[s[i]]&c != 0 {
			return i
		}
	}
	return -1
}

// equalFold compares without regard to the case of ASCII letters, and of no others.
func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		x, y := a[i], b[i]
		if x != y && (x|0x20 != y|0x20 || x|0x20 < 'a' || x|0x20 > 'z') {
			return false
		}
	}
	return true
}
