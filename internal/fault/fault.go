// Package fault is the one table of what can be wrong with a deployment or a sign-in: an
// id, the cause, and one remedy. The errors of the library, the findings of the deployment
// check and the switches of the fake tenant name the same ids.
//
// The table is data/faults.tsv; every row names its source.
package fault

//go:generate go run ./gen

// An ID names a fault, e.g. "TLS_OFFLOAD".
type ID string

// A Severity says how bad a fault is.
type Severity string

// The severities.
const (
	Info Severity = "info" // normal, or a fact to know
	Warn Severity = "warn" // works, and should be mended
	Fail Severity = "fail" // does not work
)

// A Fault is a row of the table.
type Fault struct {
	ID       ID
	Step     string // of the dance: autodiscover, tls, eas, challenge, token, token-use, …; several are joined by "|"
	Severity Severity
	Cause    string // what is wrong, as a clause
	Remedy   string // what to do, as an imperative clause
	Command  string // Exchange Management Shell or Microsoft Graph PowerShell; "" if there is none
	Sure     string // how well founded: "documented", "seen", "reported", "open"
	Source   string
}

// Get returns the fault with the id; for an unknown id, a Fault with nothing but the id.
func Get(id ID) Fault {
	for i := range faults {
		if faults[i].ID == id {
			return faults[i]
		}
	}
	return Fault{ID: id}
}

// Known reports whether the table has the id.
func Known(id ID) bool { return Get(id).Cause != "" }

// All returns the table, in its order.
func All() []Fault { return append([]Fault(nil), faults...) }

// maxCommand bounds the commands that stand in an error, in bytes; the documentation has
// the longer ones.
const maxCommand = 90

// String returns cause and remedy on one line, with the command unless it is long: "the
// name does not exist in DNS: publish …".
func (f Fault) String() string {
	switch {
	case f.Cause == "":
		return string(f.ID)
	case f.Command == "" || len(f.Command) > maxCommand:
		return f.Cause + ": " + f.Remedy
	}
	return f.Cause + ": " + f.Remedy + " (" + f.Command + ")"
}
