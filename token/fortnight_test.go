package token_test

import (
	"container/heap"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/token"
)

var (
	fortnightSeed     = flag.Uint64("fortnight.seed", 0, "the only seed that TestFortnight runs")
	fortnightAccounts = flag.Int("fortnight.accounts", 30, "how many accounts TestFortnight has")
)

// TestFortnight lives fourteen days with many accounts: tokens are used, refused and renewed, one
// by many callers at once; programs sleep, are killed and start again; the clocks of machines jump
// minutes or hours ahead and back; the authority is out of reach, throttles, breaks off, blocks everybody by a policy, and ends the grants of those who
// changed their passwords; users sign out and in. After each step, and in the authority at each
// request, what the package promises is checked. A failure names the seed that repeats it.
func TestFortnight(t *testing.T) {
	t.Parallel()
	seeds, accounts := []uint64{1, 2, 3}, *fortnightAccounts
	if *fortnightSeed != 0 {
		seeds = []uint64{*fortnightSeed}
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			config := newSTS().config(t)
			synctest.Test(t, func(t *testing.T) {
				w := &world{t: t, seed: seed, rand: rand.New(rand.NewPCG(seed, 14)), grants: map[string]*grant{}}
				w.config = config
				w.config.HTTPClient = &http.Client{Transport: w}
				w.live(accounts, 14*24*time.Hour)
				t.Logf("%d accounts, %d steps, %d requests: %d renewed, %d refused, %d lost on the way, %d grants ended, %d clocks set", accounts, w.steps, w.requests, w.renewed, w.refused, w.cut, w.ended, w.jumps)
				if w.renewed < accounts*14 || w.cut == 0 || w.ended == 0 || w.refused == 0 || w.jumps == 0 {
					t.Error("too little has happened")
				}
			})
		})
	}
}

// A world is an authority, the network before it, and the accounts.
type world struct {
	t      *testing.T
	seed   uint64
	config *token.Config
	store  token.MemoryStore

	rand     *rand.Rand // of the steps
	accounts []*member

	mu      sync.Mutex
	grants  map[string]*grant // by name of the account
	weather string            // of everybody: "", "down", "slow", "throttled", "blocked", or "calm" at the end

	steps, requests, renewed, refused, cut, ended, jumps int
}

// A grant is what the authority knows of an account.
type grant struct {
	rand    *rand.Rand      // of the requests, so that they do not depend on those of others
	number  int             // of the sign-in
	current string          // the refresh token that was handed out last
	before  string          // the one before, until current is used: its answer may have got lost
	seen    map[string]bool // refresh tokens that were used and whose successors were used
	over    bool            // the user has changed the password
	busy    int             // requests that are under way
	last    string          // the access token that was handed out last
}

// A member is the program of one account.
type member struct {
	name   string
	source *token.Source   // of the process that the user sees
	other  *token.Source   // of another one, on another machine, that has the same store
	clocks [2]atomic.Int64 // how far those of the two machines are ahead
	next   time.Time       // the next step
	at     int             // in the queue
	out    bool            // signed out

	judging sync.Mutex // of many callers that fail, the first has the user sign in
}

func (w *world) failf(format string, args ...any) {
	w.t.Helper()
	w.t.Errorf("go test ./token -run TestFortnight -fortnight.seed=%d -fortnight.accounts=%d, day %.2f: %s", w.seed, len(w.accounts), time.Since(epoch).Hours()/24, fmt.Sprintf(format, args...))
}

// epoch is when a bubble begins.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// RoundTrip is the network and the authority.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	form := string(b)
	_, rt, _ := strings.Cut(form, "refresh_token=")
	rt, _, _ = strings.Cut(rt, "&")
	name, _, _ := strings.Cut(rt, ".")

	w.mu.Lock()
	w.requests++
	g := w.grants[name]
	if g == nil {
		w.mu.Unlock()
		w.failf("a request with the refresh token %q, which nobody has", rt)
		return nil, errors.New("no such account")
	}
	if g.busy++; g.busy > 1 {
		w.failf("%s: %d requests at once for one grant", name, g.busy)
	}
	weather, delay := w.weather, time.Duration(20+g.rand.IntN(200))*time.Millisecond
	luck := g.rand.IntN(100)
	if weather == "calm" {
		luck = 99
	}
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		g.busy--
		w.mu.Unlock()
	}()
	if weather == "slow" {
		delay += time.Duration(luck) * time.Second
	}
	select {
	case <-time.After(delay):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}

	w.mu.Lock()
	defer w.mu.Unlock()
	respond := func(status int, header http.Header, body string) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	}
	refuse := func(number int, suberror string) (*http.Response, error) {
		w.refused++
		return respond(400, http.Header{"Content-Type": {"application/json"}}, fmt.Sprintf(`{"error":"invalid_grant","error_codes":[%d],"suberror":%q,"error_description":"AADSTS%d"}`, number, suberror, number))
	}
	switch {
	case weather == "down" || luck == 0:
		w.cut++
		return nil, errors.New("connection refused")
	case weather == "throttled" && luck < 80:
		return respond(429, http.Header{"Retry-After": {strconv.Itoa(5 + luck)}}, "")
	case luck == 1:
		return respond(503, http.Header{}, "<html>busy</html>")
	case g.over:
		return refuse(50173, "")
	case weather == "blocked":
		return refuse(53003, "message_only")
	case g.seen[rt] || rt != g.current && rt != g.before:
		w.failf("%s: the refresh token %q is used again; the last one is %q", name, rt, g.current)
		return refuse(70000, "bad_token")
	}
	if rt == g.current { // the answer that brought it has arrived
		if g.before != "" {
			g.seen[g.before] = true
		}
		g.before = g.current
	}
	w.renewed++
	g.hand(name, w.renewed)
	body := fmt.Sprintf(`{"token_type":"Bearer","expires_in":3600,"access_token":%q,"refresh_token":%q}`, g.last, g.current)
	if luck == 2 { // the answer gets lost: the next request comes with the old token
		w.cut++
		return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
			Body: io.NopCloser(io.MultiReader(strings.NewReader(body[:len(body)/2]), errReader{}))}, nil
	}
	return respond(200, http.Header{"Content-Type": {"application/json"}}, body)
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errors.New("connection reset by peer") }

// hand makes the next pair of tokens.
func (g *grant) hand(name string, n int) {
	g.current, g.last = fmt.Sprintf("%s.%d.rt%d", name, g.number, n), fmt.Sprintf("%s.%d.at%d", name, g.number, n)
}

// signIn is the user of an account in front of a browser.
func (w *world) signIn(name string) token.Flow {
	return flowFunc(func(context.Context, *token.Config) (*oauth2.Token, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		number := 1
		if g := w.grants[name]; g != nil {
			number = g.number + 1
		}
		account, _ := strconv.ParseUint(name[1:], 10, 64)
		g := &grant{rand: rand.New(rand.NewPCG(w.seed, account<<16+uint64(number))), number: number, seen: map[string]bool{}}
		g.hand(name, 0)
		w.grants[name] = g
		return &oauth2.Token{AccessToken: g.last, RefreshToken: g.current, Expiry: time.Now().Add(time.Hour)}, nil
	})
}

// start is a program that starts, for the first time or after it was killed.
func (w *world) start(m *member) {
	m.source = w.process(m, 0, nil)
	if m.other == nil || w.rand.IntN(2) == 0 {
		m.other = w.process(m, 1, nil)
	}
}

// process is a Source on one of the machines of an account.
func (w *world) process(m *member, machine int, flow token.Flow) *token.Source {
	return &token.Source{Config: w.config, Store: &apart{MemoryStore: &w.store, ahead: &m.clocks[machine]}, Key: m.name, Flow: flow}
}

// apart is a store as a machine sees it whose clock is ahead, or behind: what it writes is that
// much later, and what it reads that much earlier, since its own time goes on as the bubble's does.
type apart struct {
	*token.MemoryStore
	ahead *atomic.Int64
}

func (a *apart) Load(ctx context.Context, key string) (token.Record, error) {
	r, err := a.MemoryStore.Load(ctx, key)
	return a.shift(r, -1), err
}

func (a *apart) Save(ctx context.Context, key string, r token.Record) (token.Record, error) {
	r, err := a.MemoryStore.Save(ctx, key, a.shift(r, 1))
	return a.shift(r, -1), err
}

func (a *apart) shift(r token.Record, sign int64) token.Record {
	by := time.Duration(sign * a.ahead.Load())
	set := func(times ...*time.Time) {
		for _, t := range times {
			if !t.IsZero() {
				*t = t.Add(by)
			}
		}
	}
	set(&r.SignedIn, &r.RefreshIssued, &r.RefreshExpiry, &r.Sent)
	r.Access = maps.Clone(r.Access)
	for name, x := range r.Access {
		set(&x.Obtained, &x.Expiry, &x.RefreshAt)
		r.Access[name] = x
	}
	return r
}

// live runs the accounts for a span of time, and then in fair weather.
func (w *world) live(accounts int, span time.Duration) {
	end := time.Now().Add(span)
	queue := &queue{}
	for i := range accounts {
		m := &member{name: fmt.Sprint("a", i), next: time.Now().Add(time.Duration(w.rand.Int64N(int64(6 * time.Hour))))}
		w.start(m)
		w.enter(m)
		heap.Push(queue, m)
		w.accounts = append(w.accounts, m)
	}
	var clears time.Time // when the weather does
	for change := time.Now(); ; {
		m := (*queue)[0]
		if !m.next.Before(end) {
			break
		}
		time.Sleep(time.Until(m.next)) // or not at all, if a step before took long
		now := time.Now()
		w.mu.Lock()
		if w.weather != "" && now.After(clears) {
			w.weather = ""
		}
		if now.After(change) {
			w.weather = []string{"down", "slow", "throttled", "blocked", "blocked"}[w.rand.IntN(5)]
			clears = now.Add(time.Duration(10+w.rand.IntN(110)) * time.Minute)
			change = now.Add(time.Duration(8+w.rand.IntN(16)) * time.Hour)
		}
		w.mu.Unlock()
		w.steps++
		w.step(m)
		pause := time.Duration(w.rand.Int64N(int64(2 * time.Hour)))
		if w.rand.IntN(20) == 0 {
			pause += 12 * time.Hour // the machine sleeps
		}
		m.next = time.Now().Add(pause)
		heap.Fix(queue, 0)
	}
	w.mu.Lock()
	w.weather = "calm"
	w.mu.Unlock()
	time.Sleep(2 * time.Hour) // the longest that a source waits for an authority that refused
	for _, m := range w.accounts {
		w.use(m, true)
	}
}

// step is one thing that happens to an account.
func (w *world) step(m *member) {
	switch n := w.rand.IntN(100); {
	case m.out || n < 2:
		if !m.out {
			m.out = true
			if err := m.source.SignOut(w.t.Context()); err != nil {
				w.failf("%s: SignOut = %v", m.name, err)
			}
			return
		}
		w.enter(m)
	case n < 3: // the password is changed
		w.mu.Lock()
		w.grants[m.name].over = true
		w.ended++
		w.mu.Unlock()
		w.use(m, false)
	case n < 6: // the program is killed
		w.start(m)
		w.use(m, false)
	case n < 9: // a clock is set
		jumps := []time.Duration{0, 0, time.Minute, 4 * time.Minute, 6 * time.Minute, time.Hour, 3 * time.Hour, 12 * time.Hour}
		by := jumps[w.rand.IntN(len(jumps))]
		if w.rand.IntN(2) == 0 {
			by = -by
		}
		m.clocks[w.rand.IntN(2)].Store(int64(by))
		w.jumps++
		w.use(m, false)
	case n < 14: // the endpoint refuses the token
		t, err := m.source.Token(w.t.Context())
		if err != nil {
			w.failed(m, err, false)
			return
		}
		ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
		defer cancel()
		again, err := m.source.Refresh(ctx, t, new(bearer.Offer))
		if err != nil {
			w.failed(m, err, false)
		} else if again.AccessToken == t.AccessToken {
			w.failf("%s: a token that was refused is handed out again", m.name)
		}
	case n < 18: // many callers at once
		var all sync.WaitGroup
		sources := []*token.Source{m.source, m.other}
		for i := range 20 {
			all.Go(func() { w.get(m, sources[i%2], true, false) })
		}
		all.Wait()
	case n < 30:
		w.get(m, m.other, true, false)
	default:
		w.use(m, false)
	}
}

// enter is a user who signs in: the program goes on with a source that knows no other sign-in.
func (w *world) enter(m *member) {
	source := w.process(m, 0, w.signIn(m.name))
	if _, err := source.SignIn(w.t.Context()); err != nil {
		w.failf("%s: SignIn = %v", m.name, err)
	}
	m.source = w.process(m, 0, nil)
	m.out = false
}

// use gets a token, as for a command with a time limit, and checks it.
func (w *world) use(m *member, fair bool) {
	if !m.out {
		w.get(m, m.source, false, fair)
	}
}

// get is use with a source, which may hold a token from before the user signed in again if it is
// old.
func (w *world) get(m *member, source *token.Source, old, fair bool) {
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	t, err := source.Token(ctx)
	if err != nil {
		w.failed(m, err, fair)
		return
	}
	w.mu.Lock()
	g := w.grants[m.name]
	number, over := g.number, g.over
	w.mu.Unlock()
	own := fmt.Sprintf("%s.%d.", m.name, number)
	if old {
		own = m.name + "."
	}
	if !strings.HasPrefix(t.AccessToken, own) || !t.Expiry.After(time.Now()) {
		w.failf("%s: Token = %.20q until %v, of sign-in %d", m.name, t.AccessToken, t.Expiry, number)
	}
	r, err := w.store.Load(w.t.Context(), m.name)
	if err != nil {
		w.failf("%s: the store lost the sign-in: %v", m.name, err)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !over && g.busy == 0 && r.RefreshToken != g.current && r.RefreshToken != g.before {
		w.failf("%s: the store has %q, the authority %q and before that %q", m.name, r.RefreshToken, g.current, g.before)
	}
}

// failed judges an error: only an authority that has ended the grant ends the sign-in, and in
// fair weather there is none.
func (w *world) failed(m *member, err error, fair bool) {
	m.judging.Lock()
	defer m.judging.Unlock()
	status, statusErr := m.source.Status(w.t.Context())
	if statusErr != nil {
		w.failf("%s: Token = %v, Status = %v", m.name, err, statusErr)
		return
	}
	w.mu.Lock()
	over := w.grants[m.name].over
	w.mu.Unlock()
	switch {
	case status.Ended != "" && !over:
		w.failf("%s: the sign-in has ended (%s) though the authority did not end it: %v", m.name, status.Ended, err)
	case status.Ended != "":
		var re *token.ReauthError
		if !errors.As(err, &re) {
			w.failf("%s: the sign-in has ended, and Token = %v", m.name, err)
		}
		w.enter(m)
	case fair && !over:
		w.failf("%s: Token in fair weather = %v", m.name, err)
	}
}

// A queue has the member with the earliest step first.
type queue []*member

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].next.Before(q[j].next) }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i]; q[i].at, q[j].at = i, j }
func (q *queue) Push(m any)        { *q = append(*q, m.(*member)) }
func (q *queue) Pop() any          { panic("nothing leaves the queue") }
