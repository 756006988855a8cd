package wbxml

import "io"

// A Raw is one element as a document of its own: the header, a page switch unless the
// element is on page 0, and the element. [Decoder.ReadRaw] and a field of this type
// capture an element byte for byte; [Encoder.WriteRaw] and such a field put it into
// another document, again byte for byte.
type Raw []byte

// Root returns the element.
func (r Raw) Root() (Tag, error) { return RootOf(r) }

// WriteRaw writes the element that raw is. Raw is checked first; a document with a string
// table or in another character set is rewritten.
func (e *Encoder) WriteRaw(raw Raw) error {
	d := rawDecoders.Get().(*Decoder)
	defer func() {
		d.ResetBytes(nil)
		rawDecoders.Put(d)
	}()
	return e.writeRaw(raw, d)
}

func (e *Encoder) writeRaw(raw Raw, d *Decoder) error {
	d.ResetBytes(raw)
	start, err := d.ReadToken()
	if err != nil {
		return e.fail(err)
	}
	if len(d.table) > 0 || d.latin1 || start.IsLiteral() {
		return e.copyTokens(start, d)
	}
	from := d.pos
	if err := d.SkipElement(); err != nil {
		return e.fail(err)
	}
	content := raw[from:d.pos]
	page := d.page
	if _, err := d.ReadToken(); err != io.EOF {
		return e.fail(err)
	}
	if err := e.Start(start.Tag); err != nil {
		return err
	}
	if !start.Content {
		return e.End()
	}
	e.content()
	// What follows is the content with the END of the element.
	e.buf = append(e.buf, content[:len(content)-1]...)
	e.page = page
	return e.End()
}

// copyTokens writes a whole document, the start of which has been read.
func (e *Encoder) copyTokens(t Token, d *Decoder) error {
	var err error
	for ; err == nil; t, err = d.ReadToken() {
		if err := e.WriteToken(t); err != nil {
			return err
		}
	}
	if err != io.EOF {
		return e.fail(err)
	}
	return nil
}
