package diagnose

import (
	"slices"
	"strconv"
	"strings"
)

// A release is a version of Exchange by the beginning of its builds.
type release struct {
	prefix, name string
	ended        string // since when it is out of support
	least        string // the build from which on it can use the dedicated hybrid app; "" if none can
}

// releases, the first that matches counts. Sources: the lifecycle pages of Exchange Server; for the
// dedicated hybrid app, Microsoft's "Deploy dedicated Exchange hybrid app" and
// ConfigureExchangeHybridApplication of CSS-Exchange.
var releases = []release{
	{"14.", "Exchange 2010", "2020-10-13", ""},
	{"15.0.", "Exchange 2013", "2023-04-11", ""},
	{"15.1.", "Exchange 2016", "2025-10-14", "15.1.2507.55"},
	{"15.2.1544.", "Exchange 2019 CU14", "2025-10-14", "15.2.1544.25"},
	{"15.2.1748.", "Exchange 2019 CU15", "2025-10-14", "15.2.1748.24"},
	{"15.2.", "Exchange 2019", "2025-10-14", "15.2.1748.24"}, // and Subscription Edition, from firstSE on
}

// firstSE is the first build of Exchange Subscription Edition, which has the numbers of 2019.
const firstSE = "15.2.2562.17"

// unsupported says since when a build of Exchange is out of support.
func unsupported(build string) (string, bool) {
	for _, r := range releases {
		if !strings.HasPrefix(build, r.prefix) || !older(build, firstSE) {
			continue
		}
		s := r.name + " is out of support since " + r.ended
		if r.least != "" && older(build, r.least) {
			s += "; build " + build + " is also too old for the dedicated hybrid app, which needs " + r.least + " (CVE-2025-53786; it is for traffic between servers, and hybrid modern authentication does without it)"
		}
		return s, true
	}
	return "", false
}

// older reports whether a build is before another; what is not a build is not.
func older(build, than string) bool {
	var a, b [4]int
	if !numbers(build, &a) || !numbers(than, &b) {
		return false
	}
	return slices.Compare(a[:], b[:]) < 0
}

// numbers reads a build: 15.2.1748.24.
func numbers(build string, to *[4]int) bool {
	parts := strings.Split(build, ".")
	if len(parts) != len(to) {
		return false
	}
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil {
			return false
		}
		to[i] = n
	}
	return true
}
