package main

import (
	"fmt"

	"github.com/emersion/go-sasl"

	"github.com/easoauth/easoauth/bearer"
)

// mechanism is a SASL client of one of the two mechanisms that carry a token.
type mechanism struct {
	name     string // sasl.OAuthBearer or xoauth2
	response []byte
	refused  *bearer.SASLError // what the server said, if it refused
}

const xoauth2 = "XOAUTH2"

var _ sasl.Client = (*mechanism)(nil)

// newMechanism prefers the mechanism that is a standard.
func newMechanism(has func(name string) bool, user, accessToken string) (*mechanism, error) {
	m := &mechanism{}
	switch {
	case has(sasl.OAuthBearer):
		m.name, m.response = sasl.OAuthBearer, bearer.OAUTHBEARER(user, "", 0, accessToken)
	case has(xoauth2):
		m.name, m.response = xoauth2, bearer.XOAUTH2(user, accessToken)
	default:
		return nil, fmt.Errorf("the server offers neither %s nor %s", sasl.OAuthBearer, xoauth2)
	}
	if m.response == nil {
		return nil, fmt.Errorf("the user's name holds characters that %s does not carry", m.name)
	}
	return m, nil
}

// Start returns the response that holds the token.
func (m *mechanism) Start() (string, []byte, error) { return m.name, m.response, nil }

// Next reads why the server refuses the token, and lets it end the exchange.
func (m *mechanism) Next(challenge []byte) ([]byte, error) {
	e, err := bearer.ParseSASLError(challenge)
	if err != nil {
		return nil, err
	}
	m.refused = e
	if m.name == sasl.OAuthBearer {
		return []byte{1}, nil // RFC 7628 section 3.2.3
	}
	return nil, nil
}
