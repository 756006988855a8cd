package eastest

import (
	"slices"
	"strings"
)

// A Topology says where mailboxes are and who signs their users in.
type Topology int

// The topologies.
const (
	// Cloud is Exchange Online alone.
	Cloud Topology = iota
	// Hybrid is Exchange on-premises with hybrid modern authentication: Microsoft Entra ID
	// signs the users in. Mailboxes are at mail.<Domain>, those of [Mailbox.Move] in the cloud.
	Hybrid
	// OnPremises is Exchange without a cloud: AD FS at adfs.<Domain> signs the users in.
	OnPremises
)

func (t Topology) String() string {
	switch t {
	case Cloud:
		return "cloud"
	case Hybrid:
		return "hybrid"
	case OnPremises:
		return "on-premises"
	}
	return "unknown topology"
}

// Topology returns the tenant's topology.
func (tn *Tenant) Topology() Topology { return tn.at.Topology }

// A nation is one of Microsoft's clouds and its hosts.
type nation struct {
	name                    string // as Options.Nation has it
	exchange, other, secure string // outlook.office365.com, outlook.office.com, autodiscover-s.outlook.com
	login, alias, provider  string
	sts                     string // the issuer's host of v1 tokens
}

// nations are Microsoft's clouds, the worldwide one first. Source: CSS-Exchange
// Get-CloudServiceEndpoint.ps1, 2026-04; MSAL Go's list of authorities.
var nations = []nation{
	{name: "", exchange: cloudHost, other: "outlook.office.com", secure: "autodiscover-s.outlook.com",
		login: loginHost, alias: aliasHost, sts: "sts.windows.net", provider: "Global"},
	{name: "GCC High", exchange: "outlook.office365.us", secure: "autodiscover-s.office365.us",
		login: "login.microsoftonline.us", alias: "login.usgovcloudapi.net", sts: "sts.windows.net", provider: "GCCHigh"},
	{name: "DoD", exchange: "outlook-dod.office365.us", secure: "autodiscover-s-dod.office365.us",
		login: "login.microsoftonline.us", alias: "login.usgovcloudapi.net", sts: "sts.windows.net", provider: "DoD"},
	{name: "China", exchange: "partner.outlook.cn", secure: "autodiscover-s.partner.outlook.cn",
		login: "login.partner.microsoftonline.cn", alias: "login.chinacloudapi.cn", sts: "sts.chinacloudapi.cn", provider: "Gallatin"},
	{name: "Bleu", exchange: "outlook.sovcloud.fr", secure: "autodiscover-s.outlook.sovcloud.fr",
		login: "login.sovcloud-identity.fr", sts: "sts.sovcloud-identity.fr", provider: "Bleu"},
	{name: "Delos", exchange: "outlook.sovcloud.de", secure: "autodiscover-s.outlook.sovcloud.de",
		login: "login.sovcloud-identity.de", sts: "sts.sovcloud-identity.de", provider: "Delos"},
}

func nationOf(name string) nation {
	for _, n := range nations {
		if strings.EqualFold(n.name, name) {
			return n
		}
	}
	panic("eastest: no such cloud: " + name)
}

// domains returns the accepted domains, the first of them first.
func (o *Options) domains() []string { return append([]string{o.Domain}, o.Domains...) }

// accepts reports whether the organization has the domain of an address.
func (o *Options) accepts(addr string) bool {
	_, domain, _ := strings.Cut(strings.ToLower(addr), "@")
	return slices.Contains(o.domains(), domain)
}

// hasCloud and hasPremises say which sides the organization has.
func (o *Options) hasCloud() bool    { return o.Topology != OnPremises }
func (o *Options) hasPremises() bool { return o.Topology != Cloud }

// isPremises reports whether a host is the organization's own.
func (tn *Tenant) isPremises(host string) bool {
	return tn.at.hasPremises() && slices.ContainsFunc(tn.at.domains(), func(d string) bool { return strings.HasSuffix(host, "."+d) || host == d })
}

// faulty reports whether faults of a server show at this host: at the organization's own, or,
// where it has none, in the cloud.
func (tn *Tenant) faulty(host string) bool { return !tn.at.hasPremises() || tn.isPremises(host) }
