package diagnose

import (
	"slices"
	"strings"

	"github.com/easoauth/easoauth/internal/fault"
)

// order is the order in which an administrator mends faults: that of the table, which is the
// dance's. What the network does comes before what servers say.
var order = func() map[fault.ID]int {
	out := map[fault.ID]int{}
	for i, f := range fault.All() {
		out[f.ID] = i
	}
	for _, id := range []fault.ID{"CAPTIVE_PORTAL", "PROXY_UNREACHABLE", "PROXY_AUTH", "DNS_FAILED"} {
		out[id] = -10
	}
	return out
}()

// before reports whether a is to be mended before b.
func before(a, b fault.ID) bool {
	x, y := rank(a), rank(b)
	if x != y {
		return x < y
	}
	return order[a] < order[b]
}

// rank puts what fails before what should be mended.
func rank(id fault.ID) int {
	switch fault.Get(id).Severity {
	case fault.Fail:
		return 0
	case fault.Warn:
		return 1
	}
	return 2
}

// hints are the faults of severity info that a check may report as the root, since they are what
// an administrator set up and a client meets; the others are notes.
var hints = map[fault.ID]bool{"AD_NOT_V2": true, "CAE_CLAIMS": true, "EAS_449": true, "EAS_451_CBA": true}

// noted are the faults of severity warn that break nothing by themselves, or that do not show for
// sure from outside.
var noted = map[fault.ID]bool{"BUILD_UNSUPPORTED": true, "AUTODETECT_BYPASSED": true}

// conclude sorts what was found: the root, what follows from it, and what is only worth knowing.
func (c *check) conclude() {
	r := &c.report
	if !c.o.Unmask {
		_, domain, _ := strings.Cut(c.address, "@")
		r.Address = "…@" + domain
	} else {
		r.Address = c.address
	}
	seen := map[fault.ID]bool{}
	var faults []found
	r.Findings, r.Notes = []Finding{}, []Finding{}
	defer r.attribute()
	judge(c.sides)
	c.horizon()
	probes, all := c.journal.sorted()
	r.Probes = probes
	for _, f := range all {
		if seen[f.id] {
			continue
		}
		seen[f.id] = true
		if fault.Get(f.id).Severity == fault.Info && !hints[f.id] || noted[f.id] || f.note {
			r.Notes = append(r.Notes, finding(f.id, f.probe, f.advice))
			continue
		}
		faults = append(faults, f)
	}
	r.Root = Healthy
	if len(faults) == 0 {
		return
	}
	// The first step of the dance that fails is the root: what comes after it may follow from it.
	first := slices.IndexFunc(faults, func(f found) bool { return rank(f.id) == 0 })
	if first < 0 {
		first = 0
	}
	root := faults[first]
	r.Root = string(root.id)
	for _, f := range slices.Concat([]found{root}, faults[:first], faults[first+1:]) {
		next := finding(f.id, f.probe, f.advice)
		if i := slices.IndexFunc(r.Findings, func(cause Finding) bool { return explains(cause, f) }); i >= 0 {
			r.Findings[i].Consequences = append(r.Findings[i].Consequences, next)
			continue
		}
		r.Findings = append(r.Findings, next)
	}
	c.block()
}

// unreached are the faults of a host that sends nothing that could be read, whatever was sent.
var unreached = []fault.ID{"PROXY_UNREACHABLE", "PROXY_AUTH", "DNS_NXDOMAIN", "DNS_FAILED", "PRIVATE_ADDRESS", "TCP_UNREACHABLE", "TLS_HANDSHAKE_CUT", "NOT_TLS", "TLS_VERSION",
	"CLIENT_CERT", "TLS_CERT_INVALID", "CONN_RESET", "NO_RESPONSE", "EAS_UNREACHABLE"}

// consequences are the faults that others bring about.
var consequences = map[fault.ID][]fault.ID{
	"CAPTIVE_PORTAL": {"EAS_NOT_EXCHANGE", "AD_PREAUTH", "WILDCARD_DNS", "EAS_UNREACHABLE"},
	"WILDCARD_DNS":   {"EAS_NOT_EXCHANGE", "AD_PREAUTH", "EAS_NO_WWW_AUTH", "TLS_CERT_INVALID"},
	"USER_UNKNOWN":   {"EAS_FLIGHTING", "USER_MISSING"},
	"SPN_MISSING":    {"AUD_IS_EXO"},
	"EAS_ANON_200":   {"EAS_NO_WWW_AUTH"},
	"SERVER_FAILED":  {"EAS_UNREACHABLE"},
	"SERVER_BUSY":    {"EAS_UNREACHABLE"},
	"WAF_BLOCK":      {"EAS_NOT_EXCHANGE", "EAS_NO_WWW_AUTH"},
}

// explains reports whether a fault follows from a cause that was found before it.
func explains(cause Finding, f found) bool {
	id := fault.ID(cause.Fault)
	switch {
	case f.id == "AUTODETECT_NOT_HYBRID": // it asks AutoDiscover and the server, as the check does
		return fault.Get(id).Severity == fault.Fail && slices.Index(sequence, cause.Probe) < slices.Index(sequence, probeAuthority) || id == "AD_SELF_REDIRECT"
	case slices.Contains(unreached, id) && (f.id == "EAS_UNREACHABLE" || f.id == "NO_RESPONSE"):
		return true
	}
	return slices.Contains(consequences[id], f.id)
}

// block tells each finding which probes could not be made because of it: those after the probe
// that failed.
func (c *check) block() {
	r := &c.report
	last := ""
	for _, p := range r.Probes {
		if p.Verdict == Fail || p.Verdict == Warn && (p.Name == probeIdentity || slices.Index(sequence, p.Name) >= slices.Index(sequence, probeSignIn)) {
			last = p.Fault
		}
		if p.Verdict != Skipped || !c.blocked[p.Name] {
			continue
		}
		for i := range r.Findings {
			f := &r.Findings[i]
			if f.Fault == last || slices.ContainsFunc(f.Consequences, func(x Finding) bool { return x.Fault == last }) {
				f.Blocks = append(f.Blocks, p.Name)
			}
		}
	}
}

// attribute notes in each finding who responded to its probe.
func (r *Report) attribute() {
	by := map[string]string{}
	for _, p := range r.Probes {
		by[p.Name] = p.By
	}
	for _, list := range [][]Finding{r.Findings, r.Notes} {
		for i := range list {
			list[i].By = by[list[i].Probe]
			for j := range list[i].Consequences {
				list[i].Consequences[j].By = by[list[i].Consequences[j].Probe]
			}
		}
	}
}
