package provision

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/token"
)

// A ledger is kept in front of the authority: which refresh tokens come, how often, and what
// was known of each when it came again.
type ledger struct {
	authority http.Handler
	isDown    func() bool // nothing reaches the other side
	// stored returns the refresh token that the service has stored for a user.
	stored func(ctx context.Context, tenant, object string) (string, error)

	mu    sync.Mutex
	owner map[[32]byte]*token.Claims // of refresh tokens, as far as they are of users
	spent map[[32]byte]*spending
	count counts
	err   error
}

// A spending is what is known of a refresh token that came.
type spending struct {
	delivered                bool // the response reached the other side, as far as the server can tell
	cut, killed, disregarded int
}

// counts are numbers of refresh tokens.
type counts struct {
	Spent int
	// Cut came again after a response that did not reach the service, and Killed after one
	// that did, but whose receiver did not live to store it. When they came, the service had
	// nothing better.
	Cut, Killed int
	// Disregarded came again although the service had stored a successor.
	Disregarded int
}

func (l *ledger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.URL.Path, "/token") || r.Method != http.MethodPost {
		l.authority.ServeHTTP(w, r)
		return
	}
	b, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return // the network was cut, and the authority has seen nothing
	}
	r.Body = io.NopCloser(bytes.NewReader(b))
	form, err := url.ParseQuery(string(b))
	if err != nil {
		l.failed(err)
	}
	s := l.comes(r.Context(), form.Get("refresh_token"))
	out := httptest.NewRecorder()
	l.authority.ServeHTTP(out, r)
	l.issued(out.Body.Bytes())
	for k, v := range out.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(out.Code)
	_, _ = w.Write(out.Body.Bytes())
	if s == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s.delivered = s.delivered || !l.isDown() && r.Context().Err() == nil
}

func (l *ledger) failed(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = err
	}
}

// comes notes that a refresh token comes.
func (l *ledger) comes(ctx context.Context, refresh string) *spending {
	if refresh == "" {
		return nil
	}
	key := sha256.Sum256([]byte(refresh))
	l.mu.Lock()
	s, owner := l.spent[key], l.owner[key]
	first := s == nil
	if first {
		s = new(spending)
		l.spent[key] = s
		l.count.Spent++
	}
	l.mu.Unlock()
	if first {
		return s
	}
	if owner == nil {
		l.failed(errors.New("a refresh token came that the authority has not issued"))
		return s
	}
	// While the request is kept waiting, the process that sent it holds the lease of the
	// sign-in: nobody else stores anything.
	stored, err := l.stored(context.WithoutCancel(ctx), owner.Tenant, owner.Object)
	if err != nil {
		l.failed(err)
		return s
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	n, total := &s.cut, &l.count.Cut
	switch {
	case stored != refresh:
		n, total = &s.disregarded, &l.count.Disregarded
	case s.delivered:
		n, total = &s.killed, &l.count.Killed
	}
	if *n++; *n == 1 {
		*total++
	}
	return s
}

// issued notes whose the refresh token of a response is.
func (l *ledger) issued(body []byte) {
	var v struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	if err := json.Unmarshal(body, &v); err != nil || v.Refresh == "" {
		return
	}
	claims, err := token.Inspect(v.Access)
	if err != nil {
		l.failed(err)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.owner[sha256.Sum256([]byte(v.Refresh))] = claims
}

// close returns what was counted.
func (l *ledger) close() (counts, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count, l.err
}

func newLedger(authority http.Handler, isDown func() bool) *ledger {
	return &ledger{authority: authority, isDown: isDown, owner: map[[32]byte]*token.Claims{}, spent: map[[32]byte]*spending{}}
}

// TestLedger sees that a ledger tells apart what can happen to a refresh token.
func TestLedger(t *testing.T) {
	for _, tt := range []struct {
		name  string
		down  bool // the response to the first request is cut off
		saved bool // and its content is stored
		times int
		want  counts
	}{
		{"once", false, true, 1, counts{Spent: 1}},
		{"cut off", true, false, 2, counts{Spent: 1, Cut: 1}},
		{"killed", false, false, 2, counts{Spent: 1, Killed: 1}},
		{"killed twice", false, false, 3, counts{Spent: 1, Killed: 1}},
		{"stored all the same", true, true, 2, counts{Spent: 1, Disregarded: 1}},
		{"disregarded", false, true, 2, counts{Spent: 1, Disregarded: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			const access = "eyJhbGciOiJub25lIn0.eyJ0aWQiOiJ0Iiwib2lkIjoibyJ9.AA"
			down, saved := false, "rt1"
			l := newLedger(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_ = json.NewEncoder(w).Encode(map[string]string{"access_token": access, "refresh_token": "rt2"})
			}), func() bool { return down })
			l.stored = func(_ context.Context, tenant, object string) (string, error) {
				if tenant != "t" || object != "o" {
					t.Errorf("the owner is %s/%s", tenant, object)
				}
				return saved, nil
			}
			l.issued([]byte(`{"access_token":"` + access + `","refresh_token":"rt1"}`))
			down = tt.down
			for range tt.times {
				req := httptest.NewRequest(http.MethodPost, "/t/oauth2/v2.0/token", strings.NewReader("refresh_token=rt1"))
				out := httptest.NewRecorder()
				l.ServeHTTP(out, req)
				if !strings.Contains(out.Body.String(), "rt2") {
					t.Fatalf("the response is %s", out.Body)
				}
				if tt.saved {
					saved = "rt2"
				}
			}
			got, err := l.close()
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
	cut := httptest.NewRequest(http.MethodPost, "/token", io.MultiReader(strings.NewReader("refresh_token=rt"), iotest.ErrReader(io.ErrUnexpectedEOF)))
	l := newLedger(nil, nil)
	l.ServeHTTP(httptest.NewRecorder(), cut)
	if n, err := l.close(); err != nil || n != (counts{}) {
		t.Errorf("a request that was cut off: %+v, %v", n, err)
	}
	l = newLedger(http.NotFoundHandler(), func() bool { return false })
	for range 2 {
		l.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/token", strings.NewReader("refresh_token=unknown")))
	}
	if _, err := l.close(); err == nil {
		t.Error("a token of nobody is not noticed")
	}
}
