package diagnose

import (
	"iter"
	"time"

	"github.com/easoauth/easoauth/internal/fault"
)

// A Verdict is the result of a probe.
type Verdict string

// The verdicts.
const (
	Pass    Verdict = "pass"
	Info    Verdict = "info" // nothing is wrong, but something is worth knowing
	Warn    Verdict = "warn" // works, but should be fixed
	Fail    Verdict = "fail"
	Skipped Verdict = "skipped" // Probe.Seen says why
)

// A Probe is one step of the check and its result.
type Probe struct {
	Name       string        `json:"name"`
	Verdict    Verdict       `json:"verdict"`
	Fault      string        `json:"fault,omitempty"`    // by its id in docs/faults.md
	Expected   string        `json:"expected,omitempty"` // what a healthy deployment shows
	Seen       string        `json:"seen,omitempty"`     // what this one shows; or why the probe was skipped
	By         string        `json:"by,omitempty"`       // who responded
	RequestIDs []string      `json:"request_ids,omitempty"`
	Evidence   []string      `json:"evidence,omitempty"` // what came back, a line each, without secrets and addresses
	Duration   time.Duration `json:"duration_ns"`
}

// A Finding is one fault: what is wrong, why, and what to do.
type Finding struct {
	Fault    string `json:"fault"`
	Severity string `json:"severity"`     // "info", "warn" or "fail"
	Probe    string `json:"probe"`        // that found it
	By       string `json:"by,omitempty"` // who responded to that probe, such as "nginx"
	Cause    string `json:"cause"`
	Remedy   string `json:"remedy"`
	Command  string `json:"command,omitempty"` // of the Exchange Management Shell or Microsoft Graph PowerShell
	Sure     string `json:"sure"`              // the basis of the remedy: "documented", "seen", "reported" or "open"
	Source   string `json:"source"`
	Advice   string `json:"advice,omitempty"` // specific to this deployment, such as a URL to open

	Consequences []Finding `json:"consequences,omitempty"` // findings that disappear once this one is fixed
	Blocks       []string  `json:"blocks,omitempty"`       // the probes that were skipped because of it
}

// A Report is the result of a check. It does not change after [Run].
type Report struct {
	Address  string        `json:"address"` // masked, unless Options.Unmask
	Endpoint string        `json:"endpoint,omitempty"`
	Root     string        `json:"root"`     // the fault to fix first; "healthy" if there is none
	Findings []Finding     `json:"findings"` // independent causes, in the order in which to fix them
	Notes    []Finding     `json:"notes"`    // worth knowing, although nothing is wrong
	Probes   []Probe       `json:"probes"`
	Began    time.Time     `json:"began"`
	Duration time.Duration `json:"duration_ns"`
}

// Healthy is the Root of a report without findings.
const Healthy = "healthy"

// Healthy reports whether there are no findings. Those of severity "warn" count; Notes do not.
func (r *Report) Healthy() bool { return len(r.Findings) == 0 }

// Faults yields every finding and its consequences, each cause before its consequences.
func (r *Report) Faults() iter.Seq[Finding] {
	return func(yield func(Finding) bool) {
		for _, f := range r.Findings {
			if !yield(f) {
				return
			}
			for _, c := range f.Consequences {
				if !yield(c) {
					return
				}
			}
		}
	}
}

// finding returns the finding of a fault.
func finding(id fault.ID, probe, advice string) Finding {
	f := fault.Get(id)
	return Finding{
		Fault: string(f.ID), Severity: string(f.Severity), Probe: probe, Cause: f.Cause, Remedy: f.Remedy, Command: f.Command,
		Sure: f.Sure, Source: f.Source, Advice: advice,
	}
}
