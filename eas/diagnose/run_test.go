package diagnose_test

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/diagnose"
	"github.com/easoauth/easoauth/eas/eastest"
)

// Hosts that accept a connection and say nothing cost about one timeout, however many they are.
func TestHangingHosts(t *testing.T) {
	const cloud, own, mail, detect, adfs = "outlook.office365.com", "autodiscover.contoso.com", "mail.contoso.com", "prod.autodetect.outlook.cloud.microsoft", "login.microsoftonline.com"
	for _, hosts := range [][]string{{cloud, own, detect}, {cloud, own, mail}, {cloud, mail, detect}, {mail}, {own}, {adfs}, {cloud, own, mail, detect, adfs}} {
		for _, value := range []string{"request", "connection"} {
			t.Run(strings.Join(hosts, " ")+" "+value, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var faults []eastest.Fault
					for _, h := range hosts {
						faults = append(faults, eastest.Fault{ID: "NO_RESPONSE", Host: h, Value: value, Optional: true})
					}
					tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, Faults: faults})
					tn.AddMailbox(ada)
					began := time.Now()
					r, err := diagnose.Run(t.Context(), ada, &diagnose.Options{HTTPClient: tn.Client(), AutoDetect: true})
					if err != nil {
						t.Fatal(err)
					}
					if took := time.Since(began); took > diagnose.DefaultTimeout*5/4 {
						t.Errorf("%v, and a timeout is %v", took, diagnose.DefaultTimeout)
					}
					if slices.Contains(hosts, mail) && r.Healthy() {
						t.Error("healthy")
					}
				})
			})
		}
	}
}

// Whichever probes end first, the report has them in one order, and Progress is told of each.
func TestOrder(t *testing.T) {
	var first []string
	for range 5 {
		synctest.Test(t, func(t *testing.T) {
			tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
			tn.AddMailbox(ada)
			told := 0
			r, err := diagnose.Run(t.Context(), ada, &diagnose.Options{HTTPClient: tn.Client(), AutoDetect: true, Security: true, Progress: func(diagnose.Probe) { told++ }})
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, p := range r.Probes {
				names = append(names, p.Name)
			}
			if first == nil {
				first = names
			}
			if diff := cmp.Diff(first, names); diff != "" || told != len(names) {
				t.Errorf("%d told of %d\n%s", told, len(names), diff)
			}
		})
	}
}

// A server that names a strange authority, or lets a device respond, gets no token, although the
// sign-in is checked.
func TestTokenIsWithheld(t *testing.T) {
	for _, id := range []string{"EAS_UNEXPECTED_AUTHORITY", "EAS_NOT_EXCHANGE", "EAS_UNREACHABLE"} {
		synctest.Test(t, func(t *testing.T) {
			tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, Faults: []eastest.Fault{{ID: id}}})
			tn.AddMailbox(ada)
			r, err := diagnose.Run(t.Context(), ada, &diagnose.Options{HTTPClient: tn.Client(), ClientID: eastest.ClientID, SignIn: flow(tn, nil)})
			if err != nil {
				t.Fatal(err)
			}
			if p := probe(r, "Token"); p.Verdict != diagnose.Pass {
				t.Errorf("%s: %+v", id, p)
			}
			if p := probe(r, "OPTIONS"); p.Verdict != diagnose.Skipped {
				t.Errorf("%s: %+v", id, p)
			}
			if !slices.Contains(r.Findings[0].Blocks, "OPTIONS") {
				t.Errorf("%s: %+v", id, r.Findings[0])
			}
			for _, q := range tn.Requests() {
				if q.Host == "mail.contoso.com" && q.Authorization == "Bearer …" {
					t.Errorf("%s: a token in %v", id, q)
				}
			}
		})
	}
}

func probe(r *diagnose.Report, name string) diagnose.Probe {
	for _, p := range r.Probes {
		if p.Name == name {
			return p
		}
	}
	return diagnose.Probe{}
}

// A zone is a DNS server.
type zone struct {
	addrs map[string][]string
	cname map[string]string
	srv   []*net.SRV
	down  bool
}

func (z zone) LookupNetIP(_ context.Context, _, host string) (out []netip.Addr, err error) {
	if z.down {
		return nil, &net.DNSError{Err: "server misbehaving", Name: host, IsTemporary: true}
	}
	for _, a := range z.addrs[host] {
		out = append(out, netip.MustParseAddr(a))
	}
	if out == nil {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return out, nil
}

func (z zone) LookupCNAME(_ context.Context, host string) (string, error) {
	if c := z.cname[host]; c != "" {
		return c + ".", nil
	}
	return host + ".", nil
}

func (z zone) LookupSRV(context.Context, string, string, string) (string, []*net.SRV, error) {
	return "", z.srv, nil
}

func TestDNS(t *testing.T) {
	const mail, own = "mail.contoso.com", "autodiscover.contoso.com"
	for name, tt := range map[string]struct {
		zone     zone
		fault    string
		seen     string
		evidence []string
	}{
		"public": {zone{addrs: map[string][]string{mail: {"9.9.9.9", "2620:fe::fe"}, own: {"9.9.9.9"}}, cname: map[string]string{own: mail}, srv: []*net.SRV{{Target: "mail.contoso.com.", Port: 443}}}, "",
			"mail.contoso.com 9.9.9.9, 2620:fe::fe",
			[]string{"CNAME autodiscover.contoso.com: mail.contoso.com", "A autodiscover.contoso.com: 9.9.9.9", "A mail.contoso.com: 9.9.9.9", "AAAA mail.contoso.com: 2620:fe::fe", "SRV _autodiscover._tcp.contoso.com: mail.contoso.com:443"}},
		"split horizon": {zone{addrs: map[string][]string{mail: {"10.1.2.3"}}}, "PRIVATE_ADDRESS", "mail.contoso.com 10.1.2.3",
			[]string{"A, AAAA autodiscover.contoso.com does not exist", "A mail.contoso.com: 10.1.2.3", "SRV _autodiscover._tcp.contoso.com: none"}},
		"both":     {zone{addrs: map[string][]string{mail: {"10.1.2.3", "9.9.9.9"}}}, "PRIVATE_ADDRESS", "mail.contoso.com 9.9.9.9, 10.1.2.3", nil},
		"no reply": {zone{down: true}, "DNS_FAILED", "mail.contoso.com: the DNS server does not respond", nil},
	} {
		t.Run(name, func(t *testing.T) {
			tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
			tn.AddMailbox(ada, &eas.Email{})
			r, err := diagnose.Run(t.Context(), ada, &diagnose.Options{HTTPClient: tn.Client(), DNS: tt.zone})
			if err != nil {
				t.Fatal(err)
			}
			p := probe(r, "DNS")
			if p.Fault != tt.fault || p.Seen != tt.seen {
				t.Errorf("%+v", p)
			}
			if diff := cmp.Diff(tt.evidence, p.Evidence); diff != "" && tt.evidence != nil {
				t.Error(diff)
			}
			// The server is reached all the same, as inside of an organization.
			if tt.fault == "PRIVATE_ADDRESS" && (name == "split horizon") != r.Healthy() {
				t.Errorf("%+v", r.Findings)
			}
		})
	}
}

// What the last look at the server with a token shows.
func TestDeepProbes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
		tn.AddMailbox(ada, &eas.Email{Subject: "one"}, &eas.Email{Subject: "two"})
		r, err := diagnose.Run(t.Context(), ada, &diagnose.Options{HTTPClient: tn.Client(), ClientID: eastest.ClientID, SignIn: flow(tn, nil), RequestBytes: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{
			"Provision": "the policy is accepted", "Settings": "1 addresses", "FolderSync": "10 folders", "Device access": "mail is shown", "Large request": "1024 KB are read",
		} {
			if p := probe(r, name); p.Seen != want || p.Verdict != diagnose.Pass {
				t.Errorf("%s: %+v", name, p)
			}
		}
		if !r.Healthy() {
			t.Errorf("%+v", r.Findings)
		}
	})
}

// What Options leave out is not asked.
func TestNotAsked(t *testing.T) {
	const cloud, own = "outlook.office365.com", "autodiscover.contoso.com"
	for name, tt := range map[string]struct {
		o   diagnose.Options
		not []string
	}{
		"no cloud": {diagnose.Options{NoCloud: true}, []string{cloud}},
		"a host":   {diagnose.Options{Host: "mail.contoso.com"}, []string{cloud}},
		"nothing":  {diagnose.Options{}, []string{"prod.autodetect.outlook.cloud.microsoft"}},
	} {
		t.Run(name, func(t *testing.T) {
			tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
			tn.AddMailbox(ada)
			tt.o.HTTPClient = tn.Client()
			r, err := diagnose.Run(t.Context(), ada, &tt.o)
			if err != nil || !r.Healthy() {
				t.Fatalf("%v %+v", err, r)
			}
			for _, q := range tn.Requests() {
				if slices.Contains(tt.not, q.Host) {
					t.Errorf("asked: %v", q)
				}
			}
		})
	}
}

// Exchange Online speaks 16.1 alone, which is worth a note; so is an address inside of the organization.
func TestNotes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tn := eastest.New(t, nil)
		tn.AddMailbox(ada)
		r, err := diagnose.Run(t.Context(), ada, &diagnose.Options{HTTPClient: tn.Client(), ClientID: eastest.ClientID, SignIn: flow(tn, nil),
			DNS: zone{addrs: map[string][]string{"outlook.office365.com": {"10.1.2.3"}}}})
		if err != nil {
			t.Fatal(err)
		}
		var notes []string
		for _, f := range r.Notes {
			notes = append(notes, f.Fault)
		}
		if diff := cmp.Diff([]string{"PRIVATE_ADDRESS", "EXO_161_ONLY"}, notes); diff != "" || !r.Healthy() {
			t.Errorf("%s\n%+v", diff, r.Findings)
		}
	})
}

// A device that rules block or keep in quarantine is told so: in quarantine all but the Inbox
// responds as if it were let in.
func TestDeviceAccess(t *testing.T) {
	for name, tt := range map[string]struct {
		level       eastest.AccessLevel
		probe, seen string
	}{
		"allowed":     {eastest.Allowed, "Device access", "mail is shown"},
		"quarantined": {eastest.Quarantined, "Device access", "quarantined"},
		"blocked":     {eastest.Blocked, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, DeviceAccess: tt.level})
				tn.AddMailbox(ada, &eas.Email{Subject: "one"}, &eas.Email{Subject: "two"})
				r, err := diagnose.Run(t.Context(), ada, &diagnose.Options{HTTPClient: tn.Client(), ClientID: eastest.ClientID, SignIn: flow(tn, nil)})
				if err != nil {
					t.Fatal(err)
				}
				if p := probe(r, tt.probe); p.Seen != tt.seen {
					t.Errorf("%+v", p)
				}
				want := "EAS_403"
				if name == "allowed" {
					want = diagnose.Healthy
				}
				if r.Root != want {
					t.Errorf("root %s, want %s: %+v", r.Root, want, r.Probes)
				}
			})
		})
	}
}

// A front end that takes no large requests is named.
func TestLargeRequest(t *testing.T) {
	for name, f := range map[string]eastest.Failure{"413": {Status: 413, From: 2}, "500": {Status: 500, From: 2, Times: 10}, "404": {Status: 404, From: 2}, "cut": {From: 2, Times: 10}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
				tn.AddMailbox(ada, &eas.Email{Subject: "one"})
				tn.Fail("FolderSync", f)
				r, err := diagnose.Run(t.Context(), ada, &diagnose.Options{HTTPClient: tn.Client(), ClientID: eastest.ClientID, SignIn: flow(tn, nil), RequestBytes: 1 << 20})
				if err != nil {
					t.Fatal(err)
				}
				if p := probe(r, "Large request"); p.Fault != "EAS_MAXREQUEST" || r.Root != "EAS_MAXREQUEST" {
					t.Errorf("root %s: %+v", r.Root, p)
				}
			})
		})
	}
}
