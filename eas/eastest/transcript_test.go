package eastest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

func TestS136TranscriptHoldsNoSecret(t *testing.T) {
	tn := eastest.New(t, nil)
	tn.AddMailbox("ada@contoso.com")
	const secret = "do-not-keep-me"
	form := url.Values{"grant_type": {"refresh_token"}, "client_id": {eastest.ClientID}, "scope": {"openid"}}
	query := url.Values{"prompt": {"login"}}
	for _, name := range []string{"refresh_token", "code", "Code", "code_verifier", "device_code", "assertion", "client_secret",
		"password", "state", "nonce", "login_hint", "id_token_hint", "access_token"} {
		form.Set(name, secret)
		query.Set(name, secret)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		"https://login.microsoftonline.com/common/oauth2/v2.0/token?"+query.Encode(), strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "Bearer "+secret)
	req.Header.Set("Cookie", "a="+secret)
	resp, err := tn.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	r := tn.Requests()[0]
	if s := fmt.Sprintf("%v %+v", r, []any{r.Query, r.Header, r.Form, r.Document, r.ResponseDocument, r.Authorization, r.Path}); strings.Contains(s, secret) {
		t.Errorf("the transcript holds a secret: %s", s)
	}
	if r.Authorization != "Bearer …" || r.Query.Get("prompt") != "login" || r.Form.Get("grant_type") != "refresh_token" || r.Status != 401 {
		t.Errorf("the transcript lacks what is no secret: %+v", r)
	}
	if got, want := r.String(), "POST login.microsoftonline.com/common/oauth2/v2.0/token refresh_token 401"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
}

// Who has an answer finds its request, however long the answer was.
func TestTranscriptIsNeverLate(t *testing.T) {
	tn := eastest.New(t, nil)
	for i := range 200 {
		tn.Fail("autodiscover", eastest.Failure{Status: 200, Header: http.Header{"Content-Length": {"100000"}}, Body: strings.Repeat("x", 100000)})
		if _, body := get(t, tn.Client(), discovery); len(body) != 100000 {
			t.Fatalf("%d bytes", len(body))
		}
		if got := len(tn.Requests()); got != i+1 {
			t.Fatalf("after %d answers the transcript has %d", i+1, got)
		}
	}
}

// Each kind of fault, as a client sees it.
func TestFaults(t *testing.T) {
	type seen struct {
		Status int
		Body   string
		After  time.Duration
		Failed bool // no answer
		Record int  // Request.Status
	}
	const whole = `{"Protocol":"ActiveSync","Url":"https://outlook.office365.com/Microsoft-Server-ActiveSync"}` + "\n"
	for name, c := range map[string]struct {
		fault eastest.Failure
		want  seen
	}{
		"cut":            {eastest.Failure{}, seen{Failed: true}},
		"status":         {eastest.Failure{Status: 503, Body: "busy"}, seen{Status: 503, Body: "busy", Record: 503}},
		"late status":    {eastest.Failure{Status: 429, Delay: time.Hour}, seen{Status: 429, After: time.Hour, Record: 429}},
		"late":           {eastest.Failure{Delay: time.Minute}, seen{Status: 200, Body: whole, After: time.Minute, Record: 200}},
		"lost":           {eastest.Failure{Lose: true}, seen{Failed: true}},
		"lost, later":    {eastest.Failure{Lose: true, Delay: time.Second}, seen{Failed: true, After: time.Second}},
		"truncated":      {eastest.Failure{Truncate: 12}, seen{Status: 200, Body: whole[:12], Record: 200}},
		"truncated late": {eastest.Failure{Truncate: 1 << 20, Delay: 1}, seen{Status: 200, Body: whole, After: 1, Record: 200}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tn := eastest.New(t, nil)
				tn.AddMailbox("ada@contoso.com")
				tn.Fail("outlook.office365.com", c.fault)
				// A transport repeats what was cut on a connection that was used before.
				client := tn.Client()
				client.Transport.(*http.Transport).DisableKeepAlives = true
				began := time.Now()
				var got seen
				resp, err := client.Get(discovery)
				if err != nil {
					got.Failed = true
				} else {
					b, err := io.ReadAll(resp.Body)
					if err != nil {
						t.Fatal(err)
					}
					resp.Body.Close()
					got.Status, got.Body = resp.StatusCode, string(b)
				}
				got.After = time.Since(began)
				synctest.Wait()
				r := tn.Requests()
				if len(r) != 1 {
					t.Fatalf("%d requests in the transcript", len(r))
				}
				got.Record = r[0].Status
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if status, body := get(t, client, discovery); status != 200 || body != whole {
					t.Errorf("the request after it: %d %s", status, body)
				}
			})
		})
	}
}

func TestFaultMatch(t *testing.T) {
	tn := eastest.New(t, nil)
	ask := func(url, body string) int {
		t.Helper()
		resp, err := tn.Client().Post(url, "application/x-www-form-urlencoded", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	const (
		sync  = "https://outlook.office365.com/Microsoft-Server-ActiveSync?Cmd=Sync&User=ada&DeviceId=d&DeviceType=t"
		ping  = "https://outlook.office365.com/Microsoft-Server-ActiveSync?Cmd=Ping&User=ada&DeviceId=d&DeviceType=t"
		token = "https://login.microsoftonline.com/common/oauth2/v2.0/token"
	)
	for _, c := range []struct {
		match, url, body string
		matches          bool
	}{
		{"Sync", sync, "", true},
		{"Sync", ping, "", false},
		{"ActiveSync?Sync", sync, "", true},
		{"ActiveSync?Sync", ping, "", false},
		{"outlook.office365.com", ping, "", true},
		{"outlook.office365.com", token, "", false},
		{"/token", token, "", true},
		{"refresh_token", token, "grant_type=refresh_token", true},
		{"refresh_token", token, "grant_type=device_code", false},
	} {
		tn.Fail(c.match, eastest.Failure{Status: 599})
		if got := ask(c.url, c.body) == 599; got != c.matches {
			t.Errorf("Fail(%q) matches %s %s: %v, want %v", c.match, c.url, c.body, got, c.matches)
		}
		// What did not match is still to come.
		ask(sync, "")
		ask(token, "grant_type=refresh_token")
	}
	tn.Fail("Sync", eastest.Failure{Status: 501, Times: 2})
	tn.Fail("Sync", eastest.Failure{Status: 502})
	var got []int
	for range 4 {
		got = append(got, ask(sync, ""))
	}
	if diff := cmp.Diff([]int{501, 501, 502, 451}, got); diff != "" {
		t.Errorf("faults in their order (-want +got):\n%s", diff)
	}
}

// A lost answer is one that the server believes it gave.
func TestLostAnswerHappened(t *testing.T) {
	tn := eastest.New(t, nil)
	box := tn.AddMailbox("ada@contoso.com")
	c := &eas.Client{URL: tn.URL(), User: "ada@contoso.com", HTTPClient: tn.Client(), Token: bearer.Static(tn.Token("ada@contoso.com"))}
	if _, err := c.FolderSync(t.Context(), eas.InitialSyncKey); err != nil {
		t.Fatal(err)
	}
	before := len(tn.Requests())
	tn.Fail("SendMail", eastest.Failure{Lose: true})
	mime := "From: ada@contoso.com\r\nTo: ada@contoso.com\r\nSubject: once\r\n\r\nhello\r\n"
	// Package eas sends it again under the same ClientId.
	if err := c.SendMail(t.Context(), strings.NewReader(mime), nil); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range tn.Requests()[before:] {
		got = append(got, fmt.Sprint(r.Command, " ", r.Status))
	}
	if diff := cmp.Diff([]string{"SendMail 0", "SendMail 200"}, got); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if got := box.Messages(eas.FolderInbox); len(got) != 1 || got[0].Subject != "once" {
		t.Errorf("inbox = %v, want the mail once", got)
	}
}
