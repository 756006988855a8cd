package bearer

import (
	"fmt"
)

// Limits of [Parse] and [ParseLenient]. What is longer is refused with a [*SyntaxError] of
// kind [TooMuch]; what came before it is returned.
const (
	MaxBytes      = 1 << 20 // all fields together
	MaxChallenges = 64
	MaxParams     = 64 // of one challenge
	MaxEmpty      = 64 // empty list elements of one field
)

// A Challenge is one challenge of a WWW-Authenticate field (RFC 9110 section 11.3): a
// scheme, and either a token68 or parameters.
type Challenge struct {
	Scheme  string  // as sent; compare with Is
	Token68 string  // set instead of Params, padding included
	Params  []Param // in wire order, unquoted; a parameter may be present and empty
}

// A Param is a parameter of a challenge.
type Param struct {
	Name  string // as sent; names are compared without regard to ASCII case
	Value string // without quotes and escapes
}

// Is reports whether the challenge has the given scheme, without regard to ASCII case.
func (c Challenge) Is(scheme string) bool { return equalFold(c.Scheme, scheme) }

// Get returns the value of the named parameter, and whether it is present: a parameter may
// be present and empty, as in realm="". Names are compared without regard to ASCII case.
func (c Challenge) Get(name string) (value string, ok bool) {
	for _, p := range c.Params {
		if equalFold(p.Name, name) {
			return p.Value, true
		}
	}
	return "", false
}

// ErrorKind says what is wrong with a challenge.
type ErrorKind string

// The kinds of [SyntaxError].
const (
	BadByte       ErrorKind = "byte not allowed here"
	NoScheme      ErrorKind = "parameter without a scheme"
	NoValue       ErrorKind = "parameter without a value"
	NoComma       ErrorKind = "no comma between elements"
	OpenQuote     ErrorKind = "quoted string without an end"
	BadEscape     ErrorKind = "escape of a byte that cannot be escaped"
	DuplicateName ErrorKind = "name twice in one challenge"
	ControlByte   ErrorKind = "control character"
	TooMuch       ErrorKind = "more than the limit"
)

// A SyntaxError says where a field breaks the grammar.
type SyntaxError struct {
	Field  int       // index of the field
	Offset int       // of the offending byte in the field
	Kind   ErrorKind // what is wrong
	Near   string    // a few bytes at the offset, escaped
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("bearer: WWW-Authenticate field %d, offset %d: %s near %s", e.Field, e.Offset, e.Kind, e.Near)
}

// Parse reads the values of all WWW-Authenticate fields of an answer (http.Header.Values)
// strictly by RFC 9110 sections 5.6, 11.2, 11.3 and 11.6.1.
//
// A challenge that breaks the grammar is left out; the challenges before and after it are
// returned together with a [*SyntaxError] about the first break. Values are substrings of
// the fields unless they held an escape. Parse takes linear time and never panics.
func Parse(fields []string) ([]Challenge, error) {
	var p parser
	return p.run(fields)
}
