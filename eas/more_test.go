package eas_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// serving returns a client of a server that does as f says with every command but OPTIONS
// and Provision.
func serving(t *testing.T, version eas.Version, f http.HandlerFunc) *eas.Client {
	t.Helper()
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodOptions:
			w.Header().Set("MS-ASProtocolVersions", string(version))
		case r.URL.Query().Get("Cmd") == "Provision":
			w.Header().Set("Content-Type", "application/vnd.ms-sync.wbxml")
			w.Write([]byte("\x03\x01\x6a\x00\x00\x0e\x45\x4b\x031\x00\x01\x46\x47\x08\x4b\x032\x00\x01\x01\x01\x01"))
		default:
			f(w, r)
		}
	}))
	t.Cleanup(srv.Close)
	u, err := url.Parse(srv.URL + "/Microsoft-Server-ActiveSync")
	if err != nil {
		t.Fatal(err)
	}
	return &eas.Client{URL: u, User: "ada@contoso.com", HTTPClient: srv.Client(), Versions: []eas.Version{version},
		Token: bearer.Static(&oauth2.Token{AccessToken: "token"}), Device: eas.Device{ID: "device1", Type: "test"}}
}

// A pattern is a content that is made as it is read, and checked as it is written.
type pattern struct {
	at, size int64
	wrong    bool
}

func (p *pattern) Read(b []byte) (int, error) {
	if p.at == p.size {
		return 0, io.EOF
	}
	n := min(int64(len(b)), p.size-p.at)
	for i := range n {
		b[i] = byte((p.at + i) * 7)
	}
	p.at += n
	return int(n), nil
}

func (p *pattern) Write(b []byte) (int, error) {
	for i := range b {
		if b[i] != byte((p.at+int64(i))*7) {
			p.wrong = true
		}
	}
	p.at += int64(len(b))
	return len(b), nil
}

// TestLargeAttachment passes 50 MB through in both forms without having them in memory.
func TestLargeAttachment(t *testing.T) {
	size := int64(50 << 20)
	if raced {
		size = 10 << 20
	}
	head := func(b *bytes.Buffer, data func(e *wbxml.Encoder)) {
		e := wbxml.NewEncoder(b)
		e.Start(wbxml.ItemOperationsItemOperations)
		e.Element(wbxml.ItemOperationsStatus, "1")
		e.Start(wbxml.ItemOperationsResponse)
		e.Start(wbxml.ItemOperationsFetch)
		e.Element(wbxml.ItemOperationsStatus, "1")
		e.Start(wbxml.ItemOperationsProperties)
		e.Element(wbxml.AirSyncBaseContentType, "application/zip")
		data(e)
		e.Flush()
	}
	for _, inline := range []bool{false, true} {
		t.Run(fmt.Sprintf("S120 inline=%v", inline), func(t *testing.T) {
			c := serving(t, eas.Version141, func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("MS-ASAcceptMultiPart") != "T" {
					t.Error("no multipart answer was asked for")
				}
				var doc bytes.Buffer
				if inline {
					w.Header().Set("Content-Type", "application/vnd.ms-sync.wbxml")
					head(&doc, func(*wbxml.Encoder) {})
					w.Write(doc.Bytes())
					w.Write([]byte{0, 20, 0x4c, 3}) // to page 20, Data with content, an inline string
					enc := base64.NewEncoder(base64.StdEncoding, w)
					io.Copy(enc, &pattern{size: size})
					enc.Close()
					w.Write([]byte{0, 1, 1, 1, 1, 1})
					return
				}
				w.Header().Set("Content-Type", "application/vnd.ms-sync.multipart")
				head(&doc, func(e *wbxml.Encoder) {
					e.Element(wbxml.ItemOperationsPart, "1")
					for range 4 {
						e.End()
					}
				})
				table := binary.LittleEndian.AppendUint32(nil, 2)
				for _, n := range []int{20, doc.Len(), 20 + doc.Len(), int(size)} {
					table = binary.LittleEndian.AppendUint32(table, uint32(n))
				}
				w.Write(table)
				w.Write(doc.Bytes())
				io.Copy(w, &pattern{size: size})
			})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			sink := &pattern{size: size}
			got, err := c.FetchAttachment(t.Context(), "ref", sink, nil)
			if err != nil {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			if diff := cmp.Diff(&eas.Content{Type: "application/zip", Size: size}, got); diff != "" || sink.wrong || sink.at != size {
				t.Errorf("%d bytes, wrong %v (-want +got):\n%s", sink.at, sink.wrong, diff)
			}
			// Client and server are in one process; neither may hold the content.
			if n := after.HeapInuse - min(before.HeapInuse, after.HeapInuse); n > uint64(size)/2 && !raced {
				t.Errorf("the heap grew by %d MiB", n>>20)
			}
		})
	}
}

// TestAttachmentCutOff sees that a part of an attachment does not pass for the whole.
func TestAttachmentCutOff(t *testing.T) {
	c := serving(t, eas.Version141, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.ms-sync.multipart")
		doc := fromXML(t, `<ItemOperations xmlns="ItemOperations"><Status>1</Status><Response><Fetch><Status>1</Status><Properties><Part>1</Part></Properties></Fetch></Response></ItemOperations>`)
		table := binary.LittleEndian.AppendUint32(nil, 2)
		for _, n := range []int{20, len(doc), 20 + len(doc), 100_000} {
			table = binary.LittleEndian.AppendUint32(table, uint32(n))
		}
		w.Write(table)
		w.Write(doc)
		w.Write(make([]byte, 50_000))
	})
	var b bytes.Buffer
	_, err := c.FetchAttachment(t.Context(), "ref", &b, nil)
	var e *eas.Error
	if !errors.As(err, &e) || !errors.Is(err, io.ErrUnexpectedEOF) || !e.Temporary() {
		t.Errorf("FetchAttachment = %v, want a temporary error that matches io.ErrUnexpectedEOF", err)
	}
}

// TestOldForms sends what versions up to 12.1 have: parameters in the query, plain and
// compact, and a message as the body.
func TestOldForms(t *testing.T) {
	t.Parallel()
	message := "To: b@contoso.com\r\n\r\nYes"
	for _, tt := range []struct {
		name  string
		do    func(ctx context.Context, c *eas.Client) error
		plain url.Values
		tags  string // of the compact form, as tag, length, value
		body  string
	}{
		{"SmartReply", func(ctx context.Context, c *eas.Client) error {
			return c.SmartReply(ctx, eas.MailSource{Folder: "5", Item: "5:1"}, strings.NewReader(message), nil)
		}, url.Values{"Cmd": {"SmartReply"}, "CollectionId": {"5"}, "ItemId": {"5:1"}, "SaveInSent": {"T"}},
			"\x01\x015\x03\x035:1\x08\x0fada@contoso.com\x07\x01\x01", message},
		{"SmartForward", func(ctx context.Context, c *eas.Client) error {
			return c.SmartForward(ctx, eas.MailSource{LongID: "Rg/A+="}, strings.NewReader(message), &eas.SmartOptions{SendOptions: eas.SendOptions{NotInSentItems: true}})
		}, url.Values{"Cmd": {"SmartForward"}, "LongId": {"Rg/A+="}}, "\x04\x06Rg/A+=\x08\x0fada@contoso.com", message},
		{"GetAttachment", func(ctx context.Context, c *eas.Client) error {
			var b bytes.Buffer
			got, err := c.GetAttachment(ctx, "5:1:0", &b)
			if err == nil && (b.String() != "content" || got.Type != "image/png" || got.Size != 7) {
				err = fmt.Errorf("content %q, %+v", &b, got)
			}
			return err
		}, url.Values{"Cmd": {"GetAttachment"}, "AttachmentName": {"5:1:0"}}, "\x00\x055:1:0\x08\x0fada@contoso.com", ""},
	} {
		for _, compact := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/compact=%v", tt.name, compact), func(t *testing.T) {
				c := serving(t, eas.Version121, func(w http.ResponseWriter, r *http.Request) {
					if strings.Contains(r.URL.RawQuery, "AA==") || !strings.Contains(r.URL.RawQuery, "Cmd=") {
						raw, err := base64.StdEncoding.DecodeString(r.URL.RawQuery)
						if err != nil || !bytes.HasSuffix(raw, []byte(tt.tags)) {
							if len(raw) > 1 && raw[1] == 20 { // Provision
								w.Header().Set("Content-Type", "application/vnd.ms-sync.wbxml")
								w.Write([]byte("\x03\x01\x6a\x00\x00\x0e\x45\x4b\x031\x00\x01\x46\x47\x08\x4b\x032\x00\x01\x01\x01\x01"))
								return
							}
							t.Errorf("query %q, %v, want it to end with %q", raw, err, tt.tags)
						}
					} else {
						q := r.URL.Query()
						for name, want := range tt.plain {
							if diff := cmp.Diff(want, q[name]); diff != "" {
								t.Errorf("%s (-want +got):\n%s", name, diff)
							}
						}
						if !tt.plain.Has("SaveInSent") && q.Has("SaveInSent") {
							t.Error("SaveInSent was sent")
						}
					}
					b, err := io.ReadAll(r.Body)
					if err != nil || string(b) != tt.body || tt.body != "" && r.Header.Get("Content-Type") != "message/rfc822" {
						t.Errorf("body %q of type %q, %v", b, r.Header.Get("Content-Type"), err)
					}
					if tt.name == "GetAttachment" {
						w.Header().Set("Content-Type", "image/png")
						w.Write([]byte("content"))
					}
				})
				c.Base64Query = compact
				if err := tt.do(t.Context(), c); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func TestGetHierarchy(t *testing.T) {
	c, _ := speaking(t, eas.Version121, "GetHierarchy",
		`<Folders xmlns="FolderHierarchy"><Folder><DisplayName>Inbox</DisplayName><ServerId>5</ServerId><Type>2</Type><ParentId>0</ParentId></Folder></Folders>`)
	got, err := c.GetHierarchy(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]eas.Folder{{ID: "5", Parent: "0", Name: "Inbox", Type: eas.FolderInbox}}, got); diff != "" {
		t.Error(diff)
	}
}

// TestMisuse sees what makes no sense refused before anything is sent.
func TestMisuse(t *testing.T) {
	t.Parallel()
	message := func() io.Reader { return strings.NewReader("To: b@contoso.com\r\n\r\nYes") }
	for name, do := range map[string]func(ctx context.Context, c *eas.Client) error{
		"no moves": func(ctx context.Context, c *eas.Client) error { _, err := c.MoveItems(ctx); return err },
		"too many moves": func(ctx context.Context, c *eas.Client) error {
			_, err := c.MoveItems(ctx, make([]eas.Move, 1001)...)
			return err
		},
		"no source": func(ctx context.Context, c *eas.Client) error {
			return c.SmartReply(ctx, eas.MailSource{}, message(), nil)
		},
		"no message": func(ctx context.Context, c *eas.Client) error {
			return c.SmartReply(ctx, eas.MailSource{LongID: "x"}, nil, nil)
		},
		"empty message": func(ctx context.Context, c *eas.Client) error {
			return c.SmartReply(ctx, eas.MailSource{LongID: "x"}, strings.NewReader(""), nil)
		},
		"bad client ID": func(ctx context.Context, c *eas.Client) error {
			return c.SmartReply(ctx, eas.MailSource{LongID: "x"}, message(), &eas.SmartOptions{SendOptions: eas.SendOptions{LocalID: "a b"}})
		},
		"forwardees, 14.1": func(ctx context.Context, c *eas.Client) error {
			return c.SmartForward(ctx, eas.MailSource{LongID: "x"}, nil, &eas.SmartOptions{Forwardees: []eas.Person{{Email: "b"}}})
		},
		"no answers": func(ctx context.Context, c *eas.Client) error { _, err := c.MeetingResponse(ctx); return err },
		"no response": func(ctx context.Context, c *eas.Client) error {
			_, err := c.MeetingResponse(ctx, eas.MeetingAnswer{LongID: "x"})
			return err
		},
		"sent before 16.0": func(ctx context.Context, c *eas.Client) error {
			_, err := c.MeetingResponse(ctx, eas.MeetingAnswer{LongID: "x", Response: 1, Send: true})
			return err
		},
		"text without send": func(ctx context.Context, c *eas.Client) error {
			_, err := c.MeetingResponse(ctx, eas.MeetingAnswer{LongID: "x", Response: 1, Text: "t"})
			return err
		},
		"empty search": func(ctx context.Context, c *eas.Client) error { _, err := c.Search(ctx, eas.Query{}, nil); return err },
		"nobody":       func(ctx context.Context, c *eas.Client) error { _, err := c.SearchPeople(ctx, "", nil); return err },
		"no library":   func(ctx context.Context, c *eas.Client) error { _, err := c.SearchLibrary(ctx, "", nil); return err },
		"find before 16.1": func(ctx context.Context, c *eas.Client) error {
			_, err := c.Find(ctx, eas.Query{Text: "x"}, nil)
			return err
		},
		"find by date": func(ctx context.Context, c *eas.Client) error { _, err := c.Find(ctx, eas.Query{}, nil); return err },
		"oof without end": func(ctx context.Context, c *eas.Client) error {
			return c.SetOutOfOffice(ctx, &eas.OutOfOffice{State: eas.OutOfOfficeTimed})
		},
		"oof in RTF":       func(ctx context.Context, c *eas.Client) error { _, err := c.OutOfOffice(ctx, eas.BodyRTF); return err },
		"SendMail of nil":  func(ctx context.Context, c *eas.Client) error { return c.SendMail(ctx, nil, nil) },
		"no out-of-office": func(ctx context.Context, c *eas.Client) error { return c.SetOutOfOffice(ctx, nil) },
		"Ping of a folder without ID": func(ctx context.Context, c *eas.Client) error {
			_, err := c.Ping(ctx, make([]eas.Folder, 1), nil)
			return err
		},
		"FolderCreate without a name": func(ctx context.Context, c *eas.Client) error {
			_, _, err := c.FolderCreate(ctx, "1", "", "", eas.FolderUserMail)
			return err
		},
		"FolderCreate without a key": func(ctx context.Context, c *eas.Client) error {
			_, _, err := c.FolderCreate(ctx, "", "", "x", eas.FolderUserMail)
			return err
		},
		"FolderUpdate of nothing": func(ctx context.Context, c *eas.Client) error {
			_, err := c.FolderUpdate(ctx, "1", eas.Folder{Name: "x"})
			return err
		},
		"FolderUpdate without a name": func(ctx context.Context, c *eas.Client) error {
			_, err := c.FolderUpdate(ctx, "1", eas.Folder{ID: "1"})
			return err
		},
		"FolderDelete of nothing": func(ctx context.Context, c *eas.Client) error { _, err := c.FolderDelete(ctx, "1", ""); return err },
		"a zero Move":             func(ctx context.Context, c *eas.Client) error { _, err := c.MoveItems(ctx, eas.Move{}); return err },
		"no wipe":                 func(ctx context.Context, c *eas.Client) error { return c.AcknowledgeWipe(ctx, nil, true) },
		"no names": func(ctx context.Context, c *eas.Client) error {
			_, err := c.ResolveRecipients(ctx, nil, nil)
			return err
		},
		"101 names": func(ctx context.Context, c *eas.Client) error {
			_, err := c.ResolveRecipients(ctx, make([]string, 101), nil)
			return err
		},
		"43 days": func(ctx context.Context, c *eas.Client) error {
			_, err := c.ResolveRecipients(ctx, []string{"x"}, &eas.ResolveOptions{Start: at("2026-01-01 00:00"), End: at("2026-02-13 00:00")})
			return err
		},
		"no certificates": func(ctx context.Context, c *eas.Client) error {
			_, err := c.ValidateCert(ctx, nil, nil, false)
			return err
		},
		"range": func(ctx context.Context, c *eas.Client) error {
			_, err := c.FetchAttachment(ctx, "x", io.Discard, &eas.FetchOptions{First: 5, Last: 2})
			return err
		},
		"GetAttachment": func(ctx context.Context, c *eas.Client) error {
			_, err := c.GetAttachment(ctx, "x", io.Discard)
			return err
		},
		"GetHierarchy": func(ctx context.Context, c *eas.Client) error { _, err := c.GetHierarchy(ctx); return err },
		"no address":   func(ctx context.Context, c *eas.Client) error { _, err := c.Autodiscover(ctx, "ada"); return err },
	} {
		t.Run(name, func(t *testing.T) {
			c := serving(t, eas.Version141, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s was sent", r.URL.Query().Get("Cmd")) })
			if err := do(t.Context(), c); err == nil {
				t.Error("no error")
			}
		})
	}
}

func TestAutodiscoverCommand(t *testing.T) {
	const head = `<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"><Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006">`
	for _, tt := range []struct {
		name, body string
		want       *eas.Discovery
		fault      string
	}{
		{"settings", head + `<Culture>en:us</Culture><User><DisplayName>Ada</DisplayName><EMailAddress>ada@contoso.com</EMailAddress></User><Action><Settings><Server><Type>MobileSync</Type><Url>https://mail.contoso.com/Microsoft-Server-ActiveSync</Url><Name>x</Name></Server><Server><Type>CertEnroll</Type><Url>https://cert.contoso.com</Url></Server></Settings></Action></Response></Autodiscover>`,
			&eas.Discovery{DisplayName: "Ada", Email: "ada@contoso.com", Culture: "en:us", URL: &url.URL{Scheme: "https", Host: "mail.contoso.com", Path: "/Microsoft-Server-ActiveSync"}, CertificateURL: "https://cert.contoso.com"}, ""},
		{"redirect", head + `<Action><Redirect>ada@eu.contoso.com</Redirect></Action></Response></Autodiscover>`, &eas.Discovery{Redirect: "ada@eu.contoso.com"}, ""},
		{"error", head + `<Action><Error><Status>2</Status><Message>The directory service could not be reached</Message></Error></Action></Response></Autodiscover>`, nil, "directory service"},
		{"plain http", head + `<Action><Settings><Server><Type>MobileSync</Type><Url>http://mail.contoso.com/</Url></Server></Settings></Action></Response></Autodiscover>`, nil, "makes no sense"},
		{"nothing", head + `</Response></Autodiscover>`, nil, "neither"},
		{"HTML", `<html><body>Sign in`, nil, "cannot be read"},
		{"billion laughs", `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Autodiscover>&b;</Autodiscover>`, nil, "cannot be read"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := serving(t, eas.Version141, func(w http.ResponseWriter, r *http.Request) {
				b, _ := io.ReadAll(r.Body)
				if r.URL.Path != "/autodiscover/autodiscover.xml" || r.Header.Get("Authorization") != "Bearer token" ||
					!strings.Contains(string(b), "<EMailAddress>a&amp;da@contoso.com</EMailAddress>") {
					t.Errorf("%s %s %s", r.URL.Path, r.Header.Get("Authorization"), b)
				}
				w.Header().Set("Content-Type", "text/xml")
				io.WriteString(w, tt.body)
			})
			got, err := c.Autodiscover(t.Context(), "a&da@contoso.com")
			if tt.fault != "" {
				var e *eas.Error
				if !errors.As(err, &e) || !strings.Contains(err.Error(), tt.fault) {
					t.Errorf("error %v, want one with %q", err, tt.fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCheckAccess(t *testing.T) {
	notice := "Your mobile device is temporarily blocked.\r\nDevice ID: DEVICE1\r\nDevice access state: Quarantined\r\nDevice access state reason: DeviceRule\r\n"
	mail := func(text string) eas.Entry { return eas.Entry{ID: "1", Item: &eas.Email{Body: &eas.Body{Data: text}}} }
	c := &eas.Client{URL: &url.URL{Scheme: "https", Host: "mail.contoso.com", Path: "/"}, User: "ada@contoso.com",
		Token: bearer.Static(&oauth2.Token{AccessToken: "t"}), Device: eas.Device{ID: "device1", Type: "test"}}
	for _, tt := range []struct {
		name string
		page *eas.Page
		want error
	}{
		{"quarantine", &eas.Page{Added: []eas.Entry{mail(notice)}}, eas.ErrDeviceQuarantined},
		{"quarantine, in HTML and by another name", &eas.Page{Added: []eas.Entry{mail("<p>Individual rooms, Global news</p><b>Device ID:</b> device1<br><b>Device access state:</b>&nbsp;Quarantined<br>" +
			"<b>Device access state reason:</b> <i>DeviceRule</i>")}}, eas.ErrDeviceQuarantined},
		{"quarantine, in another language", &eas.Page{Added: []eas.Entry{mail("Ger\u00e4te-ID: device1\r\nGrund: DeviceRule")}}, eas.ErrDeviceQuarantined},
		{"blocked in the past", &eas.Page{Added: []eas.Entry{mail(strings.Replace(notice, "Quarantined", "Blocked", 1))}}, nil},
		{"nothing", &eas.Page{}, eas.ErrDevicePending},
		{"one mail", &eas.Page{Added: []eas.Entry{mail("Hello")}}, nil},
		{"notice and more", &eas.Page{Added: []eas.Entry{mail(notice), mail("Hello")}}, nil},
		{"more to come", &eas.Page{Added: []eas.Entry{mail(notice)}, More: true}, nil},
		{"no body", &eas.Page{Added: []eas.Entry{{Item: &eas.Email{}}}}, nil},
	} {
		err := c.CheckAccess(tt.page)
		if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
		var ae *eas.AccessError
		if tt.want == eas.ErrDeviceQuarantined && (!errors.As(err, &ae) || ae.Reason != "DeviceRule" || ae.Notice == nil || !strings.Contains(err.Error(), "DeviceRule")) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// TestDeviceStatuses sees the outcomes of device access as the errors that they are.
func TestDeviceStatuses(t *testing.T) {
	for status, want := range map[int]error{
		126: eas.ErrUserDisabled, 129: eas.ErrDeviceBlocked, 131: eas.ErrUserDisabled, 139: eas.ErrNotProvisionable, 177: eas.ErrTooManyDevices,
	} {
		c, _ := speaking(t, eas.Version141, "FolderSync", fmt.Sprintf(`<FolderSync xmlns="FolderHierarchy"><Status>%d</Status></FolderSync>`, status))
		_, err := c.FolderSync(t.Context(), "0")
		if !errors.Is(err, want) || !errors.Is(err, eas.ErrForbidden) {
			t.Errorf("status %d: %v, want %v", status, err, want)
		}
		for _, other := range []error{eas.ErrUserDisabled, eas.ErrDeviceBlocked, eas.ErrTooManyDevices, eas.ErrNotProvisionable} {
			if other != want && errors.Is(err, other) {
				t.Errorf("status %d is %v as well", status, other)
			}
		}
	}
}

// TestVersionsChange has the server list other versions than before, as after an upgrade, in
// the header of any answer.
func TestVersionsChange(t *testing.T) {
	empty := fromXML(t, `<FolderSync xmlns="FolderHierarchy"><Status>1</Status><SyncKey>1</SyncKey></FolderSync>`)
	for _, tt := range []struct {
		name    string
		header  map[string]string
		options int // how often OPTIONS is sent for three commands
		last    string
	}{
		{"the same", map[string]string{"MS-ASProtocolVersions": "2.5,12.1,14.0,14.1"}, 1, "14.1"},
		{"another order", map[string]string{"MS-ASProtocolVersions": "14.1,2.5"}, 1, "14.1"},
		{"more", map[string]string{"MS-ASProtocolVersions": "2.5,12.1,14.0,14.1,16.0,16.1"}, 2, "16.1"},
		{"X-MS-RP", map[string]string{"X-MS-RP": "14.1,16.1"}, 2, "16.1"},
		{"none that we speak", map[string]string{"X-MS-RP": "2.5"}, 1, "14.1"},
		{"empty", map[string]string{"X-MS-RP": ""}, 1, "14.1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, calls := replay(t, map[string][]reply{
				"OPTIONS":    {{header: map[string]string{"MS-ASProtocolVersions": "2.5,12.1,14.0,14.1"}}, {header: map[string]string{"MS-ASProtocolVersions": "2.5,14.1,16.0,16.1"}}},
				"FolderSync": {{body: empty, header: tt.header}},
			})
			c.Restore(eas.State{Version: "", PolicyKey: "77", Provisioned: true})
			for range 3 {
				if _, err := c.FolderSync(t.Context(), "1"); err != nil {
					t.Fatal(err)
				}
			}
			options := 0
			for _, x := range *calls {
				if x.command == "OPTIONS" {
					options++
				}
			}
			last := (*calls)[len(*calls)-1].header.Get("MS-ASProtocolVersion")
			if options != tt.options || last != tt.last {
				t.Errorf("%d OPTIONS and version %s at last, want %d and %s", options, last, tt.options, tt.last)
			}
			if s := c.State(); s.PolicyKey != "77" || !s.Provisioned {
				t.Errorf("the state was given up: %+v", s)
			}
		})
	}
}

// TestDoubtfulStatus has a version that was restored turn out to be one that the server does
// not understand any more.
func TestDoubtfulStatus(t *testing.T) {
	bad := fromXML(t, `<FolderSync xmlns="FolderHierarchy"><Status>103</Status></FolderSync>`)
	good := fromXML(t, `<FolderSync xmlns="FolderHierarchy"><Status>1</Status><SyncKey>1</SyncKey></FolderSync>`)
	c, calls := replay(t, map[string][]reply{
		"OPTIONS":    {{header: map[string]string{"MS-ASProtocolVersions": "16.1"}}},
		"FolderSync": {doc(bad), doc(good), doc(bad)},
	})
	c.Restore(eas.State{Version: eas.Version141, Provisioned: true})
	if _, err := c.FolderSync(t.Context(), "0"); err != nil {
		t.Fatal(err)
	}
	n := len(*calls)
	var e *eas.Error
	if _, err := c.FolderSync(t.Context(), "0"); !errors.As(err, &e) || e.Status != 103 {
		t.Errorf("FolderSync = %v, want status 103", err)
	}
	if len(*calls) != n+1 {
		t.Errorf("%d requests for a status that is not about the version", len(*calls)-n)
	}
}

// TestReadsPublishedAnswers reads what Exchange and libwbxml wrote.
func TestReadsPublishedAnswers(t *testing.T) {
	c, _ := replay(t, map[string][]reply{
		"GetItemEstimate": {doc(captured(t, "exchange-getitemestimate-response"))},
		"Settings":        {doc(captured(t, "libwbxml-activesync-005-settings_status"))},
	})
	if n, err := c.GetItemEstimate(t.Context(), "10", "1", nil); err != nil || n != 0 {
		t.Errorf("GetItemEstimate = %d, %v", n, err)
	}
	if err := c.SetDeviceInformation(t.Context(), nil); err != nil {
		t.Errorf("SetDeviceInformation = %v", err)
	}
}
