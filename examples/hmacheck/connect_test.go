package main

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPlaces(t *testing.T) {
	for _, tt := range []struct {
		value string
		want  elsewhere
	}{
		{"Mail.contoso.com:127.0.0.1", elsewhere{"mail.contoso.com": {ip: "127.0.0.1"}}},
		{"mail.contoso.com:127.0.0.1:8443", elsewhere{"mail.contoso.com": {"127.0.0.1", "8443"}}},
		{"mail.contoso.com:::1", elsewhere{"mail.contoso.com": {ip: "::1"}}},
		{"mail.contoso.com:[::1]", elsewhere{"mail.contoso.com": {ip: "::1"}}},
		{"mail.contoso.com:[::1]:444", elsewhere{"mail.contoso.com": {"::1", "444"}}},
		{"mail.contoso.com", nil}, {":127.0.0.1", nil}, {"mail.contoso.com:", nil}, {"mail.contoso.com:localhost", nil},
		{"mail.contoso.com:localhost:443", nil}, {"mail.contoso.com:127.0.0.1:", nil}, {"mail.contoso.com:127.0.0.1:0", nil},
		{"mail.contoso.com:127.0.0.1:65536", nil}, {"mail.contoso.com:127.0.0.1:https", nil},
	} {
		got, err := places([]string{tt.value})
		if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(place{})); diff != "" || (err == nil) != (tt.want != nil) {
			t.Errorf("places(%q): %v (-want +got):\n%s", tt.value, err, diff)
		}
	}
}

// A host of -connect is reached at its place, past a proxy; every other host through the proxy.
func TestPlaceBeatsProxy(t *testing.T) {
	server := func(name string) *httptest.Server {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, name) }))
		t.Cleanup(s.Close)
		return s
	}
	here, proxy := server("here"), server("proxy")
	at := here.Listener.Addr().String()
	e, err := places([]string{"mail.contoso.com:" + at})
	if err != nil {
		t.Fatal(err)
	}
	through, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{Proxy: http.ProxyURL(through)}
	defer tr.CloseIdleConnections()
	e.apply(tr, new(net.Dialer))
	for host, want := range map[string]string{"MAIL.contoso.com": "here", "autodiscover.contoso.com": "proxy"} {
		resp, err := (&http.Client{Transport: tr}).Get("http://" + host + "/")
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || string(b) != want {
			t.Errorf("%s is %q, %v, want %q", host, b, err, want)
		}
	}
}
