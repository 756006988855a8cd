package wbxml

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

const (
	lowBits  = 0x0101010101010101
	highBits = 0x8080808080808080

	shortText = 64 // bytes that are looked at eight at a time
)

// utf8End returns the length of the string that b begins with, up to its 0; -1 if there is no
// 0 or the string is not in UTF-8. Most strings are short and in ASCII.
func utf8End(b []byte) int {
	at := 0
	for ; at < shortText && at+8 <= len(b); at += 8 {
		word := binary.LittleEndian.Uint64(b[at:])
		zero := (word - lowBits) &^ word & highBits // the lowest bit is that of the first 0
		switch {
		case zero != 0 && word&highBits&(zero&-zero-1) == 0:
			return at + bits.TrailingZeros64(zero)/8
		case word&highBits == 0:
			continue
		}
		break
	}
	n := bytes.IndexByte(b[at:], 0)
	if n < 0 || !utf8.Valid(b[at:at+n]) {
		return -1
	}
	return at + n
}

// stringEnd returns the length of the string that b begins with, up to its 0; -1 if there is
// no 0.
func stringEnd(b []byte) int {
	if len(b) >= 8 {
		word := binary.LittleEndian.Uint64(b)
		if zero := (word - lowBits) &^ word & highBits; zero != 0 {
			return bits.TrailingZeros64(zero) / 8
		}
	}
	return bytes.IndexByte(b, 0)
}
