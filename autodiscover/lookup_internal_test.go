package autodiscover

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/easoauth/easoauth/internal/safehttp"
)

// The clients of the library's own have limits, and a proxy only where one is given.
func TestOwnClients(t *testing.T) {
	proxy := func(*http.Request) (*url.URL, error) { return nil, nil }
	for name, r := range map[string]*Resolver{"public": {}, "open": {AllowPrivate: true}, "proxy": {Proxy: proxy}} {
		c, done := r.baseClient()
		tr := c.Transport.(*http.Transport)
		if tr.MaxResponseHeaderBytes != safehttp.MaxHeader || tr.TLSHandshakeTimeout != 10*time.Second || tr.IdleConnTimeout != 30*time.Second ||
			tr.MaxIdleConns != 20 || !tr.ForceAttemptHTTP2 || (tr.Proxy != nil) != (name == "proxy") || c.Timeout != 0 || c.Jar != nil {
			t.Errorf("%s: %+v", name, tr)
		}
		done()
		if again, _ := r.baseClient(); (again == c) != (name != "proxy") {
			t.Errorf("%s: the second client is the first: %v", name, again == c)
		}
	}
	own := new(http.Client)
	if c, _ := (&Resolver{HTTPClient: own, Proxy: proxy}).baseClient(); c != own {
		t.Error("the caller's client is not used")
	}
}
