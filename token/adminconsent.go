package token

import (
	"errors"
	"net/url"
)

// AdminConsentURL returns the page where an administrator of an organization grants the app what
// its registration requests, for all users. Show it if a [*ReauthError] of kind [ReauthConsent]
// says that consent is missing; its AdminConsentURL is the same URL. The browser returns to
// redirect, which the app registration must list, with admin_consent=True or with an error; if
// redirect is empty, to the first one that is registered. The result is "" for AD FS and OpenID
// providers, which have no such page, and for personal accounts.
func (a *Authority) AdminConsentURL(clientID, redirect string) string {
	if a == nil || a.Kind != Entra || a.Tenant == "consumers" || clientID == "" {
		return ""
	}
	tenant := a.Tenant
	if tenant == "" || tenant == "common" {
		tenant = "organizations" // the organisation that the administrator signs in to
	}
	u := &url.URL{Scheme: "https", Host: a.Host, Path: "/" + tenant + "/adminconsent"}
	if a.loopback {
		u.Scheme = "http"
	}
	q := url.Values{"client_id": {clientID}}
	if redirect != "" {
		q.Set("redirect_uri", redirect)
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// withConsent adds to an error about missing consent where it can be given.
func (c *Config) withConsent(err error) error {
	var re *ReauthError
	if errors.As(err, &re) && re.Kind == ReauthConsent {
		re.AdminConsentURL = c.Authority.AdminConsentURL(c.ClientID, "")
	}
	return err
}
