package eas

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A pinger is a server and the network before it.
type pinger struct {
	t     *testing.T
	beats []time.Duration // of the Pings so far
	at    []time.Time
	plan  func(n int, ctx context.Context, folders []Folder, beat time.Duration) (*PingResult, error)
}

func (p *pinger) Ping(ctx context.Context, folders []Folder, o *PingOptions) (*PingResult, error) {
	p.beats, p.at = append(p.beats, o.Heartbeat), append(p.at, time.Now())
	if len(p.beats) > 1000 {
		p.t.Fatal("it pings without end")
	}
	return p.plan(len(p.beats), ctx, folders, o.Heartbeat)
}

// wait is a Ping that nothing happens to.
func wait(ctx context.Context, beat time.Duration) (*PingResult, error) {
	if !pause(ctx, beat) {
		return nil, &Error{Command: "Ping", Err: context.Cause(ctx)}
	}
	return &PingResult{Heartbeat: beat}, nil
}

// run watches for a time and returns what was told.
func run(p *pinger, d time.Duration, folders []Folder, o *WatchOptions, set func(*watch)) (told []*Changes, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	w := newWatch(p, folders, o)
	if set != nil {
		set(w)
	}
	for ctx.Err() == nil {
		c, e := w.next(ctx)
		if e != nil {
			return told, e
		}
		if c != nil {
			told = append(told, c)
			if c.Hierarchy {
				break
			}
		}
	}
	return told, nil
}

var two = []Folder{{ID: "1", Type: FolderInbox}, {ID: "2", Type: FolderCalendar}}

func inMinutes(beats []time.Duration) string {
	s := ""
	for _, b := range beats {
		s += fmt.Sprintf("%g ", b.Minutes())
	}
	return s
}

func TestHeartbeatGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pinger{t: t, plan: func(_ int, ctx context.Context, _ []Folder, beat time.Duration) (*PingResult, error) {
			return wait(ctx, beat)
		}}
		if told, err := run(p, 3*time.Hour, two, nil, nil); err != nil || len(told) != 0 {
			t.Errorf("told %v, %v", told, err)
		}
		if got, want := inMinutes(p.beats), "2 6 10 14 18 22 26 28 28 28 "; got != want {
			t.Errorf("heartbeats %s, want %s", got, want)
		}
	})
}

// TestHeartbeatShrinks has a network that cuts connections which have been silent for 10
// minutes.
func TestHeartbeatShrinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const patience = 10 * time.Minute
		cut := 0
		p := &pinger{t: t}
		p.plan = func(_ int, ctx context.Context, _ []Folder, beat time.Duration) (*PingResult, error) {
			if beat <= patience {
				return wait(ctx, beat)
			}
			cut++
			pause(ctx, patience)
			return nil, &Error{Command: "Ping", Action: ActionRetry, Err: io.ErrUnexpectedEOF}
		}
		var notices []time.Duration
		if _, err := run(p, 5*time.Hour, two, &WatchOptions{Observe: func(_ error, d time.Duration) { notices = append(notices, d) }}, nil); err != nil {
			t.Fatal(err)
		}
		if cut != 1 {
			t.Errorf("connections were cut %d times, and it learns from the first: %s", cut, inMinutes(p.beats))
		}
		if last := p.beats[len(p.beats)-1]; last != patience-heartbeatSlack {
			t.Errorf("the heartbeat ends at %v, want %v", last, patience-heartbeatSlack)
		}
		if diff := cmp.Diff([]time.Duration{time.Second}, notices); diff != "" {
			t.Errorf("notices (-want +got):\n%s", diff)
		}
	})
}

func TestServersLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pinger{t: t}
		p.plan = func(n int, ctx context.Context, folders []Folder, beat time.Duration) (*PingResult, error) {
			if len(folders) > 1 {
				return nil, &Error{Command: "Ping", Status: 6, Action: ActionAdjust, Limit: 1}
			}
			return wait(ctx, min(max(beat, 3*time.Minute), 8*time.Minute)) // as Client.Ping adapts
		}
		if _, err := run(p, 2*time.Hour, two, nil, nil); err != nil {
			t.Fatal(err)
		}
		if got, want := inMinutes(p.beats[:6]), "2 2 7 11 8 8 "; got != want {
			t.Errorf("heartbeats %s, want %s", got, want)
		}
	})
}

// TestWatchSurvives has a server out of order for half an hour, and then out of reach.
func TestWatchSurvives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		p := &pinger{t: t}
		p.plan = func(n int, ctx context.Context, _ []Folder, beat time.Duration) (*PingResult, error) {
			switch since := time.Since(begin); {
			case since < 30*time.Minute:
				return nil, &Error{Command: "Ping", HTTPStatus: 503, Action: ActionBackOff, RetryAfter: 5 * time.Minute}
			case since < time.Hour:
				return nil, &Error{Command: "Ping", Action: ActionRetry, Err: errors.New("no route to host")}
			case n%2 == 0:
				return &PingResult{Heartbeat: beat, Changed: []FolderID{"2"}}, nil
			}
			return wait(ctx, beat)
		}
		told, err := run(p, 2*time.Hour, two, nil, nil)
		if err != nil || len(told) == 0 {
			t.Fatalf("told %v, %v", told, err)
		}
		early := 0
		for _, at := range p.at {
			if at.Sub(begin) < time.Hour {
				early++
			}
		}
		if early > 6+31 { // one in 5 minutes, then one in a minute
			t.Errorf("%d Pings to a server that is out of order", early)
		}
	})
}

// TestS113Brake has a server tell of one folder again and again.
func TestS113Brake(t *testing.T) {
	for name, changed := range map[string][]FolderID{"a folder": {"1"}, "nothing": nil} {
		synctest.Test(t, func(t *testing.T) {
			p := &pinger{t: t, plan: func(_ int, _ context.Context, _ []Folder, beat time.Duration) (*PingResult, error) {
				return &PingResult{Heartbeat: beat, Changed: changed}, nil
			}}
			if _, err := run(p, time.Minute, two, nil, nil); err != nil {
				t.Fatal(err)
			}
			if n := len(p.beats); n > 62 {
				t.Errorf("told of %s at once: %d Pings in a minute", name, n)
			}
		})
	}
}

// TestS071Sleep lets the machine sleep for an hour in the middle of a Ping: the connection is
// dead and nobody says so.
func TestS071Sleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asleep atomic.Int64
		p := &pinger{t: t}
		p.plan = func(n int, ctx context.Context, _ []Folder, beat time.Duration) (*PingResult, error) {
			if n == 1 {
				time.AfterFunc(30*time.Second, func() { asleep.Store(int64(time.Hour)) })
				<-ctx.Done()
				return nil, &Error{Command: "Ping", Err: context.Cause(ctx)}
			}
			return &PingResult{Heartbeat: beat, Changed: []FolderID{"1"}}, nil
		}
		begin := time.Now()
		w := newWatch(p, two, nil)
		w.wall = func() time.Time { return time.Now().Round(0).Add(time.Duration(asleep.Load())) }
		var c *Changes
		for c == nil {
			var err error
			if c, err = w.next(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if d := time.Since(begin); d > time.Minute {
			t.Errorf("told %v after the beginning, want soon after waking up", d)
		}
	})
}

func TestWatchEnds(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		want func(*Changes, error) bool
	}{
		{"hierarchy", &Error{Command: "Ping", Status: 7, Action: ActionFolderSync}, func(c *Changes, err error) bool { return c != nil && c.Hierarchy && err == nil }},
		{"refused", &Error{Command: "Ping", HTTPStatus: 401, Action: ActionReauth}, func(_ *Changes, err error) bool { return errors.Is(err, ErrUnauthorized) }},
		{"misuse", errors.New("eas: Client.URL"), func(_ *Changes, err error) bool { return err != nil }},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := &pinger{t: t, plan: func(int, context.Context, []Folder, time.Duration) (*PingResult, error) { return nil, tt.err }}
			told, err := run(p, time.Hour, two, nil, nil)
			var last *Changes
			if len(told) > 0 {
				last = told[len(told)-1]
			}
			if !tt.want(last, err) || len(p.beats) != 1 {
				t.Errorf("%s: %v, %v after %d Pings", tt.name, last, err, len(p.beats))
			}
		})
	}
}

// A Ping that panics leaves nothing behind that looks at the clock.
func TestWatchAfterAPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pinger{t: t, plan: func(int, context.Context, []Folder, time.Duration) (*PingResult, error) { panic("a bug") }}
		w := newWatch(p, two, nil)
		looks := 0
		w.wall = func() time.Time { looks++; return time.Now().Round(0) }
		func() {
			defer func() { _ = recover() }()
			_, _ = w.next(t.Context())
		}()
		before := looks
		time.Sleep(time.Hour)
		synctest.Wait()
		if looks != before {
			t.Errorf("the clock was read %d times after the end", looks-before)
		}
	})
}

// A server that names one limit after the other does not make Watch spin.
func TestS113LimitsWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pinger{t: t, plan: func(n int, _ context.Context, _ []Folder, _ time.Duration) (*PingResult, error) {
			return nil, &Error{Command: "Ping", Status: 5, Action: ActionAdjust, Limit: 60 + n%2}
		}}
		if _, err := run(p, time.Minute, two, nil, nil); err != nil {
			t.Fatal(err)
		}
		if n := len(p.beats); n > 61 {
			t.Errorf("%d Pings in a minute", n)
		}
	})
}
