package bearer

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/internal/safehttp"
)

var (
	// ErrForeignOrigin is matched when a request is not for the origin of
	// [Transport.Endpoint]. Nothing has been sent.
	ErrForeignOrigin = errors.New("bearer: request to another origin than the token's")
	// ErrNoToken is matched when a [Source] returned neither a token nor an error, or a
	// token that cannot be sent.
	ErrNoToken = errors.New("bearer: the source returned no token that can be sent")
)

// A Transport is an [http.RoundTripper] that adds the token of its Source to requests to
// one origin, and refuses to send any other. Put it into an [http.Client]:
//
//	client := &http.Client{Transport: &bearer.Transport{Source: source, Endpoint: endpoint}}
//
// When the server refuses the token, with status 401 or with a 403 that has a Bearer
// challenge, and the Source is a [Refresher], the token is refreshed once and the request
// sent once more, if its body can be read again (it has none, or GetBody is set). If the
// Refresher returns an error, RoundTrip returns a [*RefreshError], whose Offer has the
// diagnostics of the refusal; a token.Source does so where another token would be refused too.
// In all other cases (the Source is not a Refresher, the body cannot be read again, the second
// token is refused as well) the refusal is returned as it came; [FromResponse] reads it.
//
// A redirect that the http.Client follows to another origin ends in [ErrForeignOrigin], and
// a request that has an Authorization already is refused. Nothing is retried but the one
// refusal. Errors hold no token. The Transport starts no goroutine, closes bodies as
// [http.RoundTripper] demands, and waits no longer than the request's context, as far as
// its Source and Base do. It is safe for concurrent use if Source and Base are; of many
// requests that are refused the same token each calls Refresh with it.
type Transport struct {
	Source   Source            // required
	Endpoint *url.URL          // required, https; the first request fixes its origin, which is the only one that gets the token
	Base     http.RoundTripper // if nil, http.DefaultTransport

	fix    sync.Once
	origin *url.URL // of Endpoint at the first request
}

// fixed returns the origin of the endpoint as of the first request: a URL that the caller
// changes later sends the token nowhere else.
func (t *Transport) fixed() *url.URL {
	t.fix.Do(func() {
		if t.Endpoint != nil {
			t.origin = &url.URL{Scheme: t.Endpoint.Scheme, Host: t.Endpoint.Host}
		}
	})
	return t.origin
}

// RoundTrip sends the request with a token.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	tok, err := t.check(req)
	if err != nil {
		closeBody(req)
		return nil, err
	}
	resp, err := t.send(req, req.Body, tok)
	if err != nil || !refused(resp) {
		return resp, err
	}
	refresher, ok := t.Source.(Refresher)
	if !ok || !replayable(req) {
		return resp, nil
	}
	body, err := rewind(req)
	if err != nil {
		return resp, nil
	}
	// The connection is free before the refresh, which may need it.
	refusal := *resp
	refusal.Header = withoutToken(resp.Header, tok)
	resp = &refusal
	offer := offerOf(resp)
	discard(resp)
	next, err := refresher.Refresh(req.Context(), tok, offer)
	if err == nil {
		err = usable(next)
	}
	if err == nil && next.AccessToken == tok.AccessToken {
		err = fmt.Errorf("%w: it is the refused one", ErrNoToken)
	}
	if err != nil {
		if body != nil {
			body.Close()
		}
		return nil, &RefreshError{Status: resp.StatusCode, Offer: offer, RequestID: safehttp.RequestID(resp.Header), Err: err}
	}
	return t.send(req, body, next)
}

// minSecret is the length from which a token is cut out of what a server says: a shorter one
// would be found in words.
const minSecret = 16

// without returns text without the token, which a server may repeat anywhere.
func without(text string, tok *oauth2.Token) string {
	if len(tok.AccessToken) < minSecret {
		return text
	}
	return strings.ReplaceAll(text, tok.AccessToken, "…")
}

// withoutToken returns a copy of h without the token. The Base may share what it returned.
func withoutToken(h http.Header, tok *oauth2.Token) http.Header {
	h = h.Clone()
	for _, values := range h {
		for i := range values {
			values[i] = without(values[i], tok)
		}
	}
	return h
}

// offerOf returns all that an answer says about its refusal.
func offerOf(resp *http.Response) *Offer {
	offer, err := FromResponse(resp)
	var oe *OfferError
	if offer == nil && errors.As(err, &oe) {
		offer = oe.Offer
	}
	return offer
}

// discard frees the connection: for reuse if little is left to read, else by closing it.
func discard(resp *http.Response) {
	if resp.ContentLength >= 0 && resp.ContentLength <= 64<<10 {
		safehttp.Drain(resp.Body)
		return
	}
	resp.Body.Close()
}

// A RefreshError says that the server refused a token and that the [Refresher] returned no
// other.
type RefreshError struct {
	Status    int
	Offer     *Offer // what the server said
	RequestID string
	Err       error // of the [Refresher]
}

func (e *RefreshError) Error() string {
	s := fmt.Sprintf("bearer: token refused with status %d", e.Status)
	if e.RequestID != "" {
		s += ", request-id " + e.RequestID
	}
	if e.Offer != nil && e.Offer.Diagnostics != nil {
		s += ", " + e.Offer.Diagnostics.String()
	}
	return fmt.Sprintf("%s; no other token: %v", s, e.Err)
}

func (e *RefreshError) Unwrap() error { return e.Err }

func (t *Transport) check(req *http.Request) (*oauth2.Token, error) {
	origin := t.fixed()
	switch {
	case t.Source == nil || origin == nil:
		return nil, errors.New("bearer: Transport needs Source and Endpoint")
	case req.URL == nil:
		return nil, errors.New("bearer: request without a URL")
	case !safehttp.SameOrigin(req.URL, origin):
		return nil, fmt.Errorf("%w: the token is for %s and the request for %s; it was not sent",
			ErrForeignOrigin, safehttp.Clean(safehttp.Origin(origin), 256), safehttp.Clean(safehttp.Origin(req.URL), 256))
	}
	if err := safehttp.CheckURL(req.URL); err != nil {
		return nil, fmt.Errorf("bearer: no token is sent: %w", err)
	}
	// Servers that share an address are told apart by Host: it decides who gets the token.
	if req.Host != "" && !safehttp.SameOrigin(&url.URL{Scheme: req.URL.Scheme, Host: req.Host}, origin) {
		return nil, fmt.Errorf("%w: Request.Host is another host than the URL's; it was not sent", ErrForeignOrigin)
	}
	for name := range req.Header {
		if equalFold(name, "Authorization") { // whatever the case: net/http sends it as it is
			return nil, errors.New("bearer: the request already has an Authorization field: remove it, the transport sets it")
		}
	}
	tok, err := t.Source.Token(req.Context())
	if err != nil {
		return nil, err
	}
	if err := usable(tok); err != nil {
		return nil, err
	}
	return tok, nil
}

// usable reports whether a token can be sent: b64token of RFC 6750 section 2.1, of type
// Bearer.
func usable(tok *oauth2.Token) error {
	switch {
	case tok == nil || tok.AccessToken == "":
		return fmt.Errorf("%w: it is empty", ErrNoToken)
	case !isToken68(tok.AccessToken):
		return fmt.Errorf("%w: it has a byte that no token can have", ErrNoToken)
	case tok.Type() != "Bearer":
		return fmt.Errorf("%w: its type is not Bearer", ErrNoToken)
	}
	return nil
}

func (t *Transport) send(req *http.Request, body io.ReadCloser, tok *oauth2.Token) (*http.Response, error) {
	out := req.Clone(req.Context())
	if out.Header == nil {
		out.Header = http.Header{}
	}
	out.Body = body
	out.Header.Set("Authorization", "Bearer "+tok.AccessToken)
	base := t.Base
	if base == nil {
		base = http.DefaultTransport
	}
	resp, err := base.RoundTrip(out)
	if resp != nil {
		resp.Request = req // which has no token, and prints
	}
	// net/http quotes a response that it cannot read.
	if err != nil {
		if text := err.Error(); without(text, tok) != text {
			err = errors.New(without(text, tok))
		}
	}
	return resp, err
}

// refused reports whether the answer refuses the token.
func refused(resp *http.Response) bool {
	if resp.StatusCode == http.StatusUnauthorized {
		return true
	}
	if resp.StatusCode != http.StatusForbidden {
		return false
	}
	challenges, _, _ := ParseLenient(resp.Header.Values("WWW-Authenticate"))
	for _, c := range challenges {
		if c.Is("Bearer") {
			return true
		}
	}
	return false
}

func replayable(req *http.Request) bool {
	return req.Body == nil || req.Body == http.NoBody || req.GetBody != nil
}

func rewind(req *http.Request) (io.ReadCloser, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return req.Body, nil
	}
	return req.GetBody()
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		req.Body.Close()
	}
}
