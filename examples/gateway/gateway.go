package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/token"
)

const (
	easPath = "/microsoft-server-activesync"
	v2Path  = "/autodiscover/autodiscover.json"
	// metadataPath is where RFC 9728 section 3.1 puts the metadata of a resource at easPath.
	metadataPath = "/.well-known/oauth-protected-resource"

	maxBody = 64 << 20
	// maxAnswer is the longest heartbeat and some more: a Ping is answered when something
	// happens.
	maxAnswer = time.Hour + 5*time.Minute
)

// A login is whom the server behind the gateway takes a user for.
type login struct{ name, password string }

// A gateway demands a bearer token for an ActiveSync server that knows none.
type gateway struct {
	verifier *token.Verifier
	public   *url.URL // under which clients reach the gateway
	logins   map[string]login
	proxy    *httputil.ReverseProxy
	log      *slog.Logger
}

// loginKey is the context key of the login of a request.
type loginKey struct{}

// newGateway returns a gateway to upstream, the server's ActiveSync URL.
func newGateway(v *token.Verifier, upstream *url.URL, logins map[string]login, log *slog.Logger) *gateway {
	g := &gateway{verifier: v, public: v.Endpoint, logins: logins, log: log}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	transport.ResponseHeaderTimeout = maxAnswer
	// QUIRK: SOGo closes the connection behind every answer and does not say so, and a
	// request with a body cannot be sent again.
	transport.DisableKeepAlives = true
	transport.DisableCompression = true // bodies pass as they are
	g.proxy = &httputil.ReverseProxy{
		Transport:     transport,
		FlushInterval: -1,
		ErrorLog:      slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		Rewrite: func(r *httputil.ProxyRequest) {
			to := r.In.Context().Value(loginKey{}).(login)
			u := *upstream
			u.RawQuery = asLogin(r.In.URL.RawQuery, to.name)
			r.Out.URL, r.Out.Host = &u, ""
			r.Out.Header.Del("X-User-Identity")
			r.Out.SetBasicAuth(to.name, to.password)
		},
		ModifyResponse: func(r *http.Response) error {
			// A client must not be asked for a password.
			r.Header.Del("WWW-Authenticate")
			if r.StatusCode == http.StatusUnauthorized {
				return errors.New("the server behind the gateway refuses the login of the user")
			}
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if r.Context().Err() != nil {
				return // the client has left
			}
			log.Warn("no answer from behind the gateway", "error", err)
			w.WriteHeader(http.StatusBadGateway)
		},
	}
	return g
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch path := strings.ToLower(r.URL.Path); {
	case strings.TrimSuffix(path, "/") == easPath:
		g.activeSync(w, r)
	case path == v2Path, strings.HasPrefix(path, v2Path+"/v1.0/"):
		g.autodiscover(w, r)
	case path == metadataPath, path == metadataPath+easPath:
		g.metadata(w)
	default:
		http.NotFound(w, r)
	}
}

// activeSync passes on what a valid token comes with.
func (g *gateway) activeSync(w http.ResponseWriter, r *http.Request) {
	claims, err := g.authenticate(r)
	var ve *token.VerifyError
	switch {
	case claims == nil && (err == nil || errors.As(err, &ve)):
		g.log.Info("challenge", "method", r.Method, "error", err)
		for name, values := range g.verifier.Challenge(err) {
			w.Header()[name] = values
		}
		g.pointToMetadata(w.Header())
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(http.StatusUnauthorized)
		return
	case err != nil:
		g.log.Warn("no verdict on a token", "error", err)
		w.Header().Set("Retry-After", "30")
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	to, ok := g.logins[strings.ToLower(claims.Username)]
	if !ok {
		g.log.Info("refused: no login for the user of a token", "claims", claims)
		http.Error(w, "no mailbox for this user", http.StatusForbidden)
		return
	}
	if !isOwn(r.URL.Query().Get("User"), claims.Username, to.name) {
		g.log.Info("refused: the User in the query is not the user of the token", "claims", claims)
		http.Error(w, "the User in the query is not the user of the token", http.StatusForbidden)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	g.proxy.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), loginKey{}, to)))
	g.log.Info("passed", "method", r.Method, "command", r.URL.Query().Get("Cmd"), "claims", claims)
}

// metadata publishes which authority issues tokens for this server (RFC 9728), for clients
// that do not know Exchange's authorization_uri.
func (g *gateway) metadata(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(bearer.Metadata{
		Resource:             g.public.String(),
		AuthorizationServers: []string{g.verifier.Authority.Issuer},
		Scopes:               token.Scopes(g.verifier.Authority.Kind, g.public),
		Methods:              []string{"header"},
	})
}

// pointToMetadata adds resource_metadata to the Bearer challenges.
func (g *gateway) pointToMetadata(h http.Header) {
	at := url.URL{Scheme: g.public.Scheme, Host: g.public.Host, Path: metadataPath + g.public.Path}
	challenges, err := bearer.Parse(h.Values("WWW-Authenticate"))
	if err != nil {
		return
	}
	h.Del("WWW-Authenticate")
	for _, c := range challenges {
		if c.Is("Bearer") {
			c.Params = append(c.Params[:len(c.Params):len(c.Params)], bearer.Param{Name: "resource_metadata", Value: at.String()})
		}
		h.Add("WWW-Authenticate", c.String())
	}
}

// authenticate verifies the token of a request. Both results are nil if there is none, as
// when a client asks with an empty one.
func (g *gateway) authenticate(r *http.Request) (*token.Claims, error) {
	fields := r.Header.Values("Authorization")
	if len(fields) > 1 {
		return nil, &token.VerifyError{Kind: token.VerifyMalformed, Reason: "more than one Authorization field"}
	}
	if len(fields) == 0 {
		return nil, nil
	}
	scheme, raw, _ := strings.Cut(fields[0], " ")
	if raw = strings.TrimSpace(raw); raw == "" || !strings.EqualFold(scheme, "Bearer") {
		return nil, nil
	}
	return g.verifier.Verify(r.Context(), raw)
}

// isOwn reports whether the User of a query names the user of the token: by the address, by
// the login, or with a domain before it. The base64 form of a query names none.
func isOwn(user, address, name string) bool {
	if i := strings.LastIndexByte(user, '\\'); i >= 0 {
		user = user[i+1:]
	}
	local, _, _ := strings.Cut(address, "@")
	return user == "" || strings.EqualFold(user, address) || strings.EqualFold(user, name) || strings.EqualFold(user, local)
}

// asLogin puts the login into the query, where servers compare the two.
func asLogin(rawQuery, name string) string {
	parts := strings.Split(rawQuery, "&")
	for i, p := range parts {
		if k, _, ok := strings.Cut(p, "="); ok && strings.EqualFold(k, "User") {
			parts[i] = k + "=" + url.QueryEscape(name)
		}
	}
	return strings.Join(parts, "&")
}

// autodiscover answers AutoDiscover v2 with the gateway's own URL, whoever asks: it must
// not tell which addresses there are.
func (g *gateway) autodiscover(w http.ResponseWriter, r *http.Request) {
	protocol := ""
	for name, values := range r.URL.Query() {
		if strings.EqualFold(name, "Protocol") {
			protocol = values[0]
		}
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	var answer any = map[string]string{"Protocol": "ActiveSync", "Url": g.public.String()}
	if !strings.EqualFold(protocol, "ActiveSync") {
		w.WriteHeader(http.StatusBadRequest)
		answer = map[string]string{"ErrorCode": "ProtocolNotSupported",
			"ErrorMessage": fmt.Sprintf("The given protocol value '%.64s' is not supported. Supported values are 'ActiveSync'", protocol)}
	}
	_ = json.NewEncoder(w).Encode(answer) // a client that has left needs none
}
