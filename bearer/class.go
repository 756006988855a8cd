package bearer

// Classes of bytes (RFC 9110 sections 5.6.2, 5.6.4 and 11.2).
const (
	tokenByte   = 1 << iota // tchar
	token68Byte             // ALPHA DIGIT - . _ ~ + /
	qdtextByte              // in a quoted string without an escape
	controlByte             // C0 but HTAB, and DEL
)

var class = func() (t [256]uint8) {
	for c := range 256 {
		switch b := byte(c); {
		case b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z':
			t[c] = tokenByte | token68Byte | qdtextByte
		case b == '"' || b == '\\':
		case b == '\t' || b >= ' ' && b != 0x7f:
			t[c] = qdtextByte
		default:
			t[c] = controlByte
		}
	}
	for _, b := range []byte("!#$%&'*+-.^_`|~") {
		t[b] |= tokenByte
	}
	for _, b := range []byte("-._~+/") {
		t[b] |= token68Byte
	}
	return t
}()

// indexClass returns the index of the first byte of a class in c, or -1.
func indexClass(s string, c uint8) int {
	for i := range len(s) {
		if class[s[i]]&c != 0 {
			return i
		}
	}
	return -1
}

func isToken(s string) bool {
	for i := range len(s) {
		if class[s[i]]&tokenByte == 0 {
			return false
		}
	}
	return s != ""
}

// isToken68 reports whether s is 1*token68Byte *"=".
func isToken68(s string) bool {
	i := 0
	for i < len(s) && class[s[i]]&token68Byte != 0 {
		i++
	}
	if i == 0 {
		return false
	}
	for ; i < len(s); i++ {
		if s[i] != '=' {
			return false
		}
	}
	return true
}

// equalFold compares without regard to the case of ASCII letters, and of no others: the
// Kelvin sign is not a k.
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
