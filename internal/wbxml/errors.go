package wbxml

import "fmt"

// A SyntaxError says that a document is not WBXML, or not the WBXML that ActiveSync uses.
// It matches io.ErrUnexpectedEOF when the document ends too early and io.EOF when
// there is none at all: an empty body is how a server says that nothing changed.
type SyntaxError struct {
	Offset int64  // of the byte or token at fault, from the start of the document
	Msg    string // what is wrong
	Err    error  // nil, io.EOF or io.ErrUnexpectedEOF
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("wbxml: %s at offset %d", e.Msg, e.Offset)
}

func (e *SyntaxError) Unwrap() error { return e.Err }

// A LimitError says that a document is larger than [Options] allow. Reading on is of no
// use; the caller may raise the limit if it trusts the source.
type LimitError struct {
	Offset int64  // where reading stopped
	What   string // "depth", "elements", "data", "string table", "page switches", "memory", "entries"
	Limit  int64  // the number exceeded: of levels, elements, bytes, bytes, switches, bytes, elements of a slice
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("wbxml: more than %d (limit of %s) at offset %d", e.Limit, e.What, e.Offset)
}

// A DecodeError says that a document is well-formed but does not fit the Go value that
// [Unmarshal] was given.
type DecodeError struct {
	Path   string // the element, as "AirSync:Sync/AirSync:Collections/AirSync:Status"
	Offset int64  // of the element or of what follows it
	Err    error  // what does not fit
}

func (e *DecodeError) Error() string {
	return fmt.Sprintf("wbxml: %s at offset %d: %v", e.Path, e.Offset, e.Err)
}

func (e *DecodeError) Unwrap() error { return e.Err }

// An EncodeError says that a Go value cannot be written as WBXML.
type EncodeError struct {
	Path string // the element, as in [DecodeError]; empty outside of the root element
	Err  error  // why not
}

func (e *EncodeError) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("wbxml: encode: %v", e.Err)
	}
	return fmt.Sprintf("wbxml: encode %s: %v", e.Path, e.Err)
}

func (e *EncodeError) Unwrap() error { return e.Err }

// A TypeError says that a Go type cannot stand for a document: a mistake of the program,
// such as a field tag that names no element.
type TypeError struct {
	Type  string // the Go type
	Field string // the field at fault, or empty
	Msg   string // what is wrong
}

func (e *TypeError) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("wbxml: type %s: %s", e.Type, e.Msg)
	}
	return fmt.Sprintf("wbxml: type %s, field %s: %s", e.Type, e.Field, e.Msg)
}
