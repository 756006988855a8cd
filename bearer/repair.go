package bearer

import "strings"

// RepairKind names a deviation from the grammar that [ParseLenient] reads through. The
// package documentation lists the servers on which each was seen.
type RepairKind string

// The repairs. None of them ever cuts a value short: where it is not plain how far a value
// reaches, the challenge is left out and a [*SyntaxError] returned.
const (
	UnquotedValue  RepairKind = "unquoted value"          // authorization_uri=https://login.microsoftonline.com/common
	UnquotedSpaces RepairKind = "unquoted list"           // token_types=app_asserted_user_v1 service_asserted_app_v1
	EmptyValue     RepairKind = "empty value, not quoted" // realm=, error="invalid_token"
	MissingComma   RepairKind = "missing comma"           // authorization="…" resource="…"
	DuplicateParam RepairKind = "duplicate, first taken"  // realm="a", realm="b"
	StrayElement   RepairKind = "stray element left out"  // a lone word between parameters, a parameter before any scheme, bytes that begin nothing
)

// A Repair says which deviation was read through, and where.
type Repair struct {
	Kind    RepairKind
	Field   int    // index of the field
	Offset  int    // in the field
	Name    string // of the parameter, or the first bytes of the element; at most 64 bytes
	Dropped string // the value that DuplicateParam left out
}

const maxRepairs = 256

// ParseLenient reads what [Parse] reads, and the deviations that real servers send, each of which
// it reports. Fields that Parse accepts give the same challenges and no repair. Control characters
// and the limits are refused as by Parse, and so are more than 256 repairs.
func ParseLenient(fields []string) ([]Challenge, []Repair, error) {
	p := parser{lenient: true}
	out, err := p.run(fields)
	return out, p.repairs, err
}

// A site is a place where a field can leave the grammar.
type site uint8

const (
	beforeParam      site = iota // a parameter without a comma before it
	afterToken68                 // a parameter behind a token68
	outsideChallenge             // a parameter behind a bare word, or with no scheme at all
	noToken                      // a value that is neither a token nor quoted
	secondParam                  // a name for the second time
	noElement                    // bytes that begin neither a scheme nor a parameter
	afterScheme                  // words behind a scheme that are neither a token68 nor parameters
)

// An outcome is what became of a breach.
type outcome uint8

const (
	beyond  outcome = iota // beyond repair: the challenge is left out, as Parse does it
	mended                 // the parser reads on, with the element as it now is
	leftOut                // the element has been skipped, and the challenge stays
)

// mend is the list of all that ParseLenient reads through. What a repair does stands at its
// function, and where it was seen in the package documentation.
func (p *parser) mend() outcome {
	switch p.site {
	case beforeParam:
		return p.supplyComma() // MissingComma
	case afterToken68:
		if p.reopenToken68() { // EmptyValue
			return mended
		}
		return p.leaveOutParam() // StrayElement
	case outsideChallenge:
		if p.isStray() {
			return p.leaveOutWord() // StrayElement
		}
		return p.leaveOutParam() // StrayElement
	case noToken:
		return p.takeUnquoted() // UnquotedValue, UnquotedSpaces, EmptyValue
	case secondParam:
		return p.keepFirst() // DuplicateParam
	case noElement:
		return p.leaveOutBytes() // StrayElement
	case afterScheme:
		return p.leaveOutBehindScheme() // StrayElement
	}
	return beyond
}

// mending is the part of a parser that only repairs need.
type mending struct {
	repairs []Repair
	excess  bool // more repairs than the limit

	site   site
	kind   ErrorKind // what Parse calls the breach
	at     int       // where the element began
	offset int       // what Parse points to
	name   string    // of the parameter or scheme
	value  string    // of a second parameter; of an unquoted value, once it is mended
}

// breach is called where a field leaves the grammar. It reports whether the parser reads on
// with the element; if not, the element or its challenge has been left out.
func (p *parser) breach(s site, kind ErrorKind, at, offset int, name string) bool {
	p.site, p.kind, p.at, p.offset, p.name = s, kind, at, offset, name
	if p.lenient {
		switch p.mend() {
		case mended:
			return true
		case leftOut:
			return false
		}
	}
	switch s {
	case afterToken68:
		p.out = p.out[:len(p.out)-1] // it is the challenge of the token68 that is broken
	case afterScheme:
		p.state = broken // the challenge before is whole
	}
	p.refuse(p.offset, p.kind)
	return false
}

func (p *parser) note(kind RepairKind, at int, name, dropped string) {
	p.tainted = true
	if len(p.repairs) == maxRepairs {
		p.excess = true
		return
	}
	p.repairs = append(p.repairs, Repair{kind, p.field, at, name[:min(len(name), 64)], dropped})
}

// supplyComma reads a parameter as if a comma stood before it.
func (p *parser) supplyComma() outcome {
	p.note(MissingComma, p.at, p.name, "")
	return mended
}

// reopenToken68 takes a token68 such as "realm=" for what it was meant to be when a
// parameter follows: a parameter that is empty.
func (p *parser) reopenToken68() bool {
	c := &p.out[len(p.out)-1]
	name, ok := strings.CutSuffix(c.Token68, "=")
	if !ok || !isToken(name) || len(name) > MaxNameBytes {
		return false
	}
	p.note(EmptyValue, p.began, name, "")
	p.arena = append(p.arena, Param{Name: name})
	c.Token68, c.Params = "", p.arena[len(p.arena)-1:len(p.arena):len(p.arena)]
	p.state, p.unquoted = params, true
	return true
}

// leaveOutWord takes a bare word that stands among parameters, and is not the name of a
// scheme, for a stray one. The parameter behind it belongs to the challenge before.
func (p *parser) leaveOutWord() outcome {
	if p.doubted() {
		p.offset = p.began
		return beyond
	}
	last := len(p.out) - 1
	p.note(StrayElement, p.began, p.out[last].Scheme, "")
	p.out, p.state = p.out[:last], params
	return mended
}

// leaveOutParam leaves out a parameter that belongs to no challenge.
func (p *parser) leaveOutParam() outcome { return p.leaveOut(p.at, p.name) }

// leaveOutBytes leaves out what begins nothing, unless it may be a part of the value before.
func (p *parser) leaveOutBytes() outcome {
	if p.state == broken || p.doubted() {
		return beyond
	}
	return p.leaveOut(p.at, p.start(p.at))
}

// leaveOutBehindScheme leaves out what follows a scheme and begins nothing; a word that
// another word follows breaks the challenge.
func (p *parser) leaveOutBehindScheme() outcome {
	switch {
	case p.doubted():
		p.kind, p.offset = BadByte, p.at
		return beyond
	case p.kind == NoComma:
		return beyond
	}
	p.open(p.name)
	return p.leaveOut(p.at, p.start(p.at))
}

func (p *parser) leaveOut(at int, name string) outcome {
	p.skip()
	p.note(StrayElement, at, name, "")
	if p.state == sealed {
		p.state = between // what follows does not follow the token68
	}
	return leftOut
}

// start returns the beginning of the element at i.
func (p *parser) start(i int) string {
	end := i
	for end < len(p.s) && end < i+16 && p.s[end] != ',' {
		end++
	}
	return strings.TrimSpace(p.s[i:end])
}

// keepFirst keeps the value that a parameter had first.
func (p *parser) keepFirst() outcome {
	p.note(DuplicateParam, p.at, p.name, p.value)
	return leftOut
}

// takeUnquoted reads a value that should have been quoted. It has neither white space nor
// commas nor quotes, except that a list may have white space.
func (p *parser) takeUnquoted() outcome {
	i := p.bareEnd(p.at)
	if isList(p.name) {
		for {
			word := p.ows(i)
			if word == i || word == p.bareEnd(word) || p.paramAt(word) {
				break
			}
			i = p.bareEnd(word)
		}
	}
	v := p.s[p.at:i]
	if !p.ends(i, v) || strings.HasPrefix(v, "=") {
		p.kind, p.offset = BadByte, i
		return beyond
	}
	p.i, p.value = i, v
	switch {
	case v == "":
		p.note(EmptyValue, p.at, p.name, "")
	case strings.ContainsAny(v, " \t"):
		p.note(UnquotedSpaces, p.at, p.name, "")
	case !isToken(v):
		p.note(UnquotedValue, p.at, p.name, "")
	}
	return mended
}

// isStray reports whether the last element is a bare word that is not the name of a scheme
// and stands where a parameter could.
func (p *parser) isStray() bool {
	return p.state == bare && p.resume && !isScheme(p.out[len(p.out)-1].Scheme)
}

// doubted reports whether the breach follows a value without quotes, and so may be a part
// of it. The challenge of that value is dropped.
func (p *parser) doubted() bool {
	if !p.unquoted {
		return false
	}
	if p.isStray() {
		p.out, p.state = p.out[:len(p.out)-1], params
	}
	if p.state != params {
		return false
	}
	p.drop()
	return true
}

func (p *parser) bareEnd(i int) int {
	for i < len(p.s) && p.s[i] != ' ' && p.s[i] != '\t' && p.s[i] != ',' && p.s[i] != '"' {
		i++
	}
	return i
}

// ends reports whether it is plain that the unquoted value v, which reaches to i, ends
// there. Behind a comma must stand what can be no part of v: a parameter or a scheme; and
// if no white space is around the comma, one that is known by name, since a URL may hold
// a comma and an "=" too.
func (p *parser) ends(i int, v string) bool {
	j := p.ows(i)
	if j == len(p.s) {
		return true
	}
	if p.s[j] != ',' {
		return v != "" && j > i && p.paramAt(j)
	}
	next := j
	for next < len(p.s) && (p.s[next] == ',' || p.s[next] == ' ' || p.s[next] == '\t') {
		next++
	}
	if next == len(p.s) {
		return true
	}
	word, _ := p.wordAt(next)
	if !p.paramAt(next) {
		return isScheme(word)
	}
	glued := next == i+1 && v != ""
	return !glued || isKnownParam(word) && !strings.ContainsAny(v, "?#")
}

// wordAt returns the token at i, and the position of what follows it and white space.
func (p *parser) wordAt(i int) (word string, next int) {
	end := i
	for end < len(p.s) && class[p.s[end]]&tokenByte != 0 {
		end++
	}
	return p.s[i:end], p.ows(end)
}

// paramAt reports whether a parameter begins at i.
func (p *parser) paramAt(i int) bool {
	word, next := p.wordAt(i)
	return word != "" && next < len(p.s) && p.s[next] == '='
}
