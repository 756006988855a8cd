package wbxml

// AppendInteger and ReadInteger are the two directions of mb_u_int32.
var AppendInteger = appendInteger

func ReadInteger(b []byte) (uint32, error) {
	var d Decoder
	d.ResetBytes(b)
	n, err := d.integer()
	return n, err
}

// UTF8End and StringEnd find the end of a string.
var (
	UTF8End   = utf8End
	StringEnd = stringEnd
)
