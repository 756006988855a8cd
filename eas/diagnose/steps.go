package diagnose

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/easoauth/easoauth/internal/fault"
)

// The probes, in the order of the dance, which is that of the report.
const (
	probeDNS          = "DNS"
	probeCloud        = "AutoDiscover (cloud)"
	probeOwn          = "AutoDiscover"
	probeDetect       = "AutoDetect"
	probeEndpoint     = "Endpoint"
	probeTCP          = "TCP"
	probeCertificate  = "Certificate"
	probeAnonymous    = "Anonymous request"
	probeEmpty        = "Empty bearer token"
	probeIdentity     = "Challenge for the user"
	probeAuthority    = "Authority"
	probePasswords    = "Passwords"
	probeForged       = "Forged token"
	probeSignIn       = "Sign-in"
	probeToken        = "Token"
	probeOptions      = "OPTIONS"
	probeProvision    = "Provision"
	probeSettings     = "Settings"
	probeFolders      = "FolderSync"
	probeAccess       = "Device access"
	probeLargeRequest = "Large request"
)

var sequence = []string{
	probeDNS, probeCloud, probeOwn, probeDetect, probeEndpoint, probeTCP, probeCertificate, probeAnonymous, probeEmpty, probeIdentity,
	probeAuthority, probePasswords, probeForged, probeSignIn, probeToken, probeOptions, probeProvision, probeSettings, probeFolders,
	probeAccess, probeLargeRequest,
}

// A step collects what a probe shows.
type step struct {
	Probe
	found []found
}

// wrong notes a fault that the probe shows.
func (s *step) wrong(id fault.ID, advice string) {
	if s.Fault == "" || rank(id) < rank(fault.ID(s.Fault)) {
		s.Fault = string(id)
	}
	switch severity := fault.Get(id).Severity; {
	case severity == fault.Fail:
		s.Verdict = Fail
	case severity == fault.Warn && !noted[id]:
		if s.Verdict != Fail {
			s.Verdict = Warn
		}
	default:
		if s.Verdict == Pass {
			s.Verdict = Info
		}
	}
	s.found = append(s.found, found{id, s.Name, advice, false})
}

// aside notes a fault that breaks nothing here.
func (s *step) aside(id fault.ID, advice string) {
	s.Fault = string(id)
	if s.Verdict == Pass {
		s.Verdict = Info
	}
	s.found = append(s.found, found{id, s.Name, advice, true})
}

// skip says why nothing was tried.
func (s *step) skip(why string) { s.Verdict, s.Seen = Skipped, why }

// id keeps the number under which the server finds the request.
func (s *step) id(requestID string) {
	if requestID != "" && !slices.Contains(s.RequestIDs, requestID) {
		s.RequestIDs = append(s.RequestIDs, requestID)
	}
}

// A found is a fault that a probe showed.
type found struct {
	id     fault.ID
	probe  string
	advice string
	note   bool // it is worth knowing, and breaks nothing here
}

// A journal takes the probes as they end, in any order.
type journal struct {
	mu       sync.Mutex
	steps    []*step
	progress func(Probe)
}

func (j *journal) add(s *step) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.steps = append(j.steps, s)
	if j.progress != nil {
		j.progress(s.Probe)
	}
}

// sorted returns the probes and what they found, in the order of the dance.
func (j *journal) sorted() (probes []Probe, all []found) {
	j.mu.Lock()
	defer j.mu.Unlock()
	slices.SortStableFunc(j.steps, func(a, b *step) int {
		return cmp.Compare(slices.Index(sequence, a.Name), slices.Index(sequence, b.Name))
	})
	for _, s := range j.steps {
		probes = append(probes, s.Probe)
		all = append(all, s.found...)
	}
	return probes, all
}

// probe runs one step within the time of a probe. It may run beside others.
func (c *check) probe(ctx context.Context, name, expected string, f func(ctx context.Context, s *step)) {
	c.within(ctx, c.o.Timeout, name, expected, f)
}

func (c *check) within(ctx context.Context, limit time.Duration, name, expected string, f func(ctx context.Context, s *step)) {
	if ctx.Err() != nil {
		return
	}
	s := &step{Probe: Probe{Name: name, Expected: expected, Verdict: Pass}}
	began := c.now()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	f(ctx, s)
	s.Duration = c.now().Sub(began)
	c.journal.add(s)
}

// skip notes a step that was not taken.
func (c *check) skip(why string, names ...string) {
	for _, name := range names {
		c.journal.add(&step{Probe: Probe{Name: name, Verdict: Skipped, Seen: why}})
	}
}

// blocks notes steps that could not be taken because of what failed before.
func (c *check) blocks(why string, names ...string) {
	c.skip(why, names...)
	for _, name := range names {
		c.blocked[name] = true
	}
}

// run takes the steps. What does not need another's result runs beside it, so that a host that
// hangs costs its own time and no more.
func (c *check) run(ctx context.Context) {
	var beside sync.WaitGroup
	defer beside.Wait()
	endpoint := c.find(ctx, &beside)
	beside.Go(func() { c.names(ctx, endpoint) })
	if endpoint == nil {
		c.blocks("there is no ActiveSync URL", probeCertificate, probeAnonymous, probeEmpty, probeIdentity, probeAuthority, probePasswords, probeSignIn)
		return
	}
	c.endpoint = endpoint
	if c.reached = c.reach(ctx); !c.reached {
		c.blocks("the server is not reached", probeAnonymous, probeEmpty, probeIdentity, probeAuthority, probePasswords, probeSignIn)
		return
	}
	beside.Go(func() { c.anonymous(ctx) })
	beside.Go(func() { c.empty(ctx) })
	beside.Go(func() { c.passwords(ctx) })
	beside.Go(func() { c.forged(ctx) })
	c.challenge(ctx)
	c.authority(ctx)
	c.inside(ctx)
}
