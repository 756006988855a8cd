package token

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/easoauth/easoauth/bearer"
)

// exchangeID is the application ID of Exchange, which its challenge names.
const exchangeID = "00000002-0000-0ff1-ce00-000000000000"

// Challenge returns the header fields of the response with status 401 that refuses a request as
// Exchange does: a Bearer challenge that names the authority, and, for a token that was refused
// with a [*VerifyError], its number and reason in X-MS-Diagnostics. With a nil err, for a request
// without a token or with the empty one of a client that probes, the result is the challenge
// alone.
//
// An error of another type does not refuse the token: respond with status 503. Challenge treats it
// as nil.
func (v *Verifier) Challenge(err error) http.Header {
	c := bearer.Challenge{Scheme: "Bearer", Params: []bearer.Param{{Name: "client_id", Value: exchangeID}}}
	add := func(name, value string) {
		if value != "" {
			c.Params = append(c.Params, bearer.Param{Name: name, Value: value})
		}
	}
	if a := v.Authority; a != nil {
		if a.Kind == Entra {
			issuers := make([]string, 0, len(v.Tenants))
			for _, t := range v.Tenants {
				issuers = append(issuers, "00000001-0000-0000-c000-000000000000@"+quotable(t))
			}
			add("trusted_issuers", strings.Join(issuers, ","))
		}
		if u := a.AuthorizationEndpoint; u != nil {
			add("authorization_uri", u.String())
		}
	}
	h := http.Header{}
	var ve *VerifyError
	if errors.As(err, &ve) {
		add("error", "invalid_token")
		d := ve.Diagnostics()
		h.Set("X-MS-Diagnostics", fmt.Sprintf(`%d;reason="%s";error_category="%s"`, d.Code, d.Reason, d.Category))
	}
	h.Set("WWW-Authenticate", c.String())
	return h
}
