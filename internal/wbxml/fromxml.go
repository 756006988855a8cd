package wbxml

import (
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// FromXML reads XML as [ToXML] writes it, or any other XML with the namespaces of the code
// pages, and writes the binary document to w. Namespaces may end in a colon
// ("FolderHierarchy:") and elements may have the names that other implementations print.
// White space alone is dropped unless <?string?> stands before it. Text without an
// instruction becomes an inline string, or opaque data in an element of bytes
// ([Tag.Bytes]), where base64 is decoded. Attributes other than namespaces are refused.
//
// Errors are [*EncodeError], with the place in the XML, or those of r and w.
func FromXML(w io.Writer, r io.Reader) error {
	x := &xmlReader{xml: xml.NewDecoder(r), e: NewEncoder(w)}
	if err := x.document(); err != nil {
		line, column := x.xml.InputPos()
		return fmt.Errorf("XML line %d, column %d: %w", line, column, err)
	}
	return nil
}

type xmlReader struct {
	xml  *xml.Decoder
	e    *Encoder
	text []byte
	pi   string // the instruction before text, or empty
}

func (x *xmlReader) document() error {
	for {
		from := x.xml.InputOffset()
		t, err := x.xml.Token()
		if err == io.EOF {
			return x.e.Close()
		}
		if err != nil {
			return x.e.fail(err)
		}
		switch t := t.(type) {
		case xml.CharData:
			x.text = append(x.text, t...)
			continue
		case xml.ProcInst:
			if err := x.instruction(t); err != nil {
				return err
			}
			continue
		case xml.Comment, xml.Directive:
			continue
		}
		if err := x.flush(); err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			err = x.start(t)
		case xml.EndElement:
			// The end that comes with <X/> takes no bytes; that of <X></X> does.
			if x.e.pending && x.xml.InputOffset() != from {
				x.e.content()
			}
			err = x.e.End()
		}
		if err != nil {
			return err
		}
	}
}

func (x *xmlReader) start(t xml.StartElement) error {
	for _, a := range t.Attr {
		if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" {
			return x.e.fail(fmt.Errorf("attribute %s of %s, which WBXML cannot say", a.Name.Local, t.Name.Local))
		}
	}
	tag, err := xmlTag(strings.TrimSuffix(t.Name.Space, ":"), t.Name.Local)
	if err != nil {
		return x.e.fail(err)
	}
	return x.e.Start(tag)
}

// xmlTag returns the tag of an element as ToXML or another implementation names it.
func xmlTag(namespace, name string) (Tag, error) {
	if namespace == "" {
		return 0, fmt.Errorf("element %s is in no namespace", name)
	}
	for _, known := range namespaces {
		if strings.EqualFold(namespace, known) { // libwbxml writes "Gal"
			namespace = known
		}
	}
	if t, ok := lookup().byAlias[namespace+":"+name]; ok {
		return t, nil
	}
	return parseTag(namespace + ":" + strings.TrimPrefix(name, "_"))
}

func (x *xmlReader) instruction(t xml.ProcInst) error {
	pi := "<?" + t.Target
	if inst := strings.TrimSpace(string(t.Inst)); inst != "" {
		pi += " " + inst
	}
	switch pi += "?>"; pi {
	case piOpaque, piOpaqueBase64, piString, piStringBase64:
		if err := x.flush(); err != nil {
			return err
		}
		x.pi = pi
	}
	return nil
}

// flush writes the text collected so far.
func (x *xmlReader) flush() error {
	text, pi := x.text, x.pi
	x.text, x.pi = x.text[:0], ""
	if pi == "" && isSpace(text) {
		return nil
	}
	if len(x.e.stack) == 0 {
		return x.e.fail(errors.New("text outside of the root element"))
	}
	switch pi {
	case piString:
		return x.e.TextBytes(text)
	case piOpaque:
		return x.e.Opaque(text)
	case piStringBase64, piOpaqueBase64:
		b, err := decodeBase64(text)
		if err != nil {
			return x.e.fail(err)
		}
		if pi == piOpaqueBase64 {
			return x.e.Opaque(b)
		}
		return x.e.TextBytes(b)
	}
	if !x.e.stack[len(x.e.stack)-1].Bytes() {
		return x.e.TextBytes(text)
	}
	if b, err := decodeBase64(text); err == nil {
		return x.e.Opaque(b)
	}
	return x.e.Opaque(text)
}

// decodeBase64 decodes base64 with white space in it.
func decodeBase64(text []byte) ([]byte, error) {
	s := strings.Join(strings.Fields(string(text)), "")
	return base64.StdEncoding.DecodeString(s)
}
