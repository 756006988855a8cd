package token

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

// Reading one token with encoding/json costs five times what the whole of Inspect may. The
// scanner below accepts what RFC 8259 calls JSON, to a limited depth, and hands out the
// members of the outermost object as slices of the text.

// maxDepth bounds the nesting of arrays and objects.
const maxDepth = 32

var errJSON = errors.New("not a JSON object")

// A jsonValue is a value as it stands in the text. Its kind is the first character, where
// '0' stands for all numbers.
type jsonValue struct {
	kind byte
	raw  string
}

// string returns the value of a JSON string.
func (v jsonValue) string() string {
	if strings.IndexByte(v.raw, '\\') < 0 && utf8.ValidString(v.raw) {
		return v.raw[1 : len(v.raw)-1]
	}
	var s string
	_ = json.Unmarshal([]byte(v.raw), &s)
	return s
}

type scanner struct {
	s string
	i int
}

// scanObject calls member for each member of the JSON object that text is.
func scanObject(text string, member func(name string, v jsonValue)) error {
	sc := &scanner{s: text}
	sc.space()
	if !sc.object(member, 0) {
		return errJSON
	}
	sc.space()
	if sc.i != len(sc.s) {
		return errJSON
	}
	return nil
}

// maxMembers bounds what scanUnique compares with one another. Tokens have a few dozen.
const maxMembers = 512

var errRepeated = errors.New("a member appears twice")

// scanUnique is scanObject for an object in which no name may appear twice.
func scanUnique(text string, member func(name string, v jsonValue)) error {
	// A map would cost more than the comparisons.
	var space [32]string
	names, repeated := space[:0], false
	err := scanObject(text, func(name string, v jsonValue) {
		if repeated = repeated || len(names) == maxMembers || slices.Contains(names, name); repeated {
			return
		}
		names = append(names, name)
		member(name, v)
	})
	if err == nil && repeated {
		err = errRepeated
	}
	return err
}

// scanArray calls element for each element of the JSON array that text is.
func scanArray(text string, element func(v jsonValue)) error {
	sc := &scanner{s: text}
	if !sc.array(element, 0) {
		return errJSON
	}
	return nil
}

func (sc *scanner) space() {
	for sc.i < len(sc.s) {
		switch sc.s[sc.i] {
		case ' ', '\t', '\r', '\n':
			sc.i++
		default:
			return
		}
	}
}

func (sc *scanner) accept(c byte) bool {
	if sc.i < len(sc.s) && sc.s[sc.i] == c {
		sc.i++
		return true
	}
	return false
}

func (sc *scanner) object(member func(string, jsonValue), depth int) bool {
	if depth > maxDepth || !sc.accept('{') {
		return false
	}
	sc.space()
	if sc.accept('}') {
		return true
	}
	for {
		sc.space()
		start := sc.i
		if !sc.str() {
			return false
		}
		name := jsonValue{'"', sc.s[start:sc.i]}
		sc.space()
		if !sc.accept(':') {
			return false
		}
		v, ok := sc.value(depth)
		if !ok {
			return false
		}
		if member != nil {
			member(name.string(), v)
		}
		sc.space()
		if sc.accept('}') {
			return true
		}
		if !sc.accept(',') {
			return false
		}
	}
}

func (sc *scanner) array(element func(jsonValue), depth int) bool {
	if depth > maxDepth || !sc.accept('[') {
		return false
	}
	sc.space()
	if sc.accept(']') {
		return true
	}
	for {
		v, ok := sc.value(depth)
		if !ok {
			return false
		}
		if element != nil {
			element(v)
		}
		sc.space()
		if sc.accept(']') {
			return true
		}
		if !sc.accept(',') {
			return false
		}
	}
}

func (sc *scanner) value(depth int) (jsonValue, bool) {
	sc.space()
	if sc.i >= len(sc.s) {
		return jsonValue{}, false
	}
	start, kind, ok := sc.i, sc.s[sc.i], false
	switch kind {
	case '"':
		ok = sc.str()
	case '{':
		ok = sc.object(nil, depth+1)
	case '[':
		ok = sc.array(nil, depth+1)
	case 't':
		ok = sc.word("true")
	case 'f':
		ok = sc.word("false")
	case 'n':
		ok = sc.word("null")
	default:
		kind, ok = '0', sc.number()
	}
	return jsonValue{kind, sc.s[start:sc.i]}, ok
}

func (sc *scanner) word(w string) bool {
	if !strings.HasPrefix(sc.s[sc.i:], w) {
		return false
	}
	sc.i += len(w)
	return true
}

func (sc *scanner) str() bool {
	if !sc.accept('"') {
		return false
	}
	for sc.i < len(sc.s) {
		c := sc.s[sc.i]
		sc.i++
		switch {
		case c == '"':
			return true
		case c < ' ':
			return false
		case c == '\\':
			if !sc.escape() {
				return false
			}
		}
	}
	return false
}

func (sc *scanner) escape() bool {
	if sc.i >= len(sc.s) {
		return false
	}
	c := sc.s[sc.i]
	sc.i++
	if c != 'u' {
		return strings.IndexByte(`"\/bfnrt`, c) >= 0
	}
	for range 4 {
		if sc.i >= len(sc.s) || !isHex(sc.s[sc.i]) {
			return false
		}
		sc.i++
	}
	return true
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func (sc *scanner) number() bool {
	sc.accept('-')
	if !sc.accept('0') && !sc.digits() {
		return false
	}
	if sc.accept('.') && !sc.digits() {
		return false
	}
	if sc.accept('e') || sc.accept('E') {
		_ = sc.accept('+') || sc.accept('-')
		return sc.digits()
	}
	return true
}

func (sc *scanner) digits() bool {
	start := sc.i
	for sc.i < len(sc.s) && sc.s[sc.i] >= '0' && sc.s[sc.i] <= '9' {
		sc.i++
	}
	return sc.i > start
}
