package eas

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// What a Sync may bring is bounded by the larger of its window and its edits, in all folders.
func TestAsked(t *testing.T) {
	window := func(n int, edits int) *airsync.SyncCollection {
		col := &airsync.SyncCollection{WindowSize: optional(n)}
		if edits > 0 {
			col.Commands = &airsync.SyncEdits{Add: make([]airsync.SyncAdd, edits), Change: make([]airsync.SyncChange, edits), Delete: make([]airsync.SyncDelete, edits), Fetch: make([]airsync.SyncDelete, edits)}
		}
		return col
	}
	for _, tt := range []struct {
		cols   []*airsync.SyncCollection
		list   int
		memory int64
	}{
		{nil, 0, 0},
		{[]*airsync.SyncCollection{window(100, 0)}, MaxWindow, 32<<20 + 100*4<<10},
		{[]*airsync.SyncCollection{window(200, 0), window(150, 0)}, 800, 32<<20 + 350*4<<10},
		{[]*airsync.SyncCollection{window(150, 0), window(200, 0)}, 800, 32<<20 + 350*4<<10},
		{[]*airsync.SyncCollection{window(150, 50)}, 800, 32<<20 + 200*4<<10},
		{[]*airsync.SyncCollection{window(300, 50)}, 1200, 32<<20 + 300*4<<10},
	} {
		var a asked
		for _, col := range tt.cols {
			a.add(col)
		}
		if o := a.options(); o.MaxList != tt.list || o.MaxMemory != tt.memory {
			t.Errorf("%v: a list of %d, memory %d; want %d, %d", a, o.MaxList, o.MaxMemory, tt.list, tt.memory)
		}
	}
}

// The status at the top, and 0 for what has none.
func TestTopStatus(t *testing.T) {
	doc := func(s string) []byte {
		b, err := FromXML([]byte(s))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	good := doc(`<Ping xmlns="Ping"><Status> 7 </Status></Ping>`)
	for _, tt := range []struct {
		media string
		body  []byte
		want  int
	}{
		{typeWBXML, good, 7}, {typeWBXML, good[:len(good)-1], 7}, {typeWBXML, nil, 0}, {typeWBXML, []byte("<html>"), 0}, {typeWBXML, good[:5], 0}, {typeWBXML, doc(`<Ping xmlns="Ping"/>`), 0},
		{typeWBXML, doc(`<Ping xmlns="Ping"><Folders/><Status>7</Status></Ping>`), 0}, {typeWBXML, doc(`<Ping xmlns="Ping"><Status/></Ping>`), 0}, {typeWBXML, doc(`<Ping xmlns="Ping"><Status>x</Status></Ping>`), 0},
		{typeMultipart, table(0, string(good), "x"), 7}, {typeMultipart, table(0, string(good))[:13], 0}, {typeMultipart, good, 0}, {typeMultipart, nil, 0},
	} {
		if got := (&response{mediaType: tt.media, body: tt.body}).topStatus(); got != tt.want {
			t.Errorf("%s %x: status %d, want %d", tt.media, tt.body, got, tt.want)
		}
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// A window passes on what is wanted, and notices a writer that takes less.
func TestWindow(t *testing.T) {
	for _, tt := range []struct {
		skip, left int64
		chunks     string
		want       string
	}{
		{0, 10, "abc", "abc"}, {1, 10, "abc", "bc"}, {3, 10, "abc", ""}, {4, 10, "abc de", "e"}, {0, 2, "abc", "ab"}, {0, 3, "abc de", "abc"}, {1, 3, "abc de", "bcd"}, {0, 0, "abc", ""},
	} {
		var b bytes.Buffer
		w := &window{w: &b, skip: tt.skip, left: tt.left}
		for _, c := range strings.Fields(tt.chunks) {
			if n, err := w.Write([]byte(c)); n != len(c) || err != nil {
				t.Errorf("%+v: wrote %d of %d, %v", tt, n, len(c), err)
			}
		}
		if b.String() != tt.want || w.n != int64(len(tt.want)) {
			t.Errorf("%+v: %q, %d bytes", tt, &b, w.n)
		}
	}
	short := &window{left: 10, w: writerFunc(func(p []byte) (int, error) { return len(p) - 1, nil })}
	if _, err := short.Write([]byte("abc")); !errors.Is(err, io.ErrShortWrite) || !errors.Is(short.err, io.ErrShortWrite) || short.n != 2 || short.left != 8 {
		t.Errorf("a writer that takes less: %v, %+v", err, short)
	}
}

// A stream that is short, or of another type, is read and not passed on.
func TestStream(t *testing.T) {
	long := strings.Repeat("x", shortAnswer)
	for _, tt := range []struct {
		command, media, body string
		passed               bool
	}{
		{"ItemOperations", typeWBXML, long, true}, {"ItemOperations", typeWBXML, long[1:], false}, {"ItemOperations", typeWBXMLOld, long, true}, {"ItemOperations", typeMultipart, long, true},
		{"ItemOperations", "text/html", long, false}, {"ItemOperations", "", long, false}, {"GetAttachment", "text/html", long, true}, {"GetAttachment", "", long, true},
	} {
		r := &response{command: tt.command, mediaType: tt.media}
		var got []byte
		err := r.stream(request{command: tt.command, sink: func(_ *response, body io.Reader) (err error) {
			got, err = io.ReadAll(body)
			return err
		}}, strings.NewReader(tt.body))
		if err != nil || r.streamed != tt.passed || (string(got) == tt.body) != tt.passed || (string(r.body) == tt.body) == tt.passed {
			t.Errorf("%s, %q, %d bytes: passed on %v, %d bytes; kept %d; %v", tt.command, tt.media, len(tt.body), r.streamed, len(got), len(r.body), err)
		}
	}
}

// The transport keeps a gate for each host, and forgets all when there are too many.
func TestGates(t *testing.T) {
	tr := &Transport{}
	first := tr.gate("h")
	if first != tr.gate("h") || first == tr.gate("i") {
		t.Error("a host has one gate of its own")
	}
	for i := 2; i < maxGates; i++ {
		tr.gate(fmt.Sprint(i))
	}
	if len(tr.gates) != maxGates || tr.gate("h") != first {
		t.Errorf("%d gates, want %d and the first of them", len(tr.gates), maxGates)
	}
	if tr.gate("one more"); len(tr.gates) != 1 {
		t.Errorf("%d gates after one too many, want 1", len(tr.gates))
	}
}

// A host's requests go one by one until one of them has a connection, and so they do after one
// that failed; none waits for another longer than a second.
func TestGateOpens(t *testing.T) {
	fails := errors.New("no connection")
	var dialled int
	tr := &Transport{Transport: &http.Transport{}}
	tr.RegisterProtocol("test", roundTrip(func(r *http.Request) (*http.Response, error) {
		dialled++
		return nil, fails
	}))
	g := tr.gate("h")
	req := func() error {
		r, _ := http.NewRequestWithContext(t.Context(), "GET", "test://h/", nil)
		_, err := tr.RoundTrip(r)
		return err
	}
	if err := req(); !errors.Is(err, fails) || len(g.turn) != 0 || g.open.Load() {
		t.Errorf("%v; a turn is taken %v, open %v", err, len(g.turn), g.open.Load())
	}
	g.open.Store(true)
	if err := req(); !errors.Is(err, fails) || g.open.Load() {
		t.Errorf("after a failure (%v) the gate is open", err)
	}
	g.turn <- struct{}{} // another has the turn and no connection
	start := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	r, _ := http.NewRequestWithContext(ctx, "GET", "test://h/", nil)
	_, _ = tr.RoundTrip(r)
	if d := time.Since(start); d < 5*time.Millisecond || d > gateWait || dialled != 3 {
		t.Errorf("waited %v for a turn, and %d requests went on", d, dialled)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// What a Ping is refused for is kept to once; what says nothing new is not.
func TestAdjust(t *testing.T) {
	for _, tt := range []struct {
		e        Error
		want     bool
		beat     time.Duration
		folders  int
		of       int
		leastNow time.Duration
	}{
		{e: Error{Command: "Ping", Action: ActionAdjust, Status: 5, Limit: 60}, want: true, beat: time.Minute, folders: 4},
		{e: Error{Command: "Ping", Action: ActionAdjust, Status: 5, Limit: 1}, want: true, beat: time.Second, folders: 4},
		{e: Error{Command: "Ping", Action: ActionAdjust, Status: 5, Limit: 120}, beat: 2 * time.Minute, folders: 4},
		{e: Error{Command: "Ping", Action: ActionAdjust, Status: 5}, beat: 2 * time.Minute, folders: 4},
		{e: Error{Command: "Ping", Action: ActionAdjust, Status: 6, Limit: 3}, want: true, beat: 2 * time.Minute, folders: 3},
		{e: Error{Command: "Ping", Action: ActionAdjust, Status: 6, Limit: 1}, want: true, beat: 2 * time.Minute, folders: 1},
		{e: Error{Command: "Ping", Action: ActionAdjust, Status: 6, Limit: 4}, want: true, beat: 2 * time.Minute, folders: 2},
		{e: Error{Command: "Ping", Action: ActionAdjust, Status: 6}, want: true, beat: 2 * time.Minute, folders: 2},
		{e: Error{Command: "Ping", Action: ActionAdjust, Status: 6}, of: 1, beat: 2 * time.Minute, folders: 1},
		{e: Error{Command: "Sync", Action: ActionAdjust, Status: 5, Limit: 60}, beat: 2 * time.Minute, folders: 4},
		{e: Error{Command: "Ping", Action: ActionRetry, Status: 5, Limit: 60}, beat: 2 * time.Minute, folders: 4},
		{e: Error{Command: "Ping", Action: ActionAdjust, Status: 7, Limit: 1}, beat: 2 * time.Minute, folders: 4},
	} {
		if tt.of == 0 {
			tt.of = 4
		}
		w := newWatch(nil, make([]Folder, tt.of), nil)
		if got := w.adjust(&tt.e); got != tt.want || w.beat != tt.beat || len(w.folders) != tt.folders {
			t.Errorf("%+v of %d folders: %v, heartbeat %v, %d folders", tt.e, tt.of, got, w.beat, len(w.folders))
		}
	}
}

// The bounds of the heartbeat: what the options say, the server and the network.
func TestHeartbeatBounds(t *testing.T) {
	const m = time.Minute
	for _, tt := range []struct {
		name string
		o    *WatchOptions
		do   func(w *watch)
		want [3]time.Duration // beat, least, most
	}{
		{"the default", nil, func(*watch) {}, [3]time.Duration{2 * m, 2 * m, 28 * m}},
		{"of the options", &WatchOptions{MinHeartbeat: 3 * m, MaxHeartbeat: 4 * m}, func(*watch) {}, [3]time.Duration{3 * m, 3 * m, 4 * m}},
		{"the wrong way", &WatchOptions{MinHeartbeat: 5 * m, MaxHeartbeat: 4 * m}, func(*watch) {}, [3]time.Duration{5 * m, 5 * m, 5 * m}},
		{"below", &WatchOptions{MinHeartbeat: -1, MaxHeartbeat: -1}, func(*watch) {}, [3]time.Duration{2 * m, 2 * m, 28 * m}},
		{"the server wants less", nil, func(w *watch) { w.limit(m) }, [3]time.Duration{m, m, m}},
		{"the server wants more", nil, func(w *watch) { w.limit(30 * m) }, [3]time.Duration{30 * m, 30 * m, 30 * m}},
		{"the server agrees", nil, func(w *watch) { w.limit(2 * m) }, [3]time.Duration{2 * m, 2 * m, 28 * m}},
		{"cut at once", nil, func(w *watch) { w.beat = 10 * m; w.cut(2*m - 1) }, [3]time.Duration{10 * m, 2 * m, 28 * m}},
		{"cut at the least", nil, func(w *watch) { w.beat = 10 * m; w.cut(2 * m) }, [3]time.Duration{2 * m, 2 * m, 2 * m}},
		{"cut later", nil, func(w *watch) { w.beat = 10 * m; w.cut(9*m + time.Millisecond) }, [3]time.Duration{9*m - 30*time.Second, 2 * m, 9*m - 30*time.Second}},
		{"cut at the least heartbeat", nil, func(w *watch) { w.cut(2 * m) }, [3]time.Duration{2 * m, 2 * m, 28 * m}},
		{"cut beyond the heartbeat", nil, func(w *watch) { w.beat = 3 * m; w.cut(10 * m) }, [3]time.Duration{3 * m, 2 * m, 9*m + 30*time.Second}},
	} {
		w := newWatch(nil, two, tt.o)
		tt.do(w)
		if got := [3]time.Duration{w.beat, w.least, w.most}; got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	for status, want := range map[int]bool{0: true, 408: true, 500: true, 502: true, 504: true, 524: true, 501: false, 503: false, 401: false, 1: false} {
		if got := isCut(&Error{HTTPStatus: status}); got != want {
			t.Errorf("HTTP status %d: cut %v", status, got)
		}
	}
}

// Properties that are damaged come back as they are, and so does what has no namespace of a class.
func TestDamagedItems(t *testing.T) {
	t.Parallel()
	good, err := FromXML([]byte(`<Properties xmlns="ItemOperations"><Subject xmlns="Notes">x</Subject></Properties>`))
	if err != nil {
		t.Fatal(err)
	}
	for n := range good {
		if got := asData(wbxml.Raw(good[:n])); !bytes.Equal(*got, good[:n]) {
			t.Errorf("the first %d bytes became %x", n, *got)
		}
	}
	if got, err := Decode(ClassEmail, *asData(good)); err != nil || got.Class() != ClassNotes {
		t.Errorf("%v, %v", got, err)
	}
	for _, tt := range []struct {
		xml  string
		want Class
	}{
		{`<ApplicationData xmlns="AirSync"/>`, ClassEmail}, {`<ApplicationData xmlns="AirSync"><Subject xmlns="Tasks">x</Subject></ApplicationData>`, ClassTasks},
		{`<ApplicationData xmlns="AirSync"><NativeBodyType xmlns="AirSyncBase">1</NativeBodyType><Subject xmlns="Calendar">x</Subject></ApplicationData>`, ClassCalendar},
		{`<ApplicationData xmlns="AirSync">text<Subject xmlns="Notes">x</Subject></ApplicationData>`, ClassNotes},
		{`<ApplicationData xmlns="AirSync"><Body xmlns="AirSyncBase"><Type>1</Type></Body></ApplicationData>`, ClassEmail},
	} {
		raw, err := FromXML([]byte(tt.xml))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Decode(ClassEmail, raw); err != nil || got.Class() != tt.want {
			t.Errorf("%s: %v, %v", tt.xml, got, err)
		}
		for n := range raw {
			if got, err := Decode(ClassEmail, raw[:n]); err == nil {
				t.Errorf("the first %d bytes of %s became %+v", n, tt.xml, got)
			}
		}
	}
}

// The XML of a document is bounded, to the byte.
func TestBoundedWriter(t *testing.T) {
	w := &boundedWriter{limit: 5}
	for _, tt := range []struct {
		text string
		ok   bool
	}{{"abc", true}, {"def", false}, {"de", true}, {"", true}, {"f", false}} {
		if n, err := w.Write([]byte(tt.text)); (err == nil) != tt.ok || n != map[bool]int{true: len(tt.text)}[tt.ok] || !tt.ok && !errors.Is(err, ErrTooLarge) {
			t.Errorf("%q: %d, %v", tt.text, n, err)
		}
	}
	if diff := cmp.Diff("abcde", w.String()); diff != "" {
		t.Error(diff)
	}
}

// As many half hours as could be asked for, twice, and no more.
func TestSlots(t *testing.T) {
	for text, ok := range map[string]bool{"": true, "01234": true, "5": false, "/": false, "0x": false, strings.Repeat("0", 4032): true, strings.Repeat("0", 4033): false} {
		if got, err := parseSlots(text); (err == nil) != ok || ok && len(got) != len(text) {
			t.Errorf("%.8q, %d of them: %v", text, len(text), err)
		}
	}
}

// A trip goes on as long as one waits for it, and ends when none does; what was left is not counted.
func TestFlightIsLeft(t *testing.T) {
	for _, tt := range []struct{ waiting, leaving int }{{1, 1}, {2, 1}, {2, 2}, {3, 1}, {3, 2}, {3, 3}} {
		synctest.Test(t, func(t *testing.T) {
			var f flight[int]
			var ended error
			runs := 0
			work := func(ctx context.Context) (int, error) {
				runs++
				select {
				case <-ctx.Done():
					ended = context.Cause(ctx)
					return 0, ended
				case <-time.After(time.Minute):
					return 7, nil
				}
			}
			var all sync.WaitGroup
			var stays atomic.Int32
			for i := range tt.waiting {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				all.Go(func() {
					if v, err := f.do(ctx, time.Hour, work); err == nil && v == 7 {
						stays.Add(1)
					}
				})
				if i < tt.leaving {
					time.AfterFunc(time.Second, cancel)
				}
			}
			all.Wait()
			time.Sleep(2 * time.Minute)
			synctest.Wait()
			left := tt.waiting == tt.leaving
			if int(stays.Load()) != tt.waiting-tt.leaving || errors.Is(ended, errLeft) != left || runs != 1 || f.now != nil || (f.trips() == 1) == left {
				t.Errorf("%d of %d leave: %d had the result, the work ended with %v, %d trips", tt.leaving, tt.waiting, stays.Load(), ended, f.trips())
			}
		})
	}
}

// What a trip that has landed since counts for.
func TestFlightSince(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f flight[int]
		fail := errors.New("it fails")
		fly := func(err error) {
			_, _ = f.do(t.Context(), time.Hour, func(context.Context) (int, error) { return 0, err })
		}
		before := f.trips()
		if _, counts := f.since(before); counts {
			t.Error("no trip counts")
		}
		fly(nil)
		if err, counts := f.since(before); err != nil || !counts {
			t.Errorf("a trip that succeeded: %v, %v", err, counts)
		}
		time.Sleep(time.Hour)
		if err, counts := f.since(before); err != nil || !counts {
			t.Errorf("an old trip that succeeded: %v, %v", err, counts)
		}
		fly(fail)
		time.Sleep(freshFailure)
		if err, counts := f.since(before); err != fail || !counts {
			t.Errorf("a fresh failure: %v, %v", err, counts)
		}
		time.Sleep(time.Nanosecond)
		if _, counts := f.since(before); counts {
			t.Error("an old failure counts")
		}
		fly(nil)
		go f.do(t.Context(), time.Hour, func(ctx context.Context) (int, error) { time.Sleep(time.Minute); return 0, nil })
		synctest.Wait()
		if _, counts := f.since(before); counts {
			t.Error("a trip counts while another is under way")
		}
		time.Sleep(time.Hour)
	})
}
