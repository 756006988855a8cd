package archive

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/publicsuffix"

	"github.com/easoauth/easoauth/internal/origin"
)

// A StandIn replaces what identifies people, organizations and machines: the same by the same
// everywhere, and differently from one archive to the next only in numbers. Mail addresses become
// user1@domain1.example, hosts host1.domain1.example, GUIDs and addresses of the network their
// like. Hosts of Microsoft's clouds stay; of names under their domains the suffix stays. The
// zero StandIn is ready; it is not safe for concurrent use.
type StandIn struct {
	domains, labels, people, guids, addrs, texts map[string]string

	hosts  map[string]bool   // names that are hosts, however they look; with a dot in front, domains
	words  map[string]string // names of machines and people without a dot
	inside []organization    // replaced inside of words as well; those with the longest labels first
}

// An organization is known by its domain, whose first label texts repeat.
type organization struct {
	domain string
	label  *regexp.Regexp
}

// kept are hosts that everybody uses.
var kept = append([]string{
	"login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net", "login.partner.microsoftonline.cn",
	"login.chinacloudapi.cn", "sts.chinacloudapi.cn", "login.microsoftonline.de", "login.microsoftonline.us", "login.usgovcloudapi.net",
	"login-us.microsoftonline.com", "login.windows-ppe.net", "login.sovcloud-identity.fr", "login.sovcloud-identity.de", "login.sovcloud-identity.sg",
	"prod.autodetect.outlook.cloud.microsoft", "odc.officeapps.live.com", "graph.microsoft.com", "graph.windows.net", "microsoft.com",
	"www.microsoft.com", "aka.ms", "schemas.microsoft.com", "docs.microsoft.com", "learn.microsoft.com", "go.microsoft.com", "www.w3.org",
	"tools.ietf.org", "outlook.com", "outlook-cba.office365.com", "errors.edgesuite.net",
}, origin.CloudHosts...)

// shared are domains whose names are given to organizations: the suffix stays.
var shared = []string{
	"mail.onmicrosoft.com", "onmicrosoft.com", "onmicrosoft.us", "msappproxy.net", "sharepoint.com", "protection.outlook.com", "outlook.com",
	"office365.com", "office.com", "microsoftonline.com", "microsoft.com", "windows.net", "live.com", "office.net", "cloud.microsoft", "azure.com",
	"azurewebsites.net", "azurefd.net", "cloudapp.net", "trafficmanager.net", "office365.us", "microsoftonline.us", "outlook.cn",
}

// common are labels of host names that say nothing about who has them.
var common = []string{"autodiscover", "autodiscover-s", "mail", "webmail", "exchange", "outlook", "owa", "eas", "sync", "adfs", "sts", "login", "www", "_autodiscover", "_tcp",
	"resource", "mailboxmigration", "his"}

// generic are local parts of mail addresses that stand in texts as words.
var generic = []string{"info", "mail", "email", "admin", "test", "user", "users", "office", "contact", "support", "service", "exchange", "outlook", "postmaster", "system", "sync", "error", "none", "token", "null", "true", "false"}

const (
	hostPattern = `[\pL\pN_](?:[\pL\pN_-]*[\pL\pN_])?(?:\.[\pL\pN_](?:[\pL\pN_-]*[\pL\pN_])?)*`
	atPattern   = `(?:@|%40|&#64;|&#x40;|\\u0040)`
)

var (
	pieces = regexp.MustCompile(`(?i)%[0-9a-f]{2}|\\u[0-9a-f]{4}|\\[nrtbf"\\/]` + // escapes, which would lengthen the word behind them
		`|([\pL\pN._+'-]+)(` + atPattern + `)(` + hostPattern + `)` +
		`|\b([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32})\b` +
		`|(\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}\b|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7})` +
		`|(` + hostPattern + `)`)
	urlHost = regexp.MustCompile(`(?i)https?(?::|%3a)(?:/|\\/|%2f|\\u002f){2}(` + hostPattern + `)`)
	realms  = regexp.MustCompile(`(?i)realm="?(` + hostPattern + `)`)
)

func put(m *map[string]string, key, format string) string {
	if *m == nil {
		*m = map[string]string{}
	}
	v, ok := (*m)[key]
	if !ok {
		v = fmt.Sprintf(format, len(*m)+1)
		(*m)[key] = v
	}
	return v
}

// Host notes that name is a host, or a machine.
func (s *StandIn) Host(name string) {
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	if _, err := netip.ParseAddr(name); err == nil || name == "" || name == "localhost" {
		return
	}
	if !strings.Contains(name, ".") {
		if !slices.Contains(common, name) {
			put(&s.words, name, "server%d")
		}
		return
	}
	if s.hosts == nil {
		s.hosts = map[string]bool{}
	}
	if s.hosts[name] {
		return
	}
	s.hosts[name] = true
	if suffix, owned := suffixOf(name); owned && !s.hosts["."+suffix] {
		s.hosts["."+suffix] = true
		s.organization(suffix)
	}
}

// organization notes the name of who has a domain, which texts repeat.
func (s *StandIn) organization(domain string) {
	label, _, _ := strings.Cut(domain, ".")
	switch {
	case len(label) < 3 || slices.Contains(common, label) || slices.Contains(generic, label):
		return
	case len(label) < 5: // it may be a part of other words
		if s.words == nil {
			s.words = map[string]string{}
		}
		s.words[label] = put(&s.domains, domain, "domain%d")
		return
	}
	s.inside = append(s.inside, organization{domain, regexp.MustCompile("(?i)" + regexp.QuoteMeta(label))})
	slices.SortStableFunc(s.inside, func(a, b organization) int { return len(b.label.String()) - len(a.label.String()) })
}

// Address notes a mail address: its domain is a host, and its local part a name.
func (s *StandIn) Address(address string) {
	local, domain, ok := strings.Cut(strings.ToLower(address), "@")
	if !ok {
		return
	}
	s.Host(domain)
	if len(local) >= 3 && !slices.Contains(generic, local) {
		if s.words == nil {
			s.words = map[string]string{}
		}
		s.words[local] = put(&s.people, local+"@"+domain, "user%d")
	}
}

// Notice looks for hosts that only the text around them shows.
func (s *StandIn) Notice(text string) {
	for _, re := range []*regexp.Regexp{urlHost, realms} {
		for _, m := range re.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], ".") || re == urlHost {
				s.Host(m[1])
			}
		}
	}
}

// suffixOf returns the registered domain, or a shared one. owned says that it is
// an organization's.
func suffixOf(host string) (suffix string, owned bool) {
	for _, d := range shared {
		if host == d || strings.HasSuffix(host, "."+d) {
			return d, false
		}
	}
	if d, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		return d, true
	}
	return host, true
}

// standIn returns the name for a host.
func (s *StandIn) standIn(host string) string {
	if slices.Contains(kept, host) {
		return host
	}
	suffix, owned := suffixOf(host)
	out := suffix
	if owned {
		out = put(&s.domains, suffix, "domain%d") + ".example"
	}
	rest := strings.TrimSuffix(strings.TrimSuffix(host, suffix), ".")
	if rest == "" {
		return out
	}
	labels := strings.Split(rest, ".")
	for i, l := range labels {
		if !slices.Contains(common, l) {
			labels[i] = put(&s.labels, l, "host%d")
		}
	}
	return strings.Join(labels, ".") + "." + out
}

// isHost reports whether a word with dots is a host: one that was noted or is under a noted
// domain, or one that looks like it.
func (s *StandIn) isHost(word string) bool {
	lower := strings.ToLower(word)
	if s.hosts[lower] {
		return true
	}
	for h := lower; ; {
		_, rest, ok := strings.Cut(h, ".")
		if !ok {
			break
		}
		if h = rest; s.hosts["."+h] {
			return true
		}
	}
	if s.hosts["."+lower] {
		return true
	}
	if word != lower && word != strings.ToUpper(word) || !strings.ContainsFunc(word, unicode.IsLetter) {
		return false // User.Read is a permission
	}
	last := lower[strings.LastIndexByte(lower, '.')+1:]
	if slices.Contains([]string{"do", "sh", "py", "pl", "md", "zip", "net", "cc", "so", "ps", "rs", "mov"}, last) && strings.Count(lower, ".") < 2 {
		return false // asp.net, login.do
	}
	_, icann := publicsuffix.PublicSuffix(lower)
	return icann || last[0] > '9' && origin.IsLocal(lower)
}

// Text returns a text with stand-ins. Hosts that URLs in it name are noted first.
func (s *StandIn) Text(text string) string {
	s.Notice(text)
	var b strings.Builder
	end := 0
	for _, m := range pieces.FindAllStringSubmatchIndex(text, -1) {
		b.WriteString(text[end:m[0]])
		end = m[1]
		group := func(i int) string {
			if m[2*i] < 0 {
				return ""
			}
			return text[m[2*i]:m[2*i+1]]
		}
		b.WriteString(s.piece(text[m[0]:m[1]], group))
	}
	b.WriteString(text[end:])
	out := b.String()
	for _, o := range s.inside {
		out = o.label.ReplaceAllLiteralString(out, put(&s.domains, o.domain, "domain%d"))
	}
	return out
}

// piece replaces a part of a text that pieces found.
func (s *StandIn) piece(whole string, group func(int) string) string {
	switch {
	case group(3) != "":
		local, host := strings.ToLower(group(1)), strings.ToLower(group(3))
		if isGUID(local) { // a principal of a tenant
			return s.guid(group(1)) + group(2) + s.Text(group(3))
		}
		return put(&s.people, local+"@"+host, "user%d") + group(2) + s.standIn(host)
	case group(4) != "":
		return s.guid(group(4))
	case group(5) != "":
		return s.address(group(5))
	case group(6) != "":
		return s.word(group(6))
	}
	return whole
}

func (s *StandIn) word(w string) string {
	lower := strings.ToLower(w)
	if strings.Contains(w, ".") && s.isHost(w) {
		return s.standIn(lower)
	}
	if to, ok := s.words[lower]; ok {
		return to
	}
	return w
}

var guidPattern = regexp.MustCompile(`^(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

func isGUID(s string) bool { return guidPattern.MatchString(s) }

// guid keeps those of Microsoft's own services, and replaces others.
func (s *StandIn) guid(g string) string {
	lower := strings.ToLower(g)
	if strings.HasPrefix(lower, "0000000") {
		return g
	}
	to := put(&s.guids, strings.ReplaceAll(lower, "-", ""), "%08d-0000-4000-8000-000000000000")
	if !strings.Contains(g, "-") {
		return strings.ReplaceAll(to, "-", "")
	}
	return to
}

func (s *StandIn) address(a string) string {
	ip, err := netip.ParseAddr(a)
	if err != nil || ip.IsUnspecified() || ip.IsLoopback() {
		return a
	}
	if ip.Is4() {
		return put(&s.addrs, ip.String(), "192.0.2.%d")
	}
	return put(&s.addrs, ip.String(), "2001:db8::%d")
}

// Opaque returns a name for a text of which nothing is kept.
func (s *StandIn) Opaque(text string) string { return put(&s.texts, text, "text-%d") }
