package autodiscover

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/easoauth/easoauth/internal/safehttp"
)

// An answer is the JSON of an AutoDiscover v2 response.
type answer struct {
	Protocol, URL, ErrorCode, ErrorMessage string
}

// errJSON says that a body is not the JSON of AutoDiscover v2.
var errJSON = errors.New("not the JSON of AutoDiscover v2")

// maxMembers bounds the members of an answer, of which servers send two to four.
const maxMembers = 64

// parseAnswer reads a body strictly: one object of at most 64 members, exact names, no name that
// we use twice, strings where strings belong, and nothing behind it. Other members are ignored.
func parseAnswer(body []byte) (answer, error) {
	var a answer
	bad := func(reason string) (answer, error) { return answer{}, fmt.Errorf("%w: %s", errJSON, reason) }
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))))
	t, err := d.Token()
	if err != nil || t != json.Delim('{') {
		return bad("not an object")
	}
	seen := map[string]bool{}
	for n := 0; d.More(); n++ {
		if n == maxMembers {
			return bad("more members than the limit")
		}
		t, err := d.Token()
		if err != nil {
			return bad("syntax")
		}
		name, _ := t.(string)
		var to *string
		switch name {
		case "Protocol":
			to = &a.Protocol
		case "Url":
			to = &a.URL
		case "ErrorCode":
			to = &a.ErrorCode
		case "ErrorMessage":
			to = &a.ErrorMessage
		default:
			var skip json.RawMessage
			if err := d.Decode(&skip); err != nil {
				return bad("syntax")
			}
			continue
		}
		if seen[name] {
			return bad(name + " twice")
		}
		seen[name] = true
		if err := d.Decode(to); err != nil {
			return bad(name + " is not a string")
		}
	}
	if _, err := d.Token(); err != nil {
		return bad("syntax")
	}
	if _, err := d.Token(); err != io.EOF {
		return bad("something follows the object")
	}
	return a, nil
}

// serverError returns the error that the answer holds, or nil.
func (a answer) serverError() *ServerError {
	if a.ErrorCode == "" {
		return nil
	}
	return &ServerError{
		Code: safehttp.Plain(a.ErrorCode, 64), Message: safehttp.Plain(a.ErrorMessage, 256),
		Supported: supported(a.ErrorMessage),
	}
}

// supported reads the list of protocols out of a message such as "The given protocol value
// 'X' is not supported. Supported values are 'Rest,ActiveSync'".
func supported(message string) []string {
	i := strings.LastIndex(message, "upported")
	if i < 0 {
		return nil
	}
	_, list, ok := strings.Cut(message[i:], "'")
	if !ok {
		return nil
	}
	list, _, _ = strings.Cut(list, "'")
	var out []string
	for p := range strings.SplitSeq(list, ",") {
		if p = strings.TrimSpace(p); p != "" && len(p) <= 64 && len(out) < 64 {
			out = append(out, safehttp.Plain(p, 64))
		}
	}
	return out
}
