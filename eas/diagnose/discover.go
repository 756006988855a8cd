package diagnose

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/internal/fault"
	"github.com/easoauth/easoauth/internal/front"
	"github.com/easoauth/easoauth/internal/origin"
	"github.com/easoauth/easoauth/internal/safehttp"
)

// headStart is how much longer the cloud's response is waited for when the organization's own has
// come: the cloud knows of mailboxes that were moved.
const headStart = 2 * time.Second

// find returns the ActiveSync URL, or nil. The cloud and the organization's own AutoDiscover are
// asked side by side, and so is, in case both fail, where ActiveSync often is. What is slower
// than needed goes on in beside.
func (c *check) find(ctx context.Context, beside *sync.WaitGroup) *url.URL {
	if c.o.Endpoint != nil {
		c.skip("the endpoint was given", probeOwn)
		c.detect(ctx, beside)
		return c.place(c.o.Endpoint, false)
	}
	_, domain, _ := strings.Cut(c.address, "@")
	detected := c.detect(ctx, beside)

	results := make(chan *lookup, 2)
	asked := 0
	ask := func(l *lookup) {
		asked++
		c.sides = append(c.sides, l)
		beside.Go(func() {
			l.run(ctx, c)
			results <- l
		})
	}
	if c.o.Host == "" && !c.o.NoCloud {
		ask(&lookup{name: probeCloud, cloud: true})
	}
	ask(&lookup{name: probeOwn})
	guessed := make(chan guess, 1)
	beside.Go(func() { guessed <- c.guess(ctx, "mail."+domain) })

	var cloud, own *lookup
	var enough <-chan time.Time
	for wait := true; wait && asked > 0; {
		select {
		case l := <-results:
			asked--
			if l.cloud {
				cloud = l
			} else {
				own = l
			}
		case <-enough:
			wait = false
		case <-ctx.Done():
			return nil
		}
		switch {
		case cloud != nil && cloud.endpoint != nil, cloud != nil && own != nil && own.endpoint != nil:
			wait = false
		case own != nil && own.endpoint != nil && enough == nil:
			enough = time.After(headStart)
		}
	}
	c.lost = cloud != nil && cloud.lost
	for _, l := range []*lookup{cloud, own} {
		if l != nil && l.endpoint != nil {
			return c.place(l.endpoint, false)
		}
	}
	// Nothing names the URL. The rest of the deployment can be looked at all the same.
	c.guessed = <-guessed
	select {
	case u := <-detected:
		if u != nil {
			return c.place(u, true)
		}
	case <-ctx.Done():
		return nil
	}
	if c.guessed.endpoint != nil {
		return c.place(c.guessed.endpoint, true)
	}
	if cloud != nil && own != nil && (own.alias || own.worst == "DNS_NXDOMAIN") && cloud.worst != "DNS_NXDOMAIN" && !cloud.lost {
		return c.place(&url.URL{Scheme: "https", Host: "outlook.office365.com", Path: activeSyncPath}, true)
	}
	return nil
}

// activeSyncPath is the virtual directory of ActiveSync.
const activeSyncPath = "/Microsoft-Server-ActiveSync"

// place looks at the endpoint itself. It returns nil if clients cannot sign in there at all.
func (c *check) place(u *url.URL, guessed bool) *url.URL {
	c.report.Endpoint = u.String()
	hybrid := strings.HasSuffix(strings.ToLower(u.Hostname()), ".msappproxy.net")
	if !guessed && !hybrid {
		return u
	}
	s := &step{Probe: Probe{Name: probeEndpoint, Verdict: Info, Expected: "AutoDiscover names it", Seen: "not named by AutoDiscover: " + u.Host + " is tried"}}
	if hybrid {
		s.Expected, s.Seen = "a server that clients reach directly", u.Host
		s.wrong("HYBRID_AGENT", "")
	}
	c.journal.add(s)
	if hybrid {
		return nil
	}
	return u
}

// A lookup asks one side where the mailbox is. Each host that was asked is a line of the
// evidence.
type lookup struct {
	name  string
	cloud bool

	step     *step
	endpoint *url.URL
	lost     bool     // the cloud does not place the address
	alias    bool     // the organization's name is that of the cloud
	worst    fault.ID // of the hops, if there is no endpoint
}

func (l *lookup) run(ctx context.Context, c *check) {
	expected := "a host of the organization names an https ActiveSync URL"
	if l.cloud {
		expected = "the cloud names the ActiveSync URL, or leads to the organization's AutoDiscover"
	}
	c.probe(ctx, l.name, expected, func(ctx context.Context, s *step) {
		r := &autodiscover.Resolver{HTTPClient: c.client, Host: c.o.Host, NoCloud: !l.cloud, NoHost: l.cloud, HeadStart: c.o.Timeout, Patience: c.o.Timeout}
		if !l.cloud && c.o.DNS != nil && c.o.Host == "" {
			r.AskSRV, r.LookupSRV = true, c.o.DNS.LookupSRV
		}
		e, err := r.Lookup(ctx, c.address)
		var hops []autodiscover.Hop
		var le *autodiscover.LookupError
		switch {
		case err == nil:
			hops, l.endpoint = e.Hops, e.URL
			s.Seen = "https://" + e.URL.Host + e.URL.Path
		case errors.As(err, &le):
			hops, s.Seen = le.Hops, "no endpoint"
		default:
			s.Seen = safehttp.Plain(err.Error(), 200)
		}
		for _, h := range hops {
			if h.By != "" {
				s.By = h.By
			}
			s.id(h.Server.RequestID)
			s.Evidence = append(s.Evidence, evidence(h))
			id := hopFault(h)
			if id == "TLS_CERT_INVALID" && isAlias(h.Err) {
				l.alias = true
				continue
			}
			l.lost = l.lost || l.cloud && id == "AD_SELF_REDIRECT"
			// A host may lack what another has.
			if id == "" || h.Candidate == "SRV" || l.endpoint != nil && (weak[id] || fault.Get(id).Severity != fault.Fail) {
				continue
			}
			if l.worst == "" || weak[l.worst] && !weak[id] || weak[l.worst] == weak[id] && before(id, l.worst) {
				l.worst = id
			}
		}
		switch {
		case l.worst != "" || l.endpoint != nil:
		case l.alias:
			s.Verdict, s.Seen = Info, "the name leads to the cloud"
		default:
			if l.worst = "NO_RESPONSE"; ctx.Err() != nil {
				s.Seen = "no response in time"
			}
		}
		switch fault.Get(l.worst).Severity { // whether it counts shows when the other side has responded
		case fault.Fail:
			s.Verdict = Fail
		case fault.Warn:
			s.Verdict = Warn
		}
		if weak[l.worst] {
			s.Verdict = Info
		}
		l.step = s
	})
}

// judge says which faults of AutoDiscover count. Those of the organization's own do not for a mailbox
// that the cloud places, and weak ones do not where the other side makes up for them.
func judge(sides []*lookup) {
	placed, known := false, false
	for _, l := range sides {
		placed = placed || l.cloud && l.endpoint != nil && origin.Matches(strings.ToLower(l.endpoint.Hostname()), origin.CloudHosts)
		known = known || l.endpoint != nil || l.worst != "" && !weak[l.worst]
	}
	for _, l := range sides {
		switch {
		case l.step == nil || l.worst == "":
		case placed && !l.cloud, weak[l.worst] && known:
			l.step.Verdict = Info
		default:
			l.step.wrong(l.worst, "")
		}
	}
}

// evidence is a hop as one line.
func evidence(h autodiscover.Hop) string {
	line := "GET " + h.URL
	if h.Status != 0 {
		line += fmt.Sprintf(": %d", h.Status)
	} else {
		line += ": no response"
	}
	if h.Next != "" {
		line += ", to " + h.Next
	}
	if h.By != "" {
		line += ", from " + h.By
	}
	return safehttp.Plain(line, 300)
}

// weak are the faults of one side that the other makes up for: they are the root only if there
// is nothing else.
var weak = map[fault.ID]bool{"DNS_NXDOMAIN": true, "AD_SELF_REDIRECT": true}

// hopFault is the fault that a hop shows, as an administrator would name it.
func hopFault(h autodiscover.Hop) fault.ID {
	id := faultOf(h.Err)
	switch {
	case strings.HasSuffix(h.Next, ".msappproxy.net"):
		return "HYBRID_AGENT"
	case id == "AD_REDIRECT_DOWNGRADE" && slices.Contains(origin.CloudHosts, hostOf(h.URL)):
		return "CAPTIVE_PORTAL" // the cloud itself does no such thing
	case h.Status == http.StatusOK && id == "AD_ERROR_CODE":
		return "AD_ERROR_IN_200"
	}
	return id
}

// aliases are the sites of the hosts to which the cloud's customers point autodiscover.<domain>.
var aliases = []string{".outlook.com", ".office365.us", ".outlook.cn", ".sovcloud.fr", ".sovcloud.de"}

// isAlias reports whether a certificate is the cloud's, under a customer's name: that is what the
// CNAME record autodiscover.<domain> of a mailbox in the cloud looks like over https.
func isAlias(err error) bool { return aliasOf(err) != "" }

// aliasOf returns the name in the certificate that is the cloud's, or "".
func aliasOf(err error) string {
	var other x509.HostnameError
	if !errors.As(err, &other) || other.Certificate == nil {
		return ""
	}
	for _, name := range other.Certificate.DNSNames {
		if origin.Matches(strings.TrimPrefix(name, "*"), aliases) {
			return name
		}
	}
	return ""
}

// A guess is what came of asking where ActiveSync often is, in case that nothing else tells.
type guess struct {
	host     string
	endpoint *url.URL // nil if it is not there
	err      error    // why the host is not reached
}

func (c *check) guess(ctx context.Context, host string) guess {
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	u := &url.URL{Scheme: "https", Host: host, Path: activeSyncPath}
	resp, body, err := c.get(ctx, http.MethodOptions, u, nil)
	if err != nil || resp.StatusCode == http.StatusNotFound {
		return guess{host: host, err: err}
	}
	switch w := front.Of(resp, body); {
	case w.Kind == front.Portal, w.Kind == front.Website && !w.Login:
		return guess{host: host}
	}
	return guess{host: host, endpoint: u}
}

// What Outlook for iOS and Android asks before AutoDiscover.
const (
	detectHost  = "prod.autodetect.outlook.cloud.microsoft"
	detectQuery = "services=office365,outlook,google,icloud,yahoo&protocols=rest-cloud,rest-outlook,rest-office365,eas,imap,smtp"
)

// detect asks the service that Outlook for iOS and Android asks first. The channel gets the
// on-premises URL that it names, or nil.
func (c *check) detect(ctx context.Context, beside *sync.WaitGroup) <-chan *url.URL {
	out := make(chan *url.URL, 1)
	if !c.o.AutoDetect {
		out <- nil
		return out
	}
	beside.Go(func() {
		var named *url.URL
		c.probe(ctx, probeDetect, "a service of Office 365, with the on-premises URL if the mailbox is there", func(ctx context.Context, s *step) {
			named = c.autodetect(ctx, s)
		})
		out <- named
	})
	return out
}

func (c *check) autodetect(ctx context.Context, s *step) *url.URL {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+detectHost+"/detect?"+detectQuery, nil)
	if err != nil {
		return nil
	}
	req.Header.Set("X-Email", c.address)
	resp, err := safehttp.Do(c.client, req)
	if err != nil {
		s.skip("the service does not respond")
		return nil
	}
	defer resp.Body.Close()
	var found struct {
		Services  []struct{ Service, OnPrem string }
		Protocols []struct{ Protocol string }
	}
	b, err := safehttp.ReadAll(resp.Body, 1<<16)
	if err != nil || resp.StatusCode != http.StatusOK || json.Unmarshal(b, &found) != nil {
		s.skip(fmt.Sprintf("the service responds with status %d", resp.StatusCode))
		return nil
	}
	s.Seen = fmt.Sprintf("%d services, %d protocols", len(found.Services), len(found.Protocols))
	if len(found.Services) == 0 {
		s.wrong("AUTODETECT_NOT_HYBRID", "")
	}
	_, domain, _ := strings.Cut(strings.ToLower(c.address), "@")
	for _, x := range found.Services {
		// The service is not the organization's: what it names is taken within the mail domain alone.
		if u, err := url.Parse(x.OnPrem); err == nil && safehttp.CheckURL(u) == nil && origin.Matches(strings.ToLower(u.Hostname()), origin.Site(domain)) {
			u.RawQuery, u.Fragment, u.User = "", "", nil
			s.Evidence = append(s.Evidence, "on-premises: "+safehttp.Plain(u.Host, 128))
			return u
		}
	}
	return nil
}
