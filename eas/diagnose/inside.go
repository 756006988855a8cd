package diagnose

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/fault"
	"github.com/easoauth/easoauth/internal/safehttp"
	"github.com/easoauth/easoauth/token"
)

// inside goes on with a sign-in, if one is wanted.
func (c *check) inside(ctx context.Context) {
	deep := []string{probeToken, probeOptions, probeProvision, probeSettings, probeFolders, probeAccess}
	switch {
	case c.o.SignIn == nil:
		c.skip("no sign-in was asked for", probeSignIn)
		return
	case c.config == nil:
		c.blocks("there is no authority to sign in at", probeSignIn)
		return
	}
	for i, f := range []func(ctx context.Context) bool{c.signIn, c.token, c.options, c.provision, c.settings, c.folders, c.access, c.large} {
		if !f(ctx) {
			c.blocks("what it needs failed", deep[min(i, len(deep)):]...)
			return
		}
		if i == 1 && c.withhold {
			c.blocks("the server gets no token: it is not what it should be", deep[1:]...)
			return
		}
	}
}

// signIn signs the user in.
func (c *check) signIn(ctx context.Context) (ok bool) {
	c.within(ctx, c.o.SignInTime, probeSignIn, "an access token for the endpoint", func(ctx context.Context, s *step) {
		c.source = &token.Source{Config: c.config, Store: &token.MemoryStore{}, Key: "check", Flow: c.o.SignIn}
		_, err := c.source.Token(ctx)
		if ok = err == nil; ok {
			s.Seen = "signed in at " + c.config.Authority.Host
			return
		}
		id, advice := signInFault(err)
		s.Seen = "refused"
		if _, ok := c.o.SignIn.(*token.DeviceCode); ok && errors.Is(err, context.DeadlineExceeded) {
			id, s.Seen = "DEVICE_CODE_BLOCKED", "nobody signed in" // the user may also have done nothing
		}
		c.signInFault = id
		if r := refusal(err); r != nil && r.AADSTS != 0 {
			s.Seen = fmt.Sprintf("AADSTS%d", r.AADSTS)
			s.id(r.CorrelationID)
		}
		if advice == "" && consents[id] {
			if u := c.config.Authority.AdminConsentURL(c.config.ClientID, ""); u != "" {
				advice = "an administrator opens " + u
			}
		}
		s.wrong(id, advice)
	})
	return ok
}

// consents are the faults that an administrator's consent mends.
var consents = map[fault.ID]bool{"CONSENT": true, "ADMIN_CONSENT": true}

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
	var recorded *recordedError
	var te *token.TransientError
	switch {
	case errors.As(err, &recorded):
		return recorded.fault, ""
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

// token looks at the token that came. It reports whether Exchange may take it.
func (c *check) token(ctx context.Context) (ok bool) {
	c.probe(ctx, probeToken, "audience, permission and user are those of the mailbox", func(ctx context.Context, s *step) {
		ok = true
		t, err := c.source.Token(ctx)
		if err != nil {
			s.skip("there is none")
			return
		}
		claims, err := token.Inspect(t.AccessToken)
		if err != nil {
			s.Verdict, s.Seen = Info, "opaque"
			return
		}
		s.Seen = "audience " + strings.Join(claims.Audience, " ")
		s.Evidence = append(s.Evidence, "iss "+safehttp.Plain(claims.Issuer, 200), "scp "+safehttp.Plain(claims.Scope, 200),
			fmt.Sprintf("ver %s, %s from issue to expiry", safehttp.Plain(claims.Version, 8), claims.Expiry.Sub(claims.IssuedAt)))
		var ae *token.AudienceError
		if err := token.CheckAudience(claims.Audience, c.endpoint); errors.As(err, &ae) {
			s.wrong(audienceFault(ae), "")
			ok = false
			return
		}
		adfs := c.config.Authority.Kind == token.ADFS
		if len(claims.Audience) == 1 && strings.HasSuffix(claims.Audience[0], "/") != adfs {
			s.wrong("AUD_SLASH", "")
		}
		if claims.Username != "" && !strings.EqualFold(claims.Username, c.address) && !sharesName(claims.Username, c.address) {
			s.wrong("WRONG_ACCOUNT", "")
			ok = false
			return
		}
		if !claims.HasScope("EAS.AccessAsUser.All") {
			s.wrong("SCOPE_MISSING", "")
			ok = false
		}
		if c.offer == nil {
			return
		}
		if trusted, known := c.offer.Trusts(claims.Tenant); known && !trusted && claims.Tenant != "" {
			s.wrong("EAS_TENANT_NOT_TRUSTED", "")
		}
	})
	return ok
}

// sharesName reports whether two addresses have the same local part: a user principal name
// often differs from the mail address in its domain alone.
func sharesName(a, b string) bool {
	x, _, _ := strings.Cut(a, "@")
	y, _, _ := strings.Cut(b, "@")
	return strings.EqualFold(x, y)
}

// deviceID is that of the check, so that it is one device however often it runs.
const deviceID = "easoauthcheck"

func (c *check) eas() *eas.Client {
	if c.eac == nil {
		c.eac = &eas.Client{URL: c.endpoint, User: c.address, Token: c.source, HTTPClient: c.watched(), Device: eas.Device{ID: deviceID, Type: "easoauth"}}
	}
	return c.eac
}

// options asks what the server speaks, with the token.
func (c *check) options(ctx context.Context) (ok bool) {
	c.command(ctx, c.o.Timeout, probeOptions, "200 and a version that both speak", func(ctx context.Context, s *step) {
		o, err := c.eas().Options(ctx)
		if ok = err == nil; !ok {
			s.refused(err)
			return
		}
		s.Seen = "versions"
		for _, v := range o.Versions {
			s.Seen += " " + string(v)
		}
		if len(o.Versions) == 1 && o.Versions[0] == eas.Version161 {
			s.wrong("EXO_161_ONLY", "")
		}
	})
	return ok
}

// provision accepts the policy of the organization, as every client must.
func (c *check) provision(ctx context.Context) (ok bool) {
	c.command(ctx, c.o.Timeout, probeProvision, "a policy, or none", func(ctx context.Context, s *step) {
		p, err := c.eas().Provision(ctx)
		switch ok = err == nil; {
		case !ok:
			s.refused(err)
		case p == nil:
			s.Seen = "no policy"
		default:
			s.Seen = "the policy is accepted"
		}
	})
	return ok
}

// settings says which device this is, and reads the user's addresses.
func (c *check) settings(ctx context.Context) (ok bool) {
	c.command(ctx, c.o.Timeout, probeSettings, "the device is described, and the server knows the user's addresses", func(ctx context.Context, s *step) {
		err := c.eas().SetDeviceInformation(ctx, nil)
		if err == nil {
			var u *eas.UserInformation
			if u, err = c.eas().UserInformation(ctx); err == nil {
				s.Seen = fmt.Sprintf("%d addresses", len(u.Addresses))
				if !slices.ContainsFunc(u.Addresses, func(a string) bool { return strings.EqualFold(a, c.address) }) && len(u.Addresses) > 0 {
					s.Verdict = Info
					s.Seen += ", and the one that is checked is not among them"
				}
			}
		}
		ok = true
		switch {
		case err == nil:
		case errors.Is(err, eas.ErrVersion): // versions before 12.0 have no Settings
			s.skip("the server's version has no Settings")
		case errors.Is(err, eas.ErrUnexpectedContent): // SOGo leaves results out; what is not ActiveSync shows in the next step
			s.Verdict, s.Seen = Info, "the response lacks the result, as that of servers other than Exchange"
		default:
			s.refused(err)
			ok = false
		}
	})
	return ok
}

// folders reads the folders.
func (c *check) folders(ctx context.Context) (ok bool) {
	c.command(ctx, c.o.Timeout, probeFolders, "the folders of the mailbox", func(ctx context.Context, s *step) {
		f, err := c.eas().FolderSync(ctx, eas.InitialSyncKey)
		if ok = err == nil; !ok {
			s.refused(err)
			return
		}
		s.Seen = fmt.Sprintf("%d folders", len(f.Added))
		for _, x := range f.Added {
			if x.Type == eas.FolderInbox {
				c.inbox = x.ID
			}
		}
	})
	return ok
}

// access looks whether a rule keeps the device in quarantine: all that it has done so far succeeds
// there, and the Inbox holds a notice and nothing else.
func (c *check) access(ctx context.Context) bool {
	if c.inbox == "" {
		c.skip("there is no Inbox", probeAccess)
		return true
	}
	c.command(ctx, c.o.Timeout, probeAccess, "the server shows this device the Inbox", func(ctx context.Context, s *step) {
		o := &eas.SyncOptions{Window: 2}
		page, err := c.eas().Sync(ctx, c.inbox, eas.InitialSyncKey, o)
		if err == nil && len(page.Added) == 0 && page.Key != eas.InitialSyncKey {
			page, err = c.eas().Sync(ctx, c.inbox, page.Key, o)
		}
		if err != nil {
			s.refused(err)
			return
		}
		switch err := c.eas().CheckAccess(page); {
		case errors.Is(err, eas.ErrDeviceQuarantined):
			s.Seen = "quarantined"
			s.wrong("EAS_403", "the device is in quarantine: allow it in the Exchange admin center under Mobile, or by Set-CASMailbox <user> -ActiveSyncAllowedDeviceIDs @{Add='"+deviceID+"'}")
		case errors.Is(err, eas.ErrDevicePending):
			s.Verdict, s.Seen = Info, "the Inbox is empty, or nothing is shown yet"
		default:
			s.Seen = "mail is shown"
		}
	})
	return true
}

// large sends more than a front end may take, in a command that changes nothing: the
// folder hierarchy is requested with a key of that length, which no server has made.
func (c *check) large(ctx context.Context) bool {
	if c.o.RequestBytes <= 0 {
		return true
	}
	c.command(ctx, max(c.o.Timeout, time.Minute), probeLargeRequest, "the server reads the request, and refuses the key", func(ctx context.Context, s *step) {
		_, err := c.eas().FolderSync(ctx, eas.SyncKey(strings.Repeat("0", c.o.RequestBytes)))
		var ee *eas.Error
		s.Seen = fmt.Sprintf("%d KB are read", c.o.RequestBytes>>10)
		switch errors.As(err, &ee); {
		case err == nil, ee != nil && ee.Status != 0 && ee.HTTPStatus < 400, ee != nil && ee.HTTPStatus == http.StatusBadRequest:
		case ee != nil:
			s.Seen = fmt.Sprintf("status %d", ee.HTTPStatus)
			s.id(ee.RequestID)
			s.wrong("EAS_MAXREQUEST", fmt.Sprintf("a request of %d KB is refused", c.o.RequestBytes>>10))
		default:
			s.Seen = "no response"
			s.wrong("EAS_MAXREQUEST", fmt.Sprintf("the connection ends while a request of %d KB is sent", c.o.RequestBytes>>10))
		}
	})
	return true
}

// refused says why Exchange refuses a good token.
func (s *step) refused(err error) {
	var ee *eas.Error
	id := faultOf(err)
	if errors.As(err, &ee) {
		s.Seen = fmt.Sprintf("status %d", max(ee.HTTPStatus, ee.Status))
		if ee.HTTPStatus == 0 || ee.HTTPStatus == http.StatusOK {
			s.Seen = fmt.Sprintf("status %d", ee.Status)
		}
		s.id(ee.RequestID)
		switch {
		case ee.Offer != nil && ee.Offer.Diagnostics != nil:
			id = diagnosticsFault(ee.Offer.Diagnostics)
		case ee.Offer != nil && ee.Offer.Claims != "":
			id = "CAE_CLAIMS"
		case ee.HTTPStatus == 449, ee.Status >= 141 && ee.Status <= 145:
			id = "EAS_449" // although the device was provisioned
		case ee.HTTPStatus == 451:
			id = "EAS_451_MOVED"
		case errors.Is(err, eas.ErrForbidden):
			id = "EAS_403"
		case ee.HTTPStatus == 456:
			id = "ACCOUNT_BLOCKED"
		case ee.HTTPStatus == 457:
			id = "PASSWORD_EXPIRED"
		case errors.Is(err, eas.ErrVersion):
			id = "EAS_VERSION_138"
		case errors.Is(err, eas.ErrProvisionRequired):
			id = "EAS_449"
		}
	}
	if id == "" {
		id = "EAS_UNREACHABLE"
	}
	s.wrong(id, "")
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
