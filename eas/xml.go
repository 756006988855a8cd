package eas

import (
	"bytes"
	"fmt"

	"github.com/easoauth/easoauth/internal/wbxml"
)

// ToXML returns a WBXML document, such as [Entry.Raw], [Unknown.Raw], an element of an Other, or a
// document of [Client.Do], as readable XML in UTF-8, which [FromXML] converts back. The content is
// not redacted and may be private.
//
// The namespace of an element is its code page, without the colon that some specifications write:
// <ApplicationData xmlns="AirSync">. Elements on a line of their own are indented by two spaces.
// An element that the code pages do not have is <_0x2A>; a code page that is not known is
// xmlns="0x1A". <?opaque?> before a text marks opaque data, and <?opaque base64?> opaque data in
// base64, where XML cannot carry it; <?string?> and <?string base64?> do the same for a string
// where the two could be confused. See [MS-ASWBXML] 2.1.2.1.
//
// An error names the byte at which the document is damaged. It matches [ErrTooLarge] if the XML
// would be many times as long as the document.
func ToXML(document []byte) ([]byte, error) {
	w := &boundedWriter{limit: xmlBase + xmlPerByte*len(document)}
	if err := wbxml.ToXML(w, bytes.NewReader(document), &wbxml.XMLOptions{Indent: "  "}); err != nil {
		return nil, fmt.Errorf("eas: ToXML: %w", limited(err))
	}
	return w.Bytes(), nil
}

// FromXML returns the WBXML document of an XML document: the output of [ToXML], or any XML with
// the namespaces of the code pages, with or without a colon at their end. White space between
// elements is dropped. Text becomes a string, unless an instruction of ToXML or the element itself
// makes it opaque data; then base64 is decoded. Attributes other than namespaces, elements that
// the code pages do not have, and characters that WBXML cannot carry are errors that name the
// line.
//
// Use it for what this package has no fields for: an element of Other, an [*Unknown] to send, a
// document for [Client.Do].
func FromXML(text []byte) ([]byte, error) {
	var doc bytes.Buffer
	if err := wbxml.FromXML(&doc, bytes.NewReader(text)); err != nil {
		return nil, fmt.Errorf("eas: FromXML: %w", err)
	}
	return doc.Bytes(), nil
}

// The length that XML may have: a byte may be an element with its namespace, and every level
// of elements indents.
const (
	xmlBase    = 1 << 20
	xmlPerByte = 64
)

// A boundedWriter is a buffer that does not grow beyond a limit.
type boundedWriter struct {
	bytes.Buffer
	limit int
}

func (w *boundedWriter) Write(p []byte) (int, error) {
	if w.Len()+len(p) > w.limit {
		return 0, fmt.Errorf("%w: more than %d bytes of XML", ErrTooLarge, w.limit)
	}
	return w.Buffer.Write(p)
}
