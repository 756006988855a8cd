package bearer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/easoauth/easoauth/internal/safehttp"
)

// ErrMetadata is matched when the protected resource metadata of a challenge cannot be
// followed: it is at another origin, describes another resource, or cannot be read.
var ErrMetadata = errors.New("bearer: protected resource metadata cannot be followed")

// MaxMetadataBytes bounds a metadata document, in bytes.
const MaxMetadataBytes = 256 << 10

// Metadata is the protected resource metadata of a server (RFC 9728 section 2). It is not
// verified.
type Metadata struct {
	Resource             string   `json:"resource"`
	AuthorizationServers []string `json:"authorization_servers,omitempty"` // issuers
	Scopes               []string `json:"scopes_supported,omitempty"`
	Methods              []string `json:"bearer_methods_supported,omitempty"`
	Name                 string   `json:"resource_name,omitempty"`
}

// FollowMetadata fetches the document to which the resource_metadata of an offer points (RFC 9728
// section 5), for a server that is not Exchange and names no authorization_uri. Nothing in this
// module calls it by itself. The document must be at the origin of endpoint, as the challenge is,
// and describe a resource that endpoint is or lies under (section 3.3). The request carries no
// credential, follows no redirect and ends after [ProbeTimeout]; a nil client is
// http.DefaultClient.
//
// The returned offer is o with the authorization server of the document as its AuthorizationURI;
// if there are several, the first that prefer accepts, or the first if prefer is nil. Package
// token decides whether that authority is trusted. The error matches [ErrMetadata] or wraps that
// of the request.
func FollowMetadata(ctx context.Context, c *http.Client, endpoint *url.URL, o *Offer, prefer func(issuer string) bool) (*Offer, *Metadata, error) {
	refuse := func(why string) (*Offer, *Metadata, error) {
		return nil, nil, fmt.Errorf("%w: %s", ErrMetadata, why)
	}
	if o == nil || o.ResourceMetadata == "" {
		return refuse("the challenge has no resource_metadata")
	}
	if err := safehttp.CheckURL(endpoint); err != nil {
		return refuse("the endpoint is not an absolute https URL")
	}
	at, _ := url.Parse(o.ResourceMetadata) // nil if it does not parse
	if safehttp.CheckURL(at) != nil {
		return refuse("resource_metadata is not an absolute https URL")
	}
	if !safehttp.SameOrigin(at, endpoint) {
		return refuse("resource_metadata is at another origin than the endpoint")
	}
	ctx, cancel := context.WithTimeout(ctx, ProbeTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return refuse("the request cannot be made")
	}
	req.Header.Set("Accept", "application/json")
	resp, err := safehttp.Do(c, req)
	if err != nil {
		return nil, nil, fmt.Errorf("bearer: protected resource metadata: %w", err)
	}
	defer safehttp.Drain(resp.Body)
	if resp.StatusCode != http.StatusOK {
		return refuse(fmt.Sprintf("status %d", resp.StatusCode))
	}
	body, err := safehttp.ReadSized(resp.Body, resp.ContentLength, MaxMetadataBytes)
	if err != nil {
		return nil, nil, fmt.Errorf("bearer: protected resource metadata: %w", err)
	}
	var m Metadata
	if json.Unmarshal(body, &m) != nil {
		return refuse("the document is not JSON of the form of RFC 9728")
	}
	if !describes(m.Resource, endpoint) {
		return refuse("the document describes another resource than the endpoint")
	}
	m.AuthorizationServers = slices.DeleteFunc(m.AuthorizationServers, func(s string) bool {
		u, _ := url.Parse(s)
		return safehttp.CheckURL(u) != nil
	})
	i := 0
	if prefer != nil {
		i = slices.IndexFunc(m.AuthorizationServers, prefer)
	}
	if i < 0 || i >= len(m.AuthorizationServers) {
		return refuse("the document names no authorization server that can be used")
	}
	out := *o
	out.AuthorizationURI = m.AuthorizationServers[i]
	if out.Scope == nil {
		out.Scope = m.Scopes
	}
	return &out, &m, nil
}

// describes reports whether endpoint is the resource, or lies under it.
func describes(resource string, endpoint *url.URL) bool {
	r, _ := url.Parse(resource)
	if safehttp.CheckURL(r) != nil || !safehttp.SameOrigin(r, endpoint) || r.RawQuery != "" || r.Fragment != "" {
		return false
	}
	base := strings.TrimSuffix(r.EscapedPath(), "/")
	rest, ok := strings.CutPrefix(endpoint.EscapedPath(), base)
	return ok && (rest == "" || rest[0] == '/')
}
