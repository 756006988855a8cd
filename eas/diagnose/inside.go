package diagnose

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/fault"
	"github.com/easoauth/easoauth/token"
)

// signIn signs the user in.
func (c *check) signIn(ctx context.Context) {
	switch {
	case c.o.SignIn == nil:
		c.skip("Sign-in", "no sign-in was asked for")
		c.ended = true
		return
	case c.ended || c.config == nil:
		c.skip("Sign-in", "there is no authority to sign in at")
		c.ended = true
		return
	}
	c.within(ctx, c.o.SignInTime, "Sign-in", "an access token for the endpoint", func(ctx context.Context, p *Probe) {
		c.source = &token.Source{Config: c.config, Store: &token.MemoryStore{}, Key: "check", Flow: c.o.SignIn}
		if _, err := c.source.Token(ctx); err != nil {
			id, advice := signInFault(err)
			p.Seen = "refused"
			if r := refusal(err); r != nil && r.AADSTS != 0 {
				p.Seen = fmt.Sprintf("AADSTS%d", r.AADSTS)
				if r.CorrelationID != "" {
					p.RequestIDs = append(p.RequestIDs, r.CorrelationID)
				}
			}
			c.wrong(p, id, advice)
			c.ended = true
		}
	})
}

func refusal(err error) *token.Refusal {
	var re *token.ReauthError
	if errors.As(err, &re) {
		return &re.Refusal
	}
	return nil
}

// byNumber are the faults that Entra's numbers mean.
var byNumber = map[int]fault.ID{
	65001: "CONSENT", 65004: "CONSENT", 90094: "ADMIN_CONSENT", 90095: "ADMIN_CONSENT", 90008: "ADMIN_CONSENT",
	53003: "CA_BLOCK", 53000: "CA_BLOCK", 53001: "CA_BLOCK", 53002: "CA_BLOCK", 530032: "CA_BLOCK", 530034: "CA_BLOCK",
	530033: "DEVICE_CODE_BLOCKED", 70019: "DEVICE_CODE_BLOCKED", 7000112: "APP_DISABLED", 500011: "SPN_MISSING",
	90002: "TENANT_UNKNOWN", 50034: "USER_MISSING", 50055: "PASSWORD_EXPIRED", 50053: "ACCOUNT_BLOCKED", 50057: "ACCOUNT_BLOCKED",
}

var aadsts = regexp.MustCompile(`AADSTS(\d+)`)

// signInFault says what a sign-in that failed means, and what to open.
func signInFault(err error) (fault.ID, string) {
	var ae *token.AudienceError
	var re *token.ReauthError
	var account *token.AccountError
	var te *token.TransientError
	switch {
	case errors.As(err, &ae):
		return audienceFault(ae), ""
	case errors.As(err, &account):
		return "WRONG_ACCOUNT", ""
	case errors.As(err, &te) && te.Status != 0:
		return mishap(te), ""
	case strings.Contains(err.Error(), "MSIS9224"):
		return "ADFS_REDIRECT_PORT", ""
	case errors.As(err, &re):
		advice := ""
		if re.AdminConsentURL != "" {
			advice = "an administrator opens " + re.AdminConsentURL
		}
		if id, ok := byNumber[re.AADSTS]; ok {
			return id, advice
		}
		if re.Code == "invalid_resource" || re.Code == "invalid_target" { // AD FS has no numbers
			return "SPN_MISSING", advice
		}
	}
	if strings.Contains(err.Error(), "invalid_resource") {
		return "SPN_MISSING", ""
	}
	if m := aadsts.FindStringSubmatch(err.Error()); m != nil { // it stands in the text alone
		if n, err := strconv.Atoi(m[1]); err == nil && byNumber[n] != "" {
			return byNumber[n], ""
		}
		return "SIGN_IN_REFUSED", ""
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "DEVICE_CODE_BLOCKED", "" // the user may also have done nothing
	}
	if id := faultOf(err); id != "" {
		return id, ""
	}
	return "SIGN_IN_REFUSED", ""
}

// mishap is the fault of an authority that did respond, though not as one.
func mishap(te *token.TransientError) fault.ID {
	switch {
	case te.Status == http.StatusTooManyRequests:
		return "AUTHORITY_BUSY"
	case te.Status >= 500:
		return "AUTHORITY_FAILED"
	}
	return "AUTHORITY_GARBLED"
}

func audienceFault(ae *token.AudienceError) fault.ID {
	switch {
	case strings.HasPrefix(ae.Actual, "http://"):
		return "AUD_HTTP"
	case ae.Kind == token.AudienceOnline, ae.Kind == token.AudienceApp:
		return "AUD_IS_EXO"
	}
	return "AUD_WRONG"
}

// token looks at the token that came.
func (c *check) token(ctx context.Context) {
	if c.ended {
		return
	}
	c.probe(ctx, "Token", "audience, permission and user are those of the mailbox", func(ctx context.Context, p *Probe) {
		t, err := c.source.Token(ctx)
		if err != nil {
			p.Verdict, p.Seen = Skipped, "there is none"
			return
		}
		claims, err := token.Inspect(t.AccessToken)
		if err != nil {
			p.Verdict, p.Seen = Info, "opaque"
			return
		}
		p.Seen = "audience " + strings.Join(claims.Audience, " ")
		var ae *token.AudienceError
		if err := token.CheckAudience(claims.Audience, c.endpoint); errors.As(err, &ae) {
			c.wrong(p, audienceFault(ae), "")
			return
		}
		adfs := c.config.Authority.Kind == token.ADFS
		if len(claims.Audience) == 1 && strings.HasSuffix(claims.Audience[0], "/") != adfs {
			c.wrong(p, "AUD_SLASH", "")
		}
		if claims.Username != "" && !strings.EqualFold(claims.Username, c.address) && !sharesName(claims.Username, c.address) {
			c.wrong(p, "WRONG_ACCOUNT", "")
			return
		}
		if !claims.HasScope("EAS.AccessAsUser.All") {
			c.wrong(p, "SCOPE_MISSING", "")
			return
		}
		if trusted, known := c.offer.Trusts(claims.Tenant); known && !trusted && claims.Tenant != "" {
			c.wrong(p, "EAS_TENANT_NOT_TRUSTED", "")
		}
	})
}

// sharesName reports whether two addresses have the same local part: a user principal name
// often differs from the mail address in its domain alone.
func sharesName(a, b string) bool {
	x, _, _ := strings.Cut(a, "@")
	y, _, _ := strings.Cut(b, "@")
	return strings.EqualFold(x, y)
}

func (c *check) eas() *eas.Client {
	return &eas.Client{URL: c.endpoint, User: c.address, Token: c.source, HTTPClient: c.client, Device: eas.Device{ID: "easoauthcheck", Type: "easoauth"}}
}

// options asks what the server speaks, with the token.
func (c *check) options(ctx context.Context) {
	if c.ended {
		return
	}
	c.probe(ctx, "OPTIONS", "200 and a version that both speak", func(ctx context.Context, p *Probe) {
		o, err := c.eas().Options(ctx)
		if err != nil {
			c.refused(p, err)
			return
		}
		p.Seen = fmt.Sprint(o.Versions)
	})
}

// folders provisions, if that is demanded, and reads the folders.
func (c *check) folders(ctx context.Context) {
	if c.ended {
		return
	}
	c.probe(ctx, "FolderSync", "the folders of the mailbox", func(ctx context.Context, p *Probe) {
		f, err := c.eas().FolderSync(ctx, eas.InitialSyncKey)
		if err != nil {
			c.refused(p, err)
			return
		}
		p.Seen = fmt.Sprintf("%d folders", len(f.Added))
	})
}

// refused says why Exchange refuses a good token.
func (c *check) refused(p *Probe, err error) {
	c.ended = true
	var ee *eas.Error
	id := faultOf(err)
	if errors.As(err, &ee) {
		p.Seen = fmt.Sprintf("status %d", max(ee.HTTPStatus, ee.Status))
		if ee.RequestID != "" {
			p.RequestIDs = append(p.RequestIDs, ee.RequestID)
		}
		switch {
		case ee.Offer != nil && ee.Offer.Diagnostics != nil:
			id = diagnosticsFault(ee.Offer.Diagnostics)
		case ee.Offer != nil && ee.Offer.Claims != "":
			id = "CAE_CLAIMS"
		case ee.HTTPStatus == 449, ee.Status >= 141 && ee.Status <= 145:
			id = "EAS_449" // although the device was provisioned
		case ee.HTTPStatus == 451:
			id = "EAS_451_MOVED"
		case ee.HTTPStatus == http.StatusForbidden:
			id = "EAS_403"
		case ee.HTTPStatus == 456:
			id = "ACCOUNT_BLOCKED"
		case ee.HTTPStatus == 457:
			id = "PASSWORD_EXPIRED"
		case errors.Is(err, eas.ErrVersion):
			id = "EAS_VERSION_138"
		}
	}
	if id == "" {
		id = "EAS_UNREACHABLE"
	}
	c.wrong(p, id, "")
}

// diagnosticsFault is the fault that Exchange's own diagnostics name.
func diagnosticsFault(d *bearer.Diagnostics) fault.ID {
	switch d.Code {
	case 2000000:
		return "CERT_METADATA_STALE"
	case 2000002:
		return "TOKEN_EXPIRED"
	case 2000003:
		if d.TLSOffloading() {
			return "TLS_OFFLOAD"
		}
		return "AUD_HOST_MISMATCH"
	case 2000004:
		return "TENANT_MISSING"
	case 2000005:
		if strings.Contains(d.Reason, "ambiguous") {
			return "USER_AMBIGUOUS"
		}
		return "USER_MISSING"
	case 2000008:
		return "SCOPE_MISSING"
	case 2000020:
		return "TENANT_RESTRICTION"
	case 4000000:
		return "EAS_FLIGHTING"
	}
	return "SERVER_FAILED"
}
