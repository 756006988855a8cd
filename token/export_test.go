package token

import (
	"errors"
	"net/url"
)

var (
	CheckScopes  = checkScopes
	DecodeClaims = decodeClaims
)

// EndsGrant returns the error of a refusal and whether it drops a refresh token.
func EndsGrant(kind AuthorityKind, grant string, r Refusal) (ended bool, err error) {
	err = classify(inquiry{kind: kind, grant: grant}, r, errors.New("cause"), 0)
	return endsGrant(err, kind), err
}

// OAuthErrors lists the values of error that are known, none, and one that is not.
func OAuthErrors() []string {
	names := []string{"invalid_grant", "something_new", ""}
	for name := range oauthErrors {
		names = append(names, name)
	}
	return names
}

// Suberrors lists the values of suberror that are known, none, and one that is not.
func Suberrors() []string {
	names := []string{"", "something_new"}
	for name := range suberrors {
		names = append(names, name)
	}
	return names
}

// Explain returns the error of a refusal of what c requests.
func Explain(c *Config, grant string, r Refusal) error {
	return classify(c.inquiry(url.Values{"grant_type": {grant}}), r, nil, 0)
}
