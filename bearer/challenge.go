package bearer

import (
	"fmt"
)

// Limits of [Parse], [ParseLenient] and [Format]. What is longer is refused with a
// [*SyntaxError] of kind [TooMuch], and the challenges before it are returned. A Kerberos
// ticket in a token68, which may have 16 KiB, passes.
const (
	MaxBytes      = 1 << 20 // all fields together
	MaxChallenges = 64      // all fields together
	MaxParams     = 64      // of one challenge
	MaxNameBytes  = 256     // of a scheme or the name of a parameter, in bytes
	MaxEmpty      = 64      // empty list elements, all fields together; RFC 9110 section 5.6.1.2
)

// A Challenge is one challenge of a WWW-Authenticate field (RFC 9110 section 11.3): a
// scheme, and either a token68, or parameters, or neither.
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
	for i := range c.Params {
		if equalFold(c.Params[i].Name, name) {
			return c.Params[i].Value, true
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
	AfterToken68  ErrorKind = "parameter after a token68"
	NoValue       ErrorKind = "parameter without a value"
	NoComma       ErrorKind = "no comma between elements"
	OpenQuote     ErrorKind = "quoted string without an end"
	DuplicateName ErrorKind = "name twice in one challenge"
	ControlByte   ErrorKind = "control character"
	TooMuch       ErrorKind = "more than the limit"
)

// A SyntaxError says where the fields break the grammar first.
type SyntaxError struct {
	Field  int       // index of the field
	Offset int       // of the offending byte in the field
	Kind   ErrorKind // what is wrong
	Near   string    // at most 12 bytes from the offset, quoted and escaped to ASCII
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("bearer: WWW-Authenticate field %d, offset %d: %s near %s", e.Field, e.Offset, e.Kind, e.Near)
}

// Parse reads the values of all WWW-Authenticate fields of a response ([http.Header.Values])
// strictly by RFC 9110 sections 5.6, 11.2, 11.3 and 11.6.1. No field and an empty field hold no
// challenge, and are not an error.
//
// A challenge that breaks the grammar is left out; the challenges before and after it are returned
// together with a [*SyntaxError] about the first break. A field that holds a control character
// other than HTAB is ignored as a whole (section 5.5); other fields are not.
//
// Values are substrings of the fields unless they held an escape. Parse takes linear time and is
// safe for concurrent use.
func Parse(fields []string) ([]Challenge, error) {
	var p parser
	return p.run(fields)
}
