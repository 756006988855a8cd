package eastest

import (
	"crypto/subtle"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// An App is an application registered with the authority, in addition to the public client of
// [Options.ClientID].
type App struct {
	ID string // client_id

	// Secret makes it a confidential client; so does Certificate, whose key signs the client's
	// assertions (RFC 7523, RS256 or PS256).
	Secret      string
	Certificate *x509.Certificate

	// Resource is the identifier of its own API, for which users get tokens that it exchanges on
	// their behalf; if "", api://<ID>.
	Resource string

	// Redirects are redirect URIs beside those on loopback. If there are any, AD FS takes these
	// alone, port included.
	Redirects []string
}

func (a *App) resource() string {
	if a.Resource == "" {
		return "api://" + a.ID
	}
	return strings.TrimSuffix(a.Resource, "/")
}

func (a *App) confidential() bool { return a.Secret != "" || a.Certificate != nil }

// app returns the application of a client_id, or nil. Entra ID knows none where the
// organization has no cloud.
func (tn *Tenant) app(r *http.Request, id string) *App {
	if !tn.at.hasCloud() && !tn.isADFS(r) {
		return nil
	}
	if strings.EqualFold(id, tn.o.ClientID) {
		return &App{ID: tn.o.ClientID}
	}
	for i := range tn.o.Apps {
		if strings.EqualFold(tn.o.Apps[i].ID, id) {
			return &tn.o.Apps[i]
		}
	}
	return nil
}

// authenticate checks the application of a token request. If it cannot, it returns the number
// of Entra's error.
func (tn *Tenant) authenticate(r *http.Request) (*App, string) {
	f := r.PostForm
	id, secret := f.Get("client_id"), f.Get("client_secret")
	if user, password, ok := r.BasicAuth(); ok { // client_secret_basic, RFC 6749 section 2.3.1
		id, _ = url.QueryUnescape(user)
		secret, _ = url.QueryUnescape(password)
	}
	if id == "" {
		return nil, "900144"
	}
	a := tn.app(r, id)
	assertion := f.Get("client_assertion")
	switch {
	case a == nil:
		return nil, "700016"
	case tn.disabled(r):
		return nil, "7000112"
	case !a.confidential() && (secret != "" || assertion != ""):
		return nil, "700025"
	case !a.confidential():
		return a, ""
	case assertion != "":
		if a.Certificate == nil || f.Get("client_assertion_type") != assertionType || !tn.isAssertion(a, assertion, "https://"+hostOf(r)+r.URL.Path) {
			return nil, "700027"
		}
		return a, ""
	case secret == "":
		return nil, "7000218"
	case a.Secret == "" || subtle.ConstantTimeCompare([]byte(secret), []byte(a.Secret)) != 1:
		return nil, "7000215"
	}
	return a, ""
}

// disabled reports whether the administrator has disabled the application.
func (tn *Tenant) disabled(r *http.Request) bool {
	_, ok := tn.shows("APP_DISABLED", hostOf(r), "")
	return ok
}

// assertionType is that of RFC 7523 section 2.2.
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// isAssertion reports whether a client assertion is the application's own, for this endpoint.
func (tn *Tenant) isAssertion(a *App, raw, endpoint string) bool {
	jws, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.RS256, jose.PS256})
	if err != nil {
		return false
	}
	b, err := jws.Verify(a.Certificate.PublicKey)
	if err != nil {
		return false
	}
	var c struct {
		Issuer   string `json:"iss"`
		Subject  string `json:"sub"`
		Audience any    `json:"aud"`
		Expires  int64  `json:"exp"`
		Begins   int64  `json:"nbf"`
	}
	if json.Unmarshal(b, &c) != nil {
		return false
	}
	var audience []string
	switch v := c.Audience.(type) {
	case string:
		audience = []string{v}
	case []any:
		for _, x := range v {
			if s, ok := x.(string); ok {
				audience = append(audience, s)
			}
		}
	}
	now := tn.now().Unix()
	return strings.EqualFold(c.Issuer, a.ID) && strings.EqualFold(c.Subject, a.ID) && slices.Contains(audience, endpoint) &&
		now < c.Expires && c.Begins <= now+clockSkew
}

// clockSkew is by how many seconds the clock of a client may be ahead.
const clockSkew = 5 * 60

// redirects reports whether the application may be sent back there. Of an application that
// names its redirect URIs, AD FS takes these alone.
func (a *App) redirects(uri string, adfs bool) bool {
	if slices.Contains(a.Redirects, uri) {
		return true
	}
	return isLoopback(uri) && (!adfs || len(a.Redirects) == 0)
}
