package diagnose

import (
	"slices"
	"strconv"
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
	for _, f := range c.found {
		if seen[f.id] {
			continue
		}
		seen[f.id] = true
		// A build that is out of support breaks nothing by itself.
		if fault.Get(f.id).Severity == fault.Info && !hints[f.id] || f.id == "BUILD_UNSUPPORTED" {
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
	root := finding(faults[first].id, faults[first].probe, faults[first].advice)
	r.Root = root.Fault
	r.Findings = append(r.Findings, root)
	for i, f := range faults {
		if i != first {
			r.Findings = append(r.Findings, finding(f.id, f.probe, f.advice))
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
		}
	}
}

// unsupported says since when a build of Exchange is out of support. Sources: the lifecycle pages
// of Exchange Server 2013, 2016 and 2019.
func unsupported(build string) (string, bool) {
	for _, x := range []struct{ prefix, name, since string }{
		{"15.0.", "Exchange 2013", "2023-04-11"}, {"15.1.", "Exchange 2016", "2025-10-14"},
		{"14.", "Exchange 2010", "2020-10-13"},
	} {
		if strings.HasPrefix(build, x.prefix) {
			return x.name + " is out of support since " + x.since, true
		}
	}
	// Exchange 2019 and SE share 15.2; SE begins with 15.2.2562.
	if rest, ok := strings.CutPrefix(build, "15.2."); ok {
		minor, _, _ := strings.Cut(rest, ".")
		if n, err := strconv.Atoi(minor); err == nil && n < 2562 {
			return "Exchange 2019 is out of support since 2025-10-14", true
		}
	}
	return "", false
}
