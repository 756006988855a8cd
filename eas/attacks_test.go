package eas_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/easoauth/easoauth/eas"
)

// The field of the header holds a key that is a word of ASCII; one that it cannot hold is an
// error before it is sent.
func TestS111PolicyKeyThatIsText(t *testing.T) {
	for _, key := range []string{"a\r\nX: y", "not a number", strings.Repeat("9", 300)} {
		b := &backend{t: t}
		b.respond = func(_ *http.Request, command string, _ int) *http.Response {
			if command == "Provision" {
				return reply1(200, fromXML(t, `<Provision xmlns="Provision"><Status>1</Status><Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType><Status>1</Status><PolicyKey>`+
					strings.NewReplacer("\r", "&#13;", "\n", "&#10;").Replace(key)+`</PolicyKey></Policy></Policies></Provision>`))
			}
			return nil
		}
		if _, err := b.client().FolderSync(t.Context(), "0"); !errors.Is(err, eas.ErrUnexpectedContent) || len(b.of("Provision")) != 1 {
			t.Errorf("policy key %.20q: %v after %d Provision", key, err, len(b.of("Provision")))
		}
	}
}

// A heartbeat that no server can mean is an error that names it, and is not waited for.
func TestS113AbsurdHeartbeats(t *testing.T) {
	for limit, want := range map[string]int{"0": 0, "-1": -1, "86401": 86401, "1000000000": 1_000_000_000} {
		b := &backend{t: t}
		b.respond = func(_ *http.Request, command string, _ int) *http.Response {
			if command == "Ping" {
				return reply1(200, fromXML(t, `<Ping xmlns="Ping"><Status>5</Status><HeartbeatInterval>`+limit+`</HeartbeatInterval></Ping>`))
			}
			return nil
		}
		var e *eas.Error
		if _, err := b.client().Ping(t.Context(), inboxAndCalendar, nil); !errors.As(err, &e) || e.Status != 5 || e.Limit != want {
			t.Errorf("Ping with a limit of %s = %v", limit, err)
		}
		if n := len(b.of("Ping")); n != 1 {
			t.Errorf("a limit of %s: %d Pings, want 1", limit, n)
		}
	}
	// A limit that changes with every Ping is followed once.
	b := &backend{t: t}
	b.respond = func(_ *http.Request, command string, n int) *http.Response {
		if command == "Ping" {
			return reply1(200, fromXML(t, fmt.Sprintf(`<Ping xmlns="Ping"><Status>5</Status><HeartbeatInterval>%d</HeartbeatInterval></Ping>`, 60+n)))
		}
		return nil
	}
	if _, err := b.client().Ping(t.Context(), inboxAndCalendar, nil); err == nil || len(b.of("Ping")) != 2 {
		t.Errorf("Ping with other limits each time = %v after %d Pings, want 2", err, len(b.of("Ping")))
	}
}

// Ten thousand Pings of as many clients end with their context, at once, and leave nothing.
func TestS121TenThousandPings(t *testing.T) {
	n := 10_000
	if raced {
		n = 2_000 // the race detector has 8,128 goroutines at most
	}
	before := runtime.NumGoroutine()
	synctest.Test(t, func(t *testing.T) {
		stop := errors.New("the program ends")
		ctx, cancel := context.WithCancelCause(t.Context())
		wait := roundTripper(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		b := &backend{t: t}
		errs := make([]error, n)
		var all sync.WaitGroup
		for i := range n {
			c := b.client()
			c.HTTPClient = &http.Client{Transport: wait}
			c.Restore(eas.State{Version: eas.Version161, Provisioned: true})
			all.Go(func() { _, errs[i] = c.Ping(ctx, inboxAndCalendar, nil) })
		}
		time.Sleep(time.Minute)
		synctest.Wait() // all of them wait
		begin := time.Now()
		cancel(stop)
		all.Wait()
		if d := time.Since(begin); d > time.Second {
			t.Errorf("the last Ping ended %v after its context", d)
		}
		for _, err := range errs {
			if !errors.Is(err, context.Canceled) || !errors.Is(err, stop) {
				t.Fatalf("Ping = %v, want the context's error and its cause", err)
			}
		}
	})
	if after := runtime.NumGoroutine(); after > before+10 {
		t.Errorf("%d goroutines, %d before", after, before)
	}
}
