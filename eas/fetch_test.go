package eas_test

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/eas"
)

// parts makes a multipart answer.
func parts(all ...[]byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(all)))
	offset := 4 + 8*len(all)
	for _, p := range all {
		b = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(b, uint32(offset)), uint32(len(p)))
		offset += len(p)
	}
	for _, p := range all {
		b = append(b, p...)
	}
	return b
}

func properties(inner string) string {
	return `<ItemOperations xmlns="ItemOperations"><Status>1</Status><Response><Fetch><Status>1</Status><Properties>` + inner + `</Properties></Fetch></Response></ItemOperations>`
}

// TestFetchMessageWhole fetches messages of which the server sends another part, or another
// format, than the whole message.
func TestFetchMessageWhole(t *testing.T) {
	long := strings.Repeat("From here on. ", 2000) // which is passed on as it comes
	for _, tt := range []struct {
		name, body string // of the body, without its data
		whole      bool
	}{
		{"whole", `<Type>4</Type><EstimatedDataSize>500000</EstimatedDataSize>`, true},
		{"not truncated", `<Type>4</Type><Truncated>0</Truncated>`, true},
		{"empty is absent", `<Type>4</Type><Truncated/>`, true},
		{"without a type", ``, true},
		{"truncated", `<Type>4</Type><EstimatedDataSize>500000</EstimatedDataSize><Truncated>1</Truncated>`, false},
		{"truncated, in words", `<Type>4</Type><Truncated>True</Truncated>`, false},
		{"HTML", `<Type>2</Type>`, false},
		{"plain", `<Type>1</Type><Truncated>0</Truncated>`, false},
	} {
		for _, data := range []string{"From: a\r\n\r\nx", long} {
			for _, multipart := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, %d bytes, multipart %v", tt.name, len(data), multipart), func(t *testing.T) {
					c := serving(t, eas.Version141, func(w http.ResponseWriter, _ *http.Request) {
						if !multipart {
							w.Header().Set("Content-Type", "application/vnd.ms-sync.wbxml")
							w.Write(fromXML(t, properties(`<Body xmlns="AirSyncBase">`+tt.body+`<Data>`+strings.ReplaceAll(data, "\r", "&#13;")+`</Data></Body>`)))
							return
						}
						w.Header().Set("Content-Type", "application/vnd.ms-sync.multipart")
						w.Write(parts(fromXML(t, properties(`<Body xmlns="AirSyncBase">`+tt.body+`<Part xmlns="ItemOperations">1</Part></Body>`)), []byte(data)))
					})
					var b strings.Builder
					got, err := c.FetchMessage(t.Context(), "f", "1", &b, nil)
					var e *eas.Error
					if tt.whole {
						if err != nil || b.String() != data || got.Size != int64(len(data)) || got.First != 0 {
							t.Errorf("%d bytes, %+v, %v", b.Len(), got, err)
						}
					} else if !errors.Is(err, eas.ErrIncomplete) || !errors.As(err, &e) || e.Temporary() {
						t.Errorf("%d bytes, %+v, %v, want ErrIncomplete", b.Len(), got, err)
					}
				})
			}
		}
	}
}

// TestFetchMessageShapes has the server say what it sends in unusual places.
func TestFetchMessageShapes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, doc string
		want      string // "" for an error that matches target
		target    error
	}{
		{"type behind the data", properties(`<Body xmlns="AirSyncBase"><Data>text</Data><Type>1</Type></Body>`), "", eas.ErrIncomplete},
		{"truncated behind the data", properties(`<Body xmlns="AirSyncBase"><Type>4</Type><Data>From: a</Data><Truncated>1</Truncated></Body>`), "", eas.ErrIncomplete},
		{"nothing", properties(`<Body xmlns="AirSyncBase"><Type>4</Type><EstimatedDataSize>10</EstimatedDataSize><Data/></Body>`), "", eas.ErrIncomplete},
		{"a part beside it", properties(`<Body xmlns="AirSyncBase"><Type>4</Type><Data>From: a</Data></Body><BodyPart xmlns="AirSyncBase"><Status>1</Status><Type>2</Type><Truncated>1</Truncated><Data>no</Data></BodyPart>`), "From: a", nil},
		{"empty status", strings.ReplaceAll(properties(`<Body xmlns="AirSyncBase"><Type>4</Type><Data>From: a</Data></Body>`), "<Status>1</Status>", "<Status/>"), "From: a", nil},
		{"odd status", strings.ReplaceAll(properties(`<Body xmlns="AirSyncBase"><Type>4</Type><Data>From: a</Data></Body>`), "<Status>1</Status>", "<Status>fine</Status>"), "", eas.ErrUnexpectedContent},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, _ := speaking(t, eas.Version141, "ItemOperations", tt.doc)
			var b strings.Builder
			got, err := c.FetchMessage(t.Context(), "f", "1", &b, nil)
			if tt.want == "" && !errors.Is(err, tt.target) || tt.want != "" && (err != nil || b.String() != tt.want) {
				t.Errorf("%q, %+v, %v", b.String(), got, err)
			}
		})
	}
}

// TestFetchCountsPartsFromZero fetches from a server that counts the parts behind the document.
func TestFetchCountsPartsFromZero(t *testing.T) {
	c := serving(t, eas.Version141, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.ms-sync.multipart")
		w.Write(parts(fromXML(t, properties(`<Part>0</Part><ContentType xmlns="AirSyncBase">text/csv</ContentType>`)), []byte("a;b")))
	})
	var b strings.Builder
	got, err := c.FetchAttachment(t.Context(), "INBOX:2:2", &b, nil)
	if err != nil || b.String() != "a;b" || got.Type != "text/csv" || got.Size != 3 {
		t.Errorf("FetchAttachment = %q, %+v, %v", b.String(), got, err)
	}
}

// TestLineBreaksBehindDocument fetches from servers and gateways that send line breaks behind
// the document: they cost nothing, whether it is short or passed on as it comes, and anything
// else behind it is an error.
func TestLineBreaksBehindDocument(t *testing.T) {
	t.Parallel()
	for _, data := range []string{"From: a\r\n\r\nx\r\n", strings.Repeat("From here on.\r\n", 2000)} {
		for behind, whole := range map[string]bool{"": true, "\r\n": true, "\n": true, "\r\n\r\n": true, "\r\nx": false, "x": false, "\x00": false} {
			c := serving(t, eas.Version141, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/vnd.ms-sync.wbxml")
				w.Write(fromXML(t, properties(`<Body xmlns="AirSyncBase"><Type>4</Type><Data>`+strings.ReplaceAll(data, "\r", "&#13;")+`</Data></Body>`)))
				io.WriteString(w, behind)
			})
			var b strings.Builder
			_, err := c.FetchMessage(t.Context(), "f", "1", &b, nil)
			if (err == nil) != whole || whole && b.String() != data || !whole && !errors.Is(err, eas.ErrUnexpectedContent) {
				t.Errorf("%d bytes with %q behind them: %d bytes, %v", len(data), behind, b.Len(), err)
			}
		}
	}
}

// TestFetchGoesOn fetches the rest of an attachment from servers that keep to the range, send
// another, or the whole.
func TestFetchGoesOn(t *testing.T) {
	content := strings.Repeat("0123456789", 2000)
	for _, tt := range []struct {
		name        string
		bounds      string // what the server says; "" for nothing
		from, to    int    // what it sends
		total       string
		first, last int64
		asked       string
		want        string
		incomplete  bool
	}{
		{"the whole", "", 0, 20000, "", 0, 0, "", content, false},
		{"the rest", "15000-19999", 15000, 20000, "20000", 15000, 0, "15000-2147483647", content[15000:], false},
		{"the rest, by a server without ranges", "", 0, 20000, "", 15000, 0, "15000-2147483647", content[15000:], false},
		{"a range that begins before", "10000-19999", 10000, 20000, "20000", 15000, 0, "15000-2147483647", content[15000:], false},
		{"a range that begins behind", "16000-19999", 16000, 20000, "20000", 15000, 0, "15000-2147483647", "", true},
		{"less than the rest", "15000-15999", 15000, 16000, "20000", 15000, 0, "15000-2147483647", "", true},
		{"a piece", "100-199", 100, 200, "20000", 100, 199, "100-199", content[100:200], false},
		{"a piece of the whole", "", 0, 20000, "", 100, 199, "100-199", content[100:200], false},
		{"a range that nobody asked for", "0-999", 0, 1000, "20000", 0, 0, "", "", true},
		{"a negative range", "-5-10", 0, 20000, "", 100, 0, "100-2147483647", "", true},
		{"not a range", "all", 0, 20000, "", 100, 0, "100-2147483647", "", true},
	} {
		for _, multipart := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, multipart %v", tt.name, multipart), func(t *testing.T) {
				c := serving(t, eas.Version141, func(w http.ResponseWriter, r *http.Request) {
					b, _ := io.ReadAll(r.Body)
					if s := toXML(t, b); (tt.asked == "") == strings.Contains(s, "<Range>") || !strings.Contains(s, tt.asked) {
						t.Errorf("sent %s, want the range %s", s, tt.asked)
					}
					about := ""
					if tt.bounds != "" {
						about = `<Range>` + tt.bounds + `</Range>`
					}
					if tt.total != "" {
						about += `<Total>` + tt.total + `</Total>`
					}
					about += `<ContentType xmlns="AirSyncBase">text/plain</ContentType>`
					data := content[tt.from:tt.to]
					if multipart {
						w.Header().Set("Content-Type", "application/vnd.ms-sync.multipart")
						w.Write(parts(fromXML(t, properties(about+`<Part>1</Part>`)), []byte(data)))
						return
					}
					w.Header().Set("Content-Type", "application/vnd.ms-sync.wbxml")
					w.Write(fromXML(t, properties(about+`<Data>`+base64.StdEncoding.EncodeToString([]byte(data))+`</Data>`)))
				})
				var b strings.Builder
				got, err := c.FetchAttachment(t.Context(), "ref", &b, &eas.FetchOptions{First: tt.first, Last: tt.last})
				if tt.incomplete {
					if !errors.Is(err, eas.ErrIncomplete) {
						t.Errorf("%+v, %v, want ErrIncomplete", got, err)
					}
					return
				}
				if err != nil || b.String() != tt.want || got.First != tt.first || got.Size != int64(len(tt.want)) || got.Range != tt.bounds || got.Type != "text/plain" {
					t.Errorf("%d bytes, %+v, %v", b.Len(), got, err)
				}
			})
		}
	}
}

// TestFetchRangeLate has the range come behind the data: it is too late to cut it by then.
func TestFetchRangeLate(t *testing.T) {
	for bounds, fault := range map[string]bool{"0-4": false, "5-9": true} {
		c, _ := speaking(t, eas.Version141, "ItemOperations", properties(`<ContentType xmlns="AirSyncBase">text/plain</ContentType><Data>aGVsbG8=</Data><Range>`+bounds+`</Range>`))
		var b strings.Builder
		if _, err := c.FetchAttachment(t.Context(), "ref", &b, nil); errors.Is(err, eas.ErrIncomplete) != fault || !fault && b.String() != "hello" {
			t.Errorf("range %s behind the data: %q, %v", bounds, &b, err)
		}
	}
}

// TestFetchNothing fetches an empty attachment, and a response without content.
func TestFetchNothing(t *testing.T) {
	for about, ok := range map[string]bool{
		`<ContentType xmlns="AirSyncBase">text/plain</ContentType>`:                   true,
		`<Total>0</Total><ContentType xmlns="AirSyncBase">text/plain</ContentType>`:   true,
		`<Total>1</Total><ContentType xmlns="AirSyncBase">text/plain</ContentType>`:   false,
		`<Total>100</Total><ContentType xmlns="AirSyncBase">text/plain</ContentType>`: false,
		``: false,
	} {
		c, _ := speaking(t, eas.Version141, "ItemOperations", properties(about))
		got, err := c.FetchAttachment(t.Context(), "ref", io.Discard, nil)
		if (err == nil) != ok || ok && got.Size != 0 {
			t.Errorf("%s: %+v, %v", about, got, err)
		}
	}
}

type full struct{ left int }

var errFull = errors.New("no space left")

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

// TestFetchWriterFails has the caller's writer fail: that is not the server's error.
func TestFetchWriterFails(t *testing.T) {
	for _, size := range []int{10, 100_000} {
		for _, multipart := range []bool{false, true} {
			data := strings.Repeat("x", size)
			c := serving(t, eas.Version141, func(w http.ResponseWriter, _ *http.Request) {
				if multipart {
					w.Header().Set("Content-Type", "application/vnd.ms-sync.multipart")
					w.Write(parts(fromXML(t, properties(`<Body xmlns="AirSyncBase"><Type>4</Type><Part xmlns="ItemOperations">1</Part></Body>`)), []byte(data)))
					return
				}
				w.Header().Set("Content-Type", "application/vnd.ms-sync.wbxml")
				w.Write(fromXML(t, properties(`<Body xmlns="AirSyncBase"><Type>4</Type><Data>`+data+`</Data></Body>`)))
			})
			_, err := c.FetchMessage(t.Context(), "f", "1", &full{size / 2}, nil)
			var e *eas.Error
			if !errors.Is(err, errFull) || errors.As(err, &e) || errors.Is(err, eas.ErrUnexpectedContent) {
				t.Errorf("%d bytes, multipart %v: %v", size, multipart, err)
			}
		}
	}
}

// TestFetchAnotherItem has the server name another item than the one that was requested, or send
// two.
func TestFetchAnotherItem(t *testing.T) {
	const message = `<Body xmlns="AirSyncBase"><Type>4</Type><Data>From: a</Data></Body>`
	const id = `<ServerId xmlns="AirSync">%s</ServerId>`
	one := properties(message)
	named := func(s string) string {
		return strings.Replace(one, "<Properties>", fmt.Sprintf(id, s)+"<Properties>", 1)
	}
	fetch := one[strings.Index(one, "<Fetch>"):strings.Index(one, "</Response>")]
	for _, tt := range []struct {
		name, doc string
		fault     bool
	}{
		{"unnamed", one, false},
		{"the item", named("5:1"), false},
		{"an empty name", named(""), false},
		{"another", named("5:2"), true},
		{"another, named last", strings.Replace(one, "</Properties>", "</Properties>"+fmt.Sprintf(id, "5:2"), 1), true},
		{"two", strings.Replace(one, fetch, fetch+fetch, 1), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, _ := speaking(t, eas.Version141, "ItemOperations", tt.doc)
			var b strings.Builder
			_, err := c.FetchMessage(t.Context(), "5", "5:1", &b, nil)
			if errors.Is(err, eas.ErrUnexpectedContent) != tt.fault || !tt.fault && (err != nil || b.String() != "From: a") {
				t.Errorf("FetchMessage = %q, %v, want an error: %v", b.String(), err, tt.fault)
			}
			c, _ = speaking(t, eas.Version141, "ItemOperations", tt.doc)
			if _, err := c.FetchItem(t.Context(), "5", "5:1", nil); errors.Is(err, eas.ErrUnexpectedContent) != tt.fault || !tt.fault && err != nil {
				t.Errorf("FetchItem = %v, want an error: %v", err, tt.fault)
			}
		})
	}
}
