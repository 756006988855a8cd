package eas_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// answers are what a server, or something in front of it, says to a request.
var answers = []struct {
	status int
	header string // "Name: value"
	body   string // XML, or text
}{
	{200, "MS-ASProtocolVersions: 14.0,14.1,16.0,16.1", ""},
	{200, "", `<Sync xmlns="AirSync"><Collections><Collection><SyncKey>2</SyncKey><CollectionId>5</CollectionId><Status>1</Status><MoreAvailable/></Collection></Collections></Sync>`},
	{200, "", `<Sync xmlns="AirSync"><Collections><Collection><SyncKey>3</SyncKey><CollectionId>5</CollectionId><Status>1</Status><Commands><Add><ServerId>5:1</ServerId><ApplicationData><Subject xmlns="Email">a</Subject></ApplicationData></Add></Commands></Collection></Collections></Sync>`},
	{200, "", `<Sync xmlns="AirSync"><Collections><Collection><SyncKey>0</SyncKey><CollectionId>5</CollectionId><Status>3</Status></Collection></Collections></Sync>`},
	{200, "", `<Sync xmlns="AirSync"><Status>142</Status></Sync>`},
	{200, "", `<Sync xmlns="AirSync"><Status>144</Status></Sync>`},
	{200, "", `<Sync xmlns="AirSync"><Status>138</Status></Sync>`},
	{200, "", `<Sync xmlns="AirSync"><Status>5</Status></Sync>`},
	{200, "", `<Provision xmlns="Provision"><Status>1</Status><Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType><Status>1</Status><PolicyKey>7</PolicyKey><Data><EASProvisionDoc><DevicePasswordEnabled>0</DevicePasswordEnabled></EASProvisionDoc></Data></Policy></Policies></Provision>`},
	{200, "", `<Provision xmlns="Provision"><Status>1</Status><Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType><Status>1</Status><PolicyKey>8</PolicyKey></Policy></Policies></Provision>`},
	{200, "", `<Provision xmlns="Provision"><Status>1</Status><RemoteWipe/></Provision>`},
	{200, "", `<Ping xmlns="Ping"><Status>1</Status></Ping>`},
	{200, "", `<Ping xmlns="Ping"><Status>2</Status><Folders><Folder>5</Folder></Folders></Ping>`},
	{200, "", `<Ping xmlns="Ping"><Status>5</Status><HeartbeatInterval>60</HeartbeatInterval></Ping>`},
	{200, "", "<html>Please log in</html>"},
	{200, "", ""},
	{401, "WWW-Authenticate: Bearer authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\"", ""},
	{401, "WWW-Authenticate: Basic realm=\"x\"", ""},
	{403, "", ""},
	{449, "", ""},
	{449, "MS-ASProtocolVersions: 14.1", ""},
	{451, "X-MS-Location: https://mail2.contoso.com/Microsoft-Server-ActiveSync", ""},
	{451, "X-MS-Location: https://mail.contoso.com/Microsoft-Server-ActiveSync/elsewhere", ""},
	{302, "Location: https://mail.contoso.com/login", ""},
	{500, "", "boom"},
	{503, "Retry-After: 3600", ""},
	{503, "Retry-After: Mon, 02 Jan 2006 15:04:05 GMT", ""},
	{0, "", ""}, // the connection is cut
}

// FuzzSession has a server respond with whatever comes next. No sequence makes a call go on without
// end, or send without bound, or panic; and each error is one that programs can match.
func FuzzSession(f *testing.F) {
	var documents [][]byte
	for _, a := range answers {
		doc := []byte(a.body)
		if strings.HasPrefix(a.body, "<") && !strings.HasPrefix(a.body, "<html") {
			var b bytes.Buffer
			if err := wbxml.FromXML(&b, strings.NewReader(a.body)); err != nil {
				f.Fatal(err)
			}
			doc = b.Bytes()
		}
		documents = append(documents, doc)
	}
	f.Add([]byte{0, 8, 9, 1, 2, 2})
	f.Add([]byte{0, 4, 8, 9, 4, 8, 9, 4, 8, 9, 5, 5, 5})
	f.Add([]byte{16, 16, 16, 18, 18, 20, 6, 20, 6})
	f.Add([]byte{21, 22, 21, 22, 21, 22})
	f.Add([]byte{27, 27, 24, 24, 25, 26, 15, 14, 3, 3, 3})
	f.Add([]byte{11, 12, 13, 24, 27, 11})
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) > 200 {
			t.Skip("200 responses are enough for a state")
		}
		synctest.Test(t, func(t *testing.T) {
			requests := 0
			c := &eas.Client{
				URL: &url.URL{Scheme: "https", Host: "mail.contoso.com", Path: "/Microsoft-Server-ActiveSync"}, User: "ada@contoso.com", Patience: time.Minute,
				Token: renewing{}, Moved: func(context.Context, *url.URL) (bearer.Source, error) { return renewing{}, nil },
				HTTPClient: &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
					if requests++; requests > 5000 {
						t.Fatalf("more than 5000 requests")
					}
					n := 0
					if len(script) > 0 {
						n = int(script[(requests-1)%len(script)]) % len(answers)
					}
					a := answers[n]
					select { // a server takes its time
					case <-time.After(50 * time.Millisecond):
					case <-r.Context().Done():
						return nil, r.Context().Err()
					}
					if a.status == 0 {
						return nil, io.ErrUnexpectedEOF
					}
					h := http.Header{"Content-Type": {"application/vnd.ms-sync.wbxml"}}
					if name, value, ok := strings.Cut(a.header, ": "); ok {
						h.Set(name, value)
					}
					return &http.Response{StatusCode: a.status, Header: h, Body: io.NopCloser(bytes.NewReader(documents[n])), ContentLength: int64(len(documents[n])), Request: r}, nil
				})},
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			pages := 0
			for _, err := range c.Pages(ctx, "5", "1", nil) {
				if err != nil {
					checkMatchable(t, err)
				}
				if pages++; pages > 100 {
					break
				}
			}
			err := c.SendMail(ctx, strings.NewReader("To: b@contoso.com\r\n\r\nx"), nil)
			checkMatchable(t, err)
			rounds := 0
			for _, err := range c.Watch(ctx, []eas.Folder{{ID: "5", Type: eas.FolderInbox}}, nil) {
				if err != nil {
					checkMatchable(t, err)
				}
				if rounds++; rounds > 20 {
					break
				}
			}
		})
	})
}

// checkMatchable checks that err, if there is one, can be matched, and is one line.
func checkMatchable(t *testing.T, err error) {
	t.Helper()
	var (
		server *eas.Error
		wipe   *eas.RemoteWipeError
	)
	switch {
	case err == nil, errors.As(err, &server), errors.As(err, &wipe), errors.Is(err, context.DeadlineExceeded):
	default:
		t.Fatalf("%T: %v", err, err)
	}
	if err != nil && strings.Contains(err.Error(), "\n") {
		t.Fatalf("an error of several lines: %q", err)
	}
}

// renewing is a source with another token whenever one is refused.
type renewing struct{}

func (renewing) Token(context.Context) (*oauth2.Token, error) {
	return &oauth2.Token{AccessToken: "t1"}, nil
}

func (renewing) Refresh(_ context.Context, old *oauth2.Token, _ *bearer.Offer) (*oauth2.Token, error) {
	return &oauth2.Token{AccessToken: old.AccessToken + "x"}, nil
}
