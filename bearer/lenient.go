package bearer

import "strings"

// RepairKind names a deviation from the grammar that [ParseLenient] reads through. The
// package documentation says on which servers each was seen.
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

// ParseLenient reads what [Parse] reads, and the deviations that real servers send, each of
// which it reports. Fields without an error in Parse give the same challenges and no
// repair. Control characters and the limits are refused as by Parse, and so are more than
// 256 repairs.
func ParseLenient(fields []string) ([]Challenge, []Repair, error) {
	p := parser{lenient: true}
	out, err := p.run(fields)
	return out, p.repairs, err
}

func (p *parser) repair(kind RepairKind, at int, name, dropped string) {
	p.tainted = true
	if len(p.repairs) == maxRepairs {
		p.excess = true
		return
	}
	p.repairs = append(p.repairs, Repair{kind, p.field, at, name[:min(len(name), 64)], dropped})
}

// adopt finds a place for a parameter that has none by the grammar. It reports whether the
// last challenge takes it; if not, the parameter has been skipped.
func (p *parser) adopt(start int, name string) bool {
	last := len(p.out) - 1
	switch {
	case p.state == bare && p.isStray():
		if p.doubted() {
			p.refuse(p.at, NoScheme)
			return false
		}
		p.repair(StrayElement, p.at, p.out[last].Scheme, "")
		p.out, p.state = p.out[:last], params
		return true
	case p.state == sealed:
		// By the grammar "realm=" is a token68; the parameter behind it says otherwise.
		c := &p.out[last]
		if name, ok := strings.CutSuffix(c.Token68, "="); ok && isToken(name) && len(name) <= MaxName {
			p.repair(EmptyValue, p.at, name, "")
			p.arena = append(p.arena, Param{Name: name})
			c.Token68, c.Params = "", p.arena[len(p.arena)-1:len(p.arena):len(p.arena)]
			p.state, p.unquoted = params, true
			return true
		}
	}
	p.stray(start, name)
	return false
}

// stray leaves the element at start out.
func (p *parser) stray(start int, name string) {
	p.skip()
	p.repair(StrayElement, start, name, "")
	if p.state == sealed {
		p.state = between // what follows does not follow the token68
	}
}

// isStray reports whether the bare word read last is no scheme that anybody knows, and
// stands where a parameter could.
func (p *parser) isStray() bool { return p.resume && !isScheme(p.out[len(p.out)-1].Scheme) }

// doubted reports whether what stands here breaks the grammar and follows a value without
// quotes, and so may be a part of it. The challenge of that value is dropped.
func (p *parser) doubted() bool {
	if !p.unquoted {
		return false
	}
	if p.state == bare && p.isStray() {
		p.out, p.state = p.out[:len(p.out)-1], params
	}
	if p.state != params {
		return false
	}
	p.drop()
	return true
}

// junk deals with an element that is neither a scheme nor a parameter. Strictly, it breaks
// the challenge that is open. Leniently it is left out, unless it follows a value that was
// not quoted and may be a part of it.
func (p *parser) junk(start int) {
	if !p.lenient || p.state == broken || p.doubted() {
		p.refuse(p.i, BadByte)
		return
	}
	end := start
	for end < len(p.s) && end < start+16 && p.s[end] != ',' {
		end++
	}
	p.stray(start, strings.TrimSpace(p.s[start:end]))
}

// repairUnquoted reads a value that should have been quoted and begins at p.i. It has
// neither white space nor commas nor quotes, except that a list may have white space.
func (p *parser) repairUnquoted(name string) (string, bool) {
	start := p.i
	i := p.bareEnd(start)
	if isList(name) {
		for {
			word := p.ows(i)
			if word == i || word == p.bareEnd(word) || p.paramAt(word) {
				break
			}
			i = p.bareEnd(word)
		}
	}
	v := p.s[start:i]
	if !p.ends(i, v) || strings.HasPrefix(v, "=") {
		p.refuse(i, BadByte)
		return "", false
	}
	p.i = i
	switch {
	case v == "":
		p.repair(EmptyValue, start, name, "")
	case strings.ContainsAny(v, " \t"):
		p.repair(UnquotedSpaces, start, name, "")
	case !isToken(v):
		p.repair(UnquotedValue, start, name, "")
	}
	return v, true
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

// isList reports whether the parameter is a list that white space separates.
func isList(name string) bool { return equalFold(name, "token_types") || equalFold(name, "scope") }

// isScheme reports whether a word is the name of a scheme: the HTTP Authentication Scheme
// Registry and those that Microsoft's servers send.
func isScheme(s string) bool {
	switch lower(s) {
	case "basic", "bearer", "concealed", "digest", "dpop", "gnap", "hoba", "mutual", "negotiate", "oauth",
		"privatetoken", "scram-sha-1", "scram-sha-256", "vapid", "ntlm", "kerberos", "pop", "pkeyauth", "livessp", "wlid1.1":
		return true
	}
	return false
}

// isKnownParam reports whether a word is the name of a parameter of one of those schemes.
func isKnownParam(s string) bool {
	switch lower(s) {
	case "realm", "client_id", "trusted_issuers", "token_types", "authorization_uri", "authorization", "authority", "issuer_kind",
		"error", "error_description", "error_uri", "claims", "resource", "resource_id", "resource_metadata", "scope", "acr_values",
		"max_age", "algs", "nonce", "charset":
		return true
	}
	return false
}

// lower returns s in lower case if it is short enough to be a known name, and "" otherwise.
func lower(s string) string {
	if len(s) > 20 {
		return ""
	}
	return strings.ToLower(s) // a token is ASCII
}
