package eastest_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas/eastest"
)

const site = "https://outlook.office365.com/nothing"

// fetch returns what arrives of a body, and how its reading ended.
func fetch(t *testing.T, c *http.Client) ([]byte, http.Header, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", site, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "identity") // what is sent is seen
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return b, resp.Header, err
}

// A body that is cut has announced more; over HTTP/2 the stream is reset, and the connection
// stays good.
func TestFailureCut(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		tn := eastest.New(t, nil)
		tr := tn.Client().Transport.(*http.Transport).Clone()
		tr.ForceAttemptHTTP2 = h2
		c := &http.Client{Transport: tr}
		tn.Fail("nothing", eastest.Failure{Status: 200, Body: "0123456789", Cut: 4})
		b, h, err := fetch(t, c)
		if string(b) != "0123" || h.Get("Content-Length") != "10" {
			t.Errorf("h2 %v: %q of %s", h2, b, h.Get("Content-Length"))
		}
		if !h2 && !errors.Is(err, io.ErrUnexpectedEOF) || err == nil {
			t.Errorf("h2 %v: %v", h2, err)
		}
		if _, _, err := fetch(t, c); err != nil {
			t.Errorf("h2 %v, next: %v", h2, err)
		}
		tr.CloseIdleConnections()
	}
}

func TestFailureDrip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tn := eastest.New(t, nil)
		tn.Fail("nothing", eastest.Failure{Status: 200, Body: "0123456789", Drip: time.Minute})
		began := time.Now()
		b, _, err := fetch(t, tn.Client())
		if d := time.Since(began); string(b) != "0123456789" || err != nil || d != 10*time.Minute {
			t.Errorf("%q, %v after %v", b, err, d)
		}
		tn.Fail("nothing", eastest.Failure{Drip: time.Minute, Cut: 3})
		began = time.Now()
		b, _, err = fetch(t, tn.Client())
		if d := time.Since(began); len(b) != 3 || !errors.Is(err, io.ErrUnexpectedEOF) || d != 3*time.Minute {
			t.Errorf("of the server's own: %q, %v after %v", b, err, d)
		}
	})
}

func TestFailureInflate(t *testing.T) {
	const size = 16 << 20
	tn := eastest.New(t, nil)
	tn.Fail("nothing", eastest.Failure{Status: 200, Inflate: size})
	b, h, err := fetch(t, tn.Client())
	if err != nil || h.Get("Content-Encoding") != "gzip" || len(b) > size/500 {
		t.Fatalf("%d bytes, %v, %v", len(b), h, err)
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, z); n != size || err != nil {
		t.Errorf("inflates to %d bytes, %v", n, err)
	}
}

func TestFailureChange(t *testing.T) {
	tn := eastest.New(t, nil)
	whole, _, _ := fetch(t, tn.Client())
	tn.Fail("nothing", eastest.Failure{Change: func(b []byte) []byte { return append(b, b...) }})
	if b, _, err := fetch(t, tn.Client()); err != nil || string(b) != string(whole)+string(whole) {
		t.Errorf("%q, %v", b, err)
	}
}

// From and Times say which requests fail, and others go on as usual.
func TestFailureFrom(t *testing.T) {
	tn := eastest.New(t, nil)
	tn.Fail("nothing", eastest.Failure{Status: 503, From: 3, Times: 2})
	var got []int
	for range 6 {
		status, _, _ := ask(t, tn, "GET", site)
		ask(t, tn, "GET", "https://outlook.office365.com/other")
		got = append(got, status)
	}
	if diff := cmp.Diff([]int{404, 404, 503, 503, 404, 404}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A failure is bound to a method or a user as well as to a command or a host.
func TestFailureMatches(t *testing.T) {
	const options, other = mailURL + "?Cmd=Ping&User=bob@contoso.com&DeviceId=a&DeviceType=b", lookupURL
	for _, tt := range []struct {
		match, method, url string
		want               bool
	}{
		{"OPTIONS", "OPTIONS", mailURL, true},
		{"OPTIONS", "POST", options, false},
		{"POST", "POST", options, true},
		{"Bob@contoso.com", "POST", options, true},
		{"ada@contoso.com", "POST", options, false},
		{"ada@contoso.com", "GET", other, true},
		{"mail.contoso.com", "GET", other, false},
		{"autodiscover.contoso.com", "GET", other, true},
	} {
		tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
		tn.Fail(tt.match, eastest.Failure{Status: 599, Optional: true})
		status, _, _ := ask(t, tn, tt.method, tt.url)
		if got := status == 599; got != tt.want {
			t.Errorf("Fail(%q) matches %s %s: %v, want %v", tt.match, tt.method, tt.url, got, tt.want)
		}
	}
	tn := eastest.New(t, nil)
	for _, match := range []string{"sync", "SYNC", "foldersync", "options", "Post"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Fail(%q): no panic", match)
				}
			}()
			tn.Fail(match, eastest.Failure{Optional: true})
		}()
	}
}

// A response that asks for the end of the connection is a GOAWAY in HTTP/2.
func TestFailureGoAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tn := eastest.New(t, nil)
		tr := tn.Client().Transport.(*http.Transport).Clone()
		tr.ForceAttemptHTTP2 = true
		c := &http.Client{Transport: tr}
		tn.Fail("nothing", eastest.Failure{Status: 200, Header: http.Header{"Connection": {"close"}}, Body: "bye"})
		var reused []bool
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { reused = append(reused, i.Reused) }})
		for range 3 {
			req, err := http.NewRequestWithContext(ctx, "GET", site, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := c.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if resp.ProtoMajor != 2 {
				t.Errorf("%s", resp.Proto)
			}
			synctest.Wait() // the frame comes after the response
		}
		if diff := cmp.Diff([]bool{false, false, true}, reused); diff != "" {
			t.Errorf("connections that were there before (-want +got):\n%s", diff)
		}
		tr.CloseIdleConnections()
	})
}

// The smallest value of each field is one: it leaves the server's own response, and does its part.
func TestFailureSmallest(t *testing.T) {
	tn := eastest.New(t, nil)
	whole, _, _ := fetch(t, tn.Client())
	for name, tt := range map[string]struct {
		eastest.Failure
		want string
		cut  bool
	}{
		"delay":    {Failure: eastest.Failure{Delay: 1}, want: string(whole)},
		"drip":     {Failure: eastest.Failure{Drip: 1}, want: string(whole)},
		"cut":      {Failure: eastest.Failure{Cut: 1}, want: string(whole[:1]), cut: true},
		"truncate": {Failure: eastest.Failure{Truncate: 1}, want: string(whole[:1])},
	} {
		tn.Fail("nothing", tt.Failure)
		b, _, err := fetch(t, tn.Client())
		if string(b) != tt.want || (err != nil) != tt.cut {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	tn.Fail("nothing", eastest.Failure{Inflate: 1})
	if b, h, err := fetch(t, tn.Client()); err != nil || h.Get("Content-Encoding") != "gzip" || !bytes.HasPrefix(b, []byte{0x1f, 0x8b}) {
		t.Errorf("inflate: %q %v, %v", b, h, err)
	}
}

// An answer that comes twice, and a request that does.
func TestFailureStaleAndTwice(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, DevicePolicies: []eastest.DevicePolicy{{None: true}}, Seed: 3})
	tn.AddMailbox(ada)
	device := func() string {
		_, d := post(t, tn, "/oauth2/v2.0/devicecode", url.Values{"client_id": {eastest.ClientID}, "scope": {easScope}})
		return d["device_code"].(string)
	}
	first := device()
	tn.Fail("devicecode", eastest.Failure{Stale: true})
	if got := device(); got != first {
		t.Errorf("the answer of before: %s, want %s", got, first)
	}
	if got := device(); got == first {
		t.Error("the answer of before comes once more")
	}
	// The metadata was never asked for: the request is dealt with.
	tn.Fail("openid-configuration", eastest.Failure{Stale: true})
	if status, _, _ := ask(t, tn, "GET", loginURL+"/v2.0/.well-known/openid-configuration"); status != 200 {
		t.Errorf("without an answer of before: %d", status)
	}
	// A code that is redeemed twice is refused the second time.
	_, to, _ := browse(t, tn, loginURL+"/oauth2/v2.0/authorize", nil)
	tn.Fail("authorization_code", eastest.Failure{Twice: true})
	if m := redeem(t, tn, to.Get("code"), nil); number(m) != "54005" {
		t.Errorf("a code that a device sent twice: %v", m)
	}
	if n := len(tn.Requests()); n != 6 {
		t.Errorf("%d requests in the transcript", n)
	}
}
