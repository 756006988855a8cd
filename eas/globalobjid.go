package eas

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// globalObjID reads the identifier of a meeting in messages up to 14.1, and returns it with
// the UID that the event has. See [MS-ASEMAIL] 2.2.2.37 and 3.1.4.7.
func globalObjID(text string) (raw []byte, uid string) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, ""
	}
	const (
		count  = 36 // offset of BYTECOUNT, which counts what follows it
		vCal   = 40 // offset of "vCal-Uid"
		prefix = 12 // "vCal-Uid", then 01 00 00 00
	)
	if len(raw) >= vCal+prefix+1 && string(raw[vCal:vCal+8]) == "vCal-Uid" {
		n := int64(binary.LittleEndian.Uint32(raw[count:]))
		if n >= prefix+1 && vCal+n <= int64(len(raw)) {
			return raw, strings.TrimRight(string(raw[vCal+prefix:vCal+n]), "\x00")
		}
	}
	clear := append([]byte(nil), raw...)
	for i := 16; i < 20 && i < len(clear); i++ {
		clear[i] = 0 // the date of the instance, so that all have one UID
	}
	return raw, strings.ToUpper(hex.EncodeToString(clear))
}
