package bearer

import "strings"

// RepairKind names a deviation from the grammar that [ParseLenient] reads through.
type RepairKind string

// The repairs. None of them ever cuts a value short: where it is not plain how far a value
// reaches, the challenge is dropped and a [*SyntaxError] returned.
const (
	UnquotedValue  RepairKind = "unquoted value"          // authorization_uri=https://login.microsoftonline.com/… (Dataverse)
	UnquotedSpaces RepairKind = "unquoted list"           // token_types=app_asserted_user_v1 service_asserted_app_v1
	MissingComma   RepairKind = "missing comma"           // authorization="…" resource="…" (Key Vault, Storage)
	DuplicateParam RepairKind = "duplicate, first taken"  // realm="a", realm="b"
	StrayElement   RepairKind = "stray element left out"  // a parameter before any scheme, or bytes that begin nothing
	EmptyValue     RepairKind = "empty value, not quoted" // realm=, error="…"
)

// A Repair says which deviation was read through, and where.
type Repair struct {
	Kind   RepairKind
	Field  int    // index of the field
	Offset int    // in the field
	Name   string // of the parameter, or the first bytes of the element
}

// ParseLenient reads what [Parse] reads, and the deviations that real servers send, each of
// which it reports. The challenges without a deviation are those that Parse returns.
// Control characters and the limits are refused as by Parse.
func ParseLenient(fields []string) ([]Challenge, []Repair, error) {
	p := parser{lenient: true}
	out, err := p.run(fields)
	return out, p.repairs, err
}

// maxRepairs bounds the report, not the reading.
const maxRepairs = 256

func (p *parser) repair(kind RepairKind, at int, name string) {
	if len(p.repairs) < maxRepairs {
		p.repairs = append(p.repairs, Repair{kind, p.field, at, name[:min(len(name), 64)]})
	}
}

// repairUnquoted reads a value that should have been quoted. It reaches to white space, a
// comma or the end.
func (p *parser) repairUnquoted(name string, start int) (string, bool) {
	i := start
	for i < len(p.s) && p.s[i] != ' ' && p.s[i] != '\t' && p.s[i] != ',' && p.s[i] != '"' {
		i++
	}
	if i < len(p.s) && p.s[i] == '"' {
		p.fail(i, BadByte)
		p.i = i
		return "", false
	}
	v := p.s[start:i]
	if isList(name) {
		if end := p.listEnd(i); end > i {
			p.repair(UnquotedSpaces, start, name)
			p.i = end
			return p.s[start:end], true
		}
	}
	p.i = i
	switch {
	case v == "":
		p.repair(EmptyValue, start, name)
	case !p.startsElement(i):
		// A comma may have been part of the value: how far it reaches is not plain.
		p.fail(i, BadByte)
		return "", false
	case indexOther(v) >= 0:
		p.repair(UnquotedValue, start, name)
	}
	return v, true
}

// isList reports whether the parameter is a list that white space separates.
func isList(name string) bool { return equalFold(name, "token_types") || equalFold(name, "scope") }

// listEnd returns the end of the words that follow at i and are no parameters.
func (p *parser) listEnd(i int) int {
	end := i
	for {
		from := p.ows(i)
		i = from
		for i < len(p.s) && class[p.s[i]]&tokenByte != 0 {
			i++
		}
		if i == from {
			return end
		}
		if next := p.ows(i); next < len(p.s) && p.s[next] == '=' {
			return end
		}
		end = i
	}
}

// startsElement reports whether what follows position i, where a value seems to end, is
// the end, white space, or a comma and the start of another element.
func (p *parser) startsElement(i int) bool {
	if i == len(p.s) || p.s[i] != ',' {
		return true
	}
	next := i + 1
	if next == len(p.s) || p.s[next] == ' ' || p.s[next] == '\t' || p.s[next] == ',' {
		return true
	}
	from := next
	for next < len(p.s) && class[p.s[next]]&tokenByte != 0 {
		next++
	}
	if next == from {
		return false
	}
	after := p.ows(next)
	return after < len(p.s) && p.s[after] == '=' || // name=
		after > next || // Scheme and what follows
		isScheme(p.s[from:next])
}

// isScheme reports whether a lone word is the name of a scheme that has no parameters.
func isScheme(s string) bool {
	return equalFold(s, "Negotiate") || equalFold(s, "NTLM") || equalFold(s, "Basic") || equalFold(s, "Bearer")
}

// junk skips an element that begins with no token and reports it.
func (p *parser) junk(start int) bool {
	p.skipElement()
	p.repair(StrayElement, start, strings.TrimSpace(p.s[start:min(start+16, p.i)]))
	return true
}

func indexOther(s string) int {
	for i := range len(s) {
		if class[s[i]]&tokenByte == 0 {
			return i
		}
	}
	return -1
}
