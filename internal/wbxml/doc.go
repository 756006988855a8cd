// Package wbxml reads and writes WBXML, the binary XML in which Exchange ActiveSync speaks
// ([MS-ASWBXML], WAP-192 WBXML 1.3). It has three layers, each of use alone:
//
//   - [Decoder] and [Encoder] read and write a document token by token, on an [io.Reader]
//     and [io.Writer], without allocating.
//   - [Marshal] and [Unmarshal] turn structs with field tags into documents and back.
//   - [ToXML] and [FromXML] turn documents into XML that people can read, and back.
//
// # Tags
//
// An element is a [Tag]: a code page and a token on it. The table of code pages 0 to 25 is
// codepages.tsv, with the source of each row; constants such as [AirSyncSyncKey] and the
// names are generated from it. A tag that is not in the table is kept as it is, printed
// as "AirSync:0x3F", and can be used in a field tag under that name.
//
// # Structs
//
// A blank field names the root element of a document, and a field tag the element that the
// field stands for, as "Namespace:Element" with options:
//
//	type sync struct {
//		_             struct{}      `wbxml:"AirSync:Sync"`
//		Status        int           `wbxml:"AirSync:Status"`
//		MoreAvailable bool          `wbxml:"AirSync:MoreAvailable,empty"`
//		Mime          *wbxml.Stream `wbxml:"ComposeMail:Mime,opaque"`
//		Add           []item        `wbxml:"AirSync:Add"`
//		Others        []wbxml.Raw   `wbxml:",any"`
//	}
//
// Fields are strings, []byte, bools, integers, structs, [Raw], pointers to these, *[Stream],
// and slices of all of these, which stand for an element that repeats. The fields of an
// embedded struct count as those of the struct around it. Fields without a tag, or with
// "-", are left alone.
//
// That an element is absent, that it is empty and that it holds something are three
// things:
//
//	                 absent                  <X/>                    <X>…</X>
//	string           ""                      ""                      the text
//	int              0                       0                       the number
//	bool             false                   false                   "0" or "1"
//	bool,empty       false                   true                    true; of "0": false
//	[]byte           nil                     empty, not nil          the bytes
//	struct           zero                    zero                    the fields
//	*string          nil                     pointer to ""           pointer
//	*int             nil                     nil                     pointer
//	*bool            nil                     nil                     pointer
//	*struct          nil                     pointer to zero         pointer
//	[]T              no element of the slice an element as for T     an element as for T
//
// When written, a field that is zero is left out, and one that is a pointer is left out
// when nil; a pointer to an empty value gives the empty tag. The options are
//
//	always   write the element although the value is zero
//	empty    the element is there or not, and has no content (bool)
//	opaque   write the content as opaque data, else as an inline string
//	any      the elements that no other field stands for, whole ([]Raw) or by tag ([]Tag)
//
// Elements are written in the order of the fields, which servers enforce. They are read in
// any order; of an element that has place for one the last counts. Text is read from inline
// strings, the string table, entities and opaque data alike. Numbers and bools may have
// white space around them, and bools may be true or false in any case; anything else in them
// is an error, or what [Options.Odd] gets, and never 0. Strings that are
// not UTF-8 are repaired with U+FFFD; []byte and Raw have opaque data as it was sent.
//
// Short strings of a document share blocks of memory of at most 2 KiB, and structs, numbers
// and bools behind pointers share blocks of 32, so that keeping one of them keeps its block.
//
// # What is read
//
// All of WBXML 1.1 to 1.3 is read, also what ActiveSync does not use: a public identifier in
// the string table, strings of the table, entities, elements with literal names (which are
// skipped by Unmarshal and cannot be written), and processing instructions and attributes,
// which are dropped since ActiveSync gives them no meaning. The character set is UTF-8,
// US-ASCII or ISO-8859-1. Extension tokens, other character sets, and documents that say
// they are of another type are refused. [Options.Strict] refuses all that ActiveSync does
// not use.
//
// What is read may come from anyone. Neither depth nor a length that a document announces
// takes memory: limits with numbers are in [Options], and memory is taken only for what has
// arrived. Bytes after the document, an end without a start, a start without an end, and
// integers of more than 32 bits are errors that name the offset. Errors never show content.
package wbxml
