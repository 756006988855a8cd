package eas_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
)

// X-MS-Location is judged as a redirect of AutoDiscover is: Moved and the error learn whose
// host it is, and a host that is not to be used is never put to Moved. Whoever it is, the token
// of the first host does not go there.
func TestMovedIsJudged(t *testing.T) {
	for _, tt := range []struct {
		url, user, to string
		private       bool
		want          eas.Verdict
		text          string // within the error
	}{
		{to: "https://mail2.contoso.com/eas", want: eas.VerdictOwn, text: "the organization's own"},
		{to: "https://MAIL2.contoso.com.:8443/eas", want: eas.VerdictOwn},
		{to: "https://mail.contoso.com:8443/eas", want: eas.VerdictOwn},
		{to: "https://outlook.office365.com/Microsoft-Server-ActiveSync", want: eas.VerdictCloud, text: "Exchange Online's"},
		{to: "https://eas.outlook.com/x", want: eas.VerdictCloud},
		{to: "https://partner.outlook.cn/x", want: eas.VerdictCloud},
		{to: "https://outlook.office365.com:8443/x", want: eas.VerdictForeign},
		{to: "https://mail.fabrikam.com/x", want: eas.VerdictForeign, text: "neither the organization's nor Exchange Online's"},
		{to: "https://contoso.com.fabrikam.com/x", want: eas.VerdictForeign},
		{to: "https://evilcontoso.com/x", want: eas.VerdictForeign},
		{to: "https://evil-outlook.com/x", want: eas.VerdictForeign},
		{to: "https://10.0.0.1/x", want: eas.VerdictRefused, text: "private address"},
		{to: "https://127.1/x", want: eas.VerdictRefused},
		{to: "https://[::1]/x", want: eas.VerdictRefused},
		{to: "https://mail.contoso.local/x", want: eas.VerdictRefused, text: "local network"},
		{to: "https://co.uk/x", want: eas.VerdictRefused, text: "public suffix"},
		{to: "https://mail.contoso.local/x", private: true, want: eas.VerdictOwn},
		{url: "https://mail.corp/eas", to: "https://mail2.corp/x", want: eas.VerdictOwn},
		// The host that the caller has chosen vouches for its site, and Exchange Online does not.
		{url: "https://eas.fabrikam.com/eas", to: "https://eas2.fabrikam.com/x", want: eas.VerdictOwn},
		{url: "https://eas.fabrikam.com/eas", to: "https://mail.contoso.com/x", want: eas.VerdictOwn},
		{url: "https://outlook.office365.com/eas", to: "https://evil.office365.com/x", want: eas.VerdictForeign},
		{url: "https://mail.contoso.com/eas", user: "ada", to: "https://mail2.contoso.com/x", want: eas.VerdictOwn},
		{url: "https://outlook.office365.com/eas", user: "ada", to: "https://mail2.contoso.com/x", want: eas.VerdictForeign},
		{url: "https://a.kapsi.fi/eas", user: "ada@kapsi.fi", to: "https://b.kapsi.fi/x", want: eas.VerdictForeign},
	} {
		if tt.url == "" {
			tt.url = "https://mail.contoso.com/Microsoft-Server-ActiveSync"
		}
		if tt.user == "" {
			tt.user = "ada@contoso.com"
		}
		first, _ := url.Parse(tt.url)
		b := &backend{t: t}
		b.respond = func(r *http.Request, command string, _ int) *http.Response {
			if r.URL.Host == first.Host {
				return reply1(451, nil, "X-MS-Location", tt.to)
			}
			if got := r.Header.Get("Authorization"); got != "Bearer second" {
				t.Errorf("%s got %q", r.URL.Host, got)
			}
			return nil
		}
		client := func() *eas.Client {
			c := restored(b)
			c.URL, c.User, c.AllowPrivate = first, tt.user, tt.private
			return c
		}
		refused := tt.want == eas.VerdictRefused

		_, err := client().FolderSync(t.Context(), "0")
		var e *eas.Error
		if !errors.Is(err, eas.ErrRedirected) || !errors.As(err, &e) || e.Verdict != tt.want || e.Location == nil || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%s, user %s, to %s: %v, want verdict %q and %q", tt.url, tt.user, tt.to, err, tt.want, tt.text)
		}
		c, called := client(), 0
		c.Moved = func(_ context.Context, to *url.URL) (bearer.Source, error) {
			called++
			if got := c.Judge(to); got != tt.want {
				t.Errorf("%s, user %s: Judge(%s) = %q, want %q", tt.url, tt.user, to, got, tt.want)
			}
			return bearer.Static(&oauth2.Token{AccessToken: "second"}), nil
		}
		_, err = c.FolderSync(t.Context(), "0")
		if (called == 0) != refused || errors.Is(err, eas.ErrRedirected) != refused {
			t.Errorf("%s, user %s, to %s: Moved was called %d times, error %v", tt.url, tt.user, tt.to, called, err)
		}
	}
}

// A client that is not configured refuses every host.
func TestJudgeWithoutURL(t *testing.T) {
	u, _ := url.Parse("https://mail.contoso.com/")
	if got := (&eas.Client{}).Judge(u); got != eas.VerdictRefused {
		t.Errorf("Judge = %q", got)
	}
	c := &eas.Client{URL: u} // nothing else is needed
	for host, want := range map[string]eas.Verdict{"eas.contoso.com": eas.VerdictOwn, "eas.fabrikam.com": eas.VerdictForeign, "localhost": eas.VerdictRefused} {
		if got := c.Judge(&url.URL{Scheme: "https", Host: host}); got != want {
			t.Errorf("Judge(%s) = %q, want %q", host, got, want)
		}
	}
	c.Token, c.User = tokenless{}, ada // which may be set later
	if _, err := c.Options(t.Context()); !errors.Is(err, errGone) {
		t.Errorf("Options after Judge = %v, want the error of the token", err)
	}
	if got := c.Judge(nil); got != eas.VerdictRefused {
		t.Errorf("Judge(nil) = %q", got)
	}
}
