package eas

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// A query is what stands behind the "?" of a command's URL. See [MS-ASHTTP] 2.2.1.1.1.
type query struct {
	version   Version
	command   string
	user      string // plain form only
	device    Device
	policyKey string // base64 form only; a decimal uint32 or ""
	locale    uint16 // base64 form only
	saveSent  bool   // SaveInSent, for mail commands up to 12.1
	multipart bool   // AcceptMultiPart, base64 form only
	params
}

// params are the parameters of mail commands up to 12.1 and of GetAttachment. [MS-ASHTTP]
// 2.2.1.1.1.1.3
type params struct {
	attachmentName, collectionID, itemID, longID, occurrence string
}

// commandCodes are the codes of commands in a base64 query ([MS-ASHTTP] 2.2.1.1.1.1.2).
var commandCodes = map[string]byte{
	"Sync": 0, "SendMail": 1, "SmartForward": 2, "SmartReply": 3, "GetAttachment": 4, "FolderSync": 9,
	"FolderCreate": 10, "FolderDelete": 11, "FolderUpdate": 12, "MoveItems": 13, "GetItemEstimate": 14,
	"MeetingResponse": 15, "Search": 16, "Settings": 17, "Ping": 18, "ItemOperations": 19, "Provision": 20,
	"ResolveRecipients": 21, "ValidateCert": 22, "Find": 23,
}

// plain returns the query as name=value pairs, in the order of the grammar.
func (q query) plain() string {
	var b strings.Builder
	add := func(name, value string) {
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(name)
		b.WriteByte('=')
		b.WriteString(strings.ReplaceAll(url.QueryEscape(value), "+", "%20"))
	}
	add("Cmd", q.command)
	add("User", q.user)
	add("DeviceId", q.device.ID)
	add("DeviceType", q.device.Type)
	for _, p := range q.list() {
		if p.value != "" {
			add(p.name, p.value)
		}
	}
	if q.saveSent {
		add("SaveInSent", "T")
	}
	return b.String()
}

type param struct {
	tag         byte
	name, value string
}

func (p params) list() []param {
	return []param{
		{0, "AttachmentName", p.attachmentName}, {1, "CollectionId", p.collectionID}, {3, "ItemId", p.itemID},
		{4, "LongId", p.longID}, {6, "Occurrence", p.occurrence},
	}
}

var errQuery = errors.New("eas: base64 query")

// Tags of command parameters ([MS-ASHTTP] 2.2.1.1.1.1.3).
const (
	paramOptions = 7
	paramUser    = 8

	optionSaveInSent      = 0x01
	optionAcceptMultiPart = 0x02
)

// base64 returns the query in its compact form, which also carries version, policy key and
// locale.
func (q query) base64() (string, error) {
	code, ok := commandCodes[q.command]
	version := q.version.number()
	switch {
	case !ok:
		return "", fmt.Errorf("%w: the command %q has no code", errQuery, q.command)
	case version == 0 || version > 255:
		return "", fmt.Errorf("%w: version %q", errQuery, q.version)
	}
	b := []byte{byte(version), code}
	b = binary.LittleEndian.AppendUint16(b, q.locale)
	b = append(b, byte(len(q.device.ID)))
	b = append(b, q.device.ID...)
	if q.policyKey == "" {
		b = append(b, 0)
	} else {
		key, err := strconv.ParseUint(q.policyKey, 10, 32)
		if err != nil {
			return "", fmt.Errorf("%w: the policy key is not a 32-bit number", errQuery)
		}
		b = binary.LittleEndian.AppendUint32(append(b, 4), uint32(key))
	}
	b = append(b, byte(len(q.device.Type)))
	b = append(b, q.device.Type...)
	for _, p := range append(q.list(), param{paramUser, "User", q.user}) {
		if p.value == "" {
			continue
		}
		if len(p.value) > 255 {
			return "", fmt.Errorf("%w: %s is longer than 255 bytes", errQuery, p.name)
		}
		b = append(append(b, p.tag, byte(len(p.value))), p.value...)
	}
	var options byte
	if q.saveSent {
		options |= optionSaveInSent
	}
	if q.multipart {
		options |= optionAcceptMultiPart
	}
	if options != 0 {
		b = append(b, paramOptions, 1, options)
	}
	return base64.StdEncoding.EncodeToString(b), nil
}
