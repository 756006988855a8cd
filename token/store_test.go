package token_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/token"
	"github.com/easoauth/easoauth/token/storetest"
)

func TestMemoryStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) token.Store { return &token.MemoryStore{} })
}

// faulty is a store whose calls can be made to fail.
type faulty struct {
	token.MemoryStore
	load, save, reserve func() error
	saves               atomic.Int64
}

func (f *faulty) Load(ctx context.Context, key string) (token.Record, error) {
	if f.load != nil {
		if err := f.load(); err != nil {
			return token.Record{}, err
		}
	}
	return f.MemoryStore.Load(ctx, key)
}

func (f *faulty) Save(ctx context.Context, key string, r token.Record) (token.Record, error) {
	f.saves.Add(1)
	if f.save != nil {
		if err := f.save(); err != nil {
			return token.Record{}, err
		}
	}
	return f.MemoryStore.Save(ctx, key, r)
}

func (f *faulty) Reserve(ctx context.Context, key string, size int) (func(), error) {
	if f.reserve != nil {
		if err := f.reserve(); err != nil {
			return nil, err
		}
	}
	return func() {}, nil
}

var errDisk = errors.New("no space left on device")

// faultySource is signed in, with an expired access token and a faulty store.
func faultySource(t *testing.T, s *sts) (*token.Source, *faulty) {
	t.Helper()
	f := &faulty{}
	src := &token.Source{Config: s.config(t), Store: f, Key: "ada", Flow: s, Early: -1}
	if _, err := src.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	src.Flow = nil
	time.Sleep(2 * time.Hour)
	return src, f
}

// The refresh token is stored before the access token beside it is handed out; when the
// store is ill it is kept and stored later, and no second refresh is made for it.
func TestNotPersisted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		s.strict = true
		src, f := faultySource(t, s)
		f.save = func() error { return errDisk }
		for range 20 {
			tok, err := src.Token(t.Context())
			if !errors.Is(err, token.ErrNotPersisted) || !errors.Is(err, errDisk) {
				t.Fatalf("Token = %v, %v; want ErrNotPersisted with its cause", tok, err)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("error %v holds a secret", err)
			}
			time.Sleep(10 * time.Second)
		}
		if s.posts() != 1 {
			t.Errorf("%d refreshes, want 1", s.posts())
		}
		f.save = nil
		time.Sleep(time.Minute)
		mustToken(t, src)
		if r := load(t, src); s.posts() != 1 || r.RefreshToken != "rt-secret-2" {
			t.Errorf("%d refreshes and stored %q, want 1 and the rotated token", s.posts(), r.RefreshToken)
		}
		time.Sleep(2 * time.Hour)
		mustToken(t, src)
	})
}

// A disk that is full or read-only fails before the refresh token is spent.
func TestS089ReserveFailsFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src, f := faultySource(t, s)
		f.reserve = func() error { return errDisk }
		if _, err := src.Token(t.Context()); !errors.Is(err, errDisk) || !errors.Is(err, token.ErrNotPersisted) {
			t.Errorf("Token = %v, want the error of Reserve", err)
		}
		if s.posts() != 0 {
			t.Errorf("the refresh token was spent")
		}
	})
}

func TestMarkFailsFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src, f := faultySource(t, s)
		src.Replay = token.ReplayStrict
		f.save = func() error { return errDisk }
		if _, err := src.Token(t.Context()); !errors.Is(err, errDisk) || s.posts() != 0 {
			t.Errorf("Token = %v after %d requests, want the error of Save and none", err, s.posts())
		}
	})
}

func TestLoadFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src, f := faultySource(t, s)
		f.load = func() error { return errDisk }
		if _, err := src.Token(t.Context()); !errors.Is(err, errDisk) {
			t.Errorf("Token = %v, want the error of Load", err)
		}
		if _, err := src.Status(t.Context()); !errors.Is(err, errDisk) {
			t.Errorf("Status = %v, want the error of Load", err)
		}
		if err := src.SignOut(t.Context()); !errors.Is(err, errDisk) {
			t.Errorf("SignOut = %v, want the error of Load", err)
		}
		f.load = nil
		time.Sleep(time.Minute)
		mustToken(t, src)
	})
}

func TestS139StoreThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		src, f := faultySource(t, s)
		f.load = func() error { panic("boom") }
		if _, err := src.Token(t.Context()); err == nil {
			t.Error("Token succeeded")
		}
		f.load = nil
		time.Sleep(time.Minute)
		mustToken(t, src) // neither the flight nor the lock was left behind
	})
}

// The answer to a refresh is lost. A tolerant authority takes the old token again; a
// strict one ends the sign-in, and the error says what happened.
func TestLostAnswer(t *testing.T) {
	for _, strict := range []bool{false, true} {
		t.Run(fmt.Sprintf("strict=%v", strict), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSTS()
				s.strict = strict
				src, _ := faultySource(t, s)
				if strict {
					src.Replay = token.ReplayStrict
				}
				s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
					s.set(func() { s.intercept = nil })
					s.ServeHTTP(&discard{}, r) // granted, and the answer is lost
					w.Write([]byte("<html>Gateway"))
					return true
				}
				if _, err := src.Token(t.Context()); err == nil {
					t.Fatal("Token succeeded")
				}
				time.Sleep(time.Minute)
				_, err := src.Token(t.Context())
				if !strict {
					if err != nil {
						t.Errorf("Token = %v, want the refresh repeated", err)
					}
					return
				}
				var re *token.ReauthError
				if !errors.As(err, &re) || !errors.Is(err, token.ErrRefreshUncertain) {
					t.Fatalf("Token = %v, want *ReauthError that matches ErrRefreshUncertain", err)
				}
				var rt *oauth2.RetrieveError
				if !errors.As(err, &rt) {
					t.Errorf("no *oauth2.RetrieveError in %v", err)
				}
				n := s.posts()
				for range 10 {
					time.Sleep(time.Minute)
					src.Token(t.Context())
				}
				if s.posts() != n {
					t.Errorf("%d more requests, want one probe and no loop", s.posts()-n)
				}
			})
		})
	}
}

// What ends a sign-in whose last response was lost: at Entra a plain invalid_grant does only
// where the caller says that a refresh token may be used once, and a policy never does.
func TestRefusalAfterALostAnswer(t *testing.T) {
	for _, tt := range []struct {
		name     string
		replay   token.Replay
		suberror string
		number   int
		kind     token.ReauthKind // "": it has not ended
	}{
		{"plain, strict", token.ReplayStrict, "", 0, token.ReauthRevoked},
		{"plain", token.ReplayByAuthority, "", 0, ""},
		{"a policy, strict", token.ReplayStrict, "", 53003, ""},
		{"consent, strict", token.ReplayStrict, "consent_required", 0, ""},
		{"bad token", token.ReplayByAuthority, "bad_token", 0, token.ReauthRevoked},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSTS()
				src, _ := faultySource(t, s)
				src.Replay = tt.replay
				r := load(t, src)
				r.Sent = time.Now()
				if _, err := src.Store.Save(t.Context(), src.Key, r); err != nil {
					t.Fatal(err)
				}
				s.refuse("invalid_grant", tt.suberror, tt.number)
				_, err := src.Token(t.Context())
				var re *token.ReauthError
				if ended := tt.kind != ""; !errors.As(err, &re) || re.Ended != ended || ended && re.Kind != tt.kind || errors.Is(err, token.ErrRefreshUncertain) != ended {
					t.Errorf("Token = %v, want one of kind %q", err, tt.kind)
				}
				if strings.Contains(err.Error(), "\n") {
					t.Errorf("%q is more than one line", err)
				}
				if r := load(t, src); r.Ended != tt.kind || (r.RefreshToken == "") != (tt.kind != "") {
					t.Errorf("stored %v, want ended %q", r, tt.kind)
				}
			})
		})
	}
}

type discard struct{ http.ResponseWriter }

func (*discard) Header() http.Header         { return http.Header{} }
func (*discard) WriteHeader(int)             {}
func (*discard) Write(b []byte) (int, error) { return len(b), nil }

// A refresh that was refused before it could be spent leaves no mark.
func TestMarkIsTakenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		s.strict = true
		src, _ := faultySource(t, s)
		src.Replay = token.ReplayStrict
		s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			writeJSON(w, 400, map[string]any{"error": "temporarily_unavailable"})
			return true
		}
		src.Token(t.Context())
		if r := load(t, src); !r.Sent.IsZero() {
			t.Error("the mark stayed")
		}
		s.set(func() { s.intercept = nil })
		time.Sleep(time.Minute)
		mustToken(t, src)
		if r := load(t, src); !r.Sent.IsZero() || r.RefreshToken != "rt-secret-2" {
			t.Errorf("record %v, want the rotated token and no mark", r)
		}
	})
}

// Processes that share a store without locks: the one whose refresh comes late neither
// buries the other's tokens nor ends the sign-in.
func TestPeersWithoutLocks(t *testing.T) {
	for _, tt := range []struct {
		name   string
		during func(t *testing.T, s *sts, src *token.Source) // while the refresh is under way
		check  func(t *testing.T, r token.Record, err error)
	}{
		{"a peer signs in again", func(t *testing.T, s *sts, src *token.Source) {
			peer := &token.Source{Config: src.Config, Store: src.Store, Key: src.Key, Flow: flowFunc(func(context.Context, *token.Config) (*oauth2.Token, error) {
				return &oauth2.Token{AccessToken: "new-sign-in", RefreshToken: "rt-new", Expiry: time.Now().Add(time.Hour)}, nil
			})}
			if _, err := peer.SignIn(t.Context()); err != nil {
				t.Error(err)
			}
		}, func(t *testing.T, r token.Record, err error) {
			if r.RefreshToken != "rt-new" || err != nil {
				t.Errorf("stored %q, error %v; want the new sign-in", r.RefreshToken, err)
			}
		}},
		{"a peer adds a token for another resource", func(t *testing.T, s *sts, src *token.Source) {
			r, _ := src.Store.Load(t.Context(), src.Key)
			r.Access = map[string]token.Access{"https://outlook.office365.com:443": {Token: "x", Obtained: time.Now(), Expiry: time.Now().Add(time.Hour)}}
			if _, err := src.Store.Save(t.Context(), src.Key, r); err != nil {
				t.Error(err)
			}
		}, func(t *testing.T, r token.Record, err error) {
			if r.RefreshToken != "rt-secret-2" || len(r.Access) != 2 || err != nil {
				t.Errorf("stored %v, error %v; want both access tokens and the rotated refresh token", r, err)
			}
		}},
		{"S073 a peer rotated, earlier", func(t *testing.T, s *sts, src *token.Source) {
			r, _ := src.Store.Load(t.Context(), src.Key)
			r.RefreshToken, r.RefreshIssued = "rt-peer", time.Now()
			if _, err := src.Store.Save(t.Context(), src.Key, r); err != nil {
				t.Error(err)
			}
		}, func(t *testing.T, r token.Record, err error) {
			if r.RefreshToken != "rt-secret-2" || err != nil {
				t.Errorf("stored %q, error %v; want the one that was issued last", r.RefreshToken, err)
			}
		}},
		{"S073 a peer rotated, later", func(t *testing.T, s *sts, src *token.Source) {
			r, _ := src.Store.Load(t.Context(), src.Key)
			r.RefreshToken, r.RefreshIssued = "rt-peer", time.Now().Add(time.Minute)
			if _, err := src.Store.Save(t.Context(), src.Key, r); err != nil {
				t.Error(err)
			}
		}, func(t *testing.T, r token.Record, err error) {
			if r.RefreshToken != "rt-peer" || err != nil {
				t.Errorf("stored %q, error %v; want the one that was issued last", r.RefreshToken, err)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSTS()
				src := &token.Source{Config: s.config(t), Store: unlocked{&token.MemoryStore{}}, Key: "ada", Flow: s, Early: -1}
				if _, err := src.SignIn(t.Context()); err != nil {
					t.Fatal(err)
				}
				src.Flow = nil
				time.Sleep(2 * time.Hour)
				s.delay = 2 * time.Second
				var wg sync.WaitGroup
				var err error
				wg.Go(func() { _, err = src.Token(t.Context()) })
				time.Sleep(time.Second)
				tt.during(t, s, src)
				wg.Wait()
				tt.check(t, load(t, src), err)
				if st, err := src.Status(t.Context()); err != nil || st.Unsaved {
					t.Errorf("Status = %+v, %v; want nothing unsaved", st, err)
				}
			})
		})
	}
}

// unlocked is a store without locks.
type unlocked struct{ token.Store }

// invalid_grant for a refresh token that a peer has spent is not the end.
func TestInvalidGrantAfterAPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		store := unlocked{&token.MemoryStore{}}
		src := &token.Source{Config: s.config(t), Store: store, Key: "ada", Flow: s, Early: -1}
		if _, err := src.SignIn(t.Context()); err != nil {
			t.Fatal(err)
		}
		src.Flow = nil
		time.Sleep(2 * time.Hour)
		first := true
		s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			if !first {
				return false
			}
			first = false
			// The peer's rotation was stored just now, and the authority knows its token only.
			rec, _ := store.Load(t.Context(), "ada")
			s.set(func() {
				s.tokens["rt-peer"] = &refreshState{issued: time.Now()}
			})
			rec.RefreshToken = "rt-peer"
			if _, err := store.Save(t.Context(), "ada", rec); err != nil {
				t.Error(err)
			}
			aadsts(w, 400, "invalid_grant", 70000)
			return true
		}
		mustToken(t, src)
		if r := load(t, src); r.Ended != "" || r.RefreshToken == "" {
			t.Errorf("record %v, want the sign-in alive", r)
		}
	})
}

// Eight sources on one store with locks, against an authority that ends the sign-in when
// a refresh token comes twice: one request at each expiry.
func TestS095PeersWithLocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSTS()
		s.strict = true
		store := &token.MemoryStore{}
		first := &token.Source{Config: s.config(t), Store: store, Key: "ada", Flow: s}
		if _, err := first.SignIn(t.Context()); err != nil {
			t.Fatal(err)
		}
		var peers []*token.Source
		for range 8 {
			peers = append(peers, &token.Source{Config: first.Config, Store: store, Key: "ada", Replay: token.ReplayStrict, Early: -1})
		}
		s.delay = 20 * time.Millisecond
		for expiry := 1; expiry <= 20; expiry++ {
			time.Sleep(time.Hour)
			var wg sync.WaitGroup
			for _, p := range peers {
				wg.Go(func() {
					if _, err := p.Token(t.Context()); err != nil {
						t.Errorf("Token: %v", err)
					}
				})
			}
			wg.Wait()
			if s.posts() != expiry {
				t.Fatalf("%d requests at expiry %d, want as many", s.posts(), expiry)
			}
		}
	})
}

// A backup is put back over the folder, whose refresh token the authority has seen spent: the
// user signs in once more, and nothing asks in a circle.
func TestS097BackupPutBack(t *testing.T) {
	for _, restart := range []bool{false, true} {
		t.Run(fmt.Sprintf("restart=%v", restart), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSTS()
				s.strict = true
				store := &token.FileStore{Dir: filepath.Join(t.TempDir(), "tokens")}
				src := &token.Source{Config: s.config(t), Store: store, Key: "ada", Flow: s, Early: -1, Replay: token.ReplayStrict}
				mustToken(t, src)
				src.Flow = nil
				names, _ := filepath.Glob(filepath.Join(store.Dir, "*.token"))
				if len(names) != 1 {
					t.Fatalf("files %q", names)
				}
				backup, err := os.ReadFile(names[0])
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(2 * time.Hour)
				mustToken(t, src)
				if err := os.WriteFile(names[0], backup, 0o600); err != nil {
					t.Fatal(err)
				}
				if restart {
					src = &token.Source{Config: src.Config, Store: &token.FileStore{Dir: store.Dir}, Key: "ada", Early: -1, Replay: token.ReplayStrict}
				}
				posts := s.posts()
				for range 100 {
					time.Sleep(time.Hour)
					var re *token.ReauthError
					if _, err := src.Token(t.Context()); !errors.As(err, &re) {
						t.Fatalf("Token = %v, want *ReauthError", err)
					}
				}
				if n := s.posts() - posts; n != 1 {
					t.Errorf("%d requests, want 1", n)
				}
				src.Flow = s
				s.set(func() { s.dead = false })
				if _, err := src.SignIn(t.Context()); err != nil {
					t.Errorf("SignIn = %v", err)
				}
			})
		})
	}
}

func TestRecordDoesNotPrint(t *testing.T) {
	r := token.Record{Lineage: "l", Generation: 3, RefreshToken: "rt-secret", Account: token.Account{Username: "ada@contoso.com"},
		Access: map[string]token.Access{"r": {Token: "at-secret"}}}
	src := &token.Source{Config: &token.Config{Auth: token.Secret("cs-secret")}, Flow: token.RefreshToken("rt-secret")}
	var log strings.Builder
	lg := slog.New(slog.NewJSONHandler(&log, nil))
	lt := slog.New(slog.NewTextHandler(&log, nil))
	for _, v := range []any{r, &r, r.Access, r.Access["r"], token.Secret("cs-secret"), token.RefreshToken("rt-secret"), src, src.Config,
		struct{ R token.Record }{r}, []token.Record{r}, map[string]token.Access{"a": r.Access["r"]}} {
		lg.Info("x", "v", v)
		lt.Info("x", "v", v)
		j, _ := json.Marshal(v)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			s := fmt.Sprintf(verb, v) + string(j) + log.String()
			if strings.Contains(s, "secret") || strings.Contains(s, fmt.Sprintf("%x", "secret")) || strings.Contains(s, "ada@") {
				t.Errorf("%T under %s prints a secret: %s", v, verb, s)
			}
		}
	}
	if err := json.Unmarshal([]byte(`{}`), &r); err == nil {
		t.Error("a Record was read from JSON that need not be one")
	}
}

func TestRecordEncoding(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 5, time.UTC)
	want := token.Record{
		Lineage: "l", Generation: 3, ClientID: "c", Authority: "a", Account: token.Account{Tenant: "t", Object: "o", Username: "u"},
		SignedIn: now, RefreshToken: "rt", RefreshIssued: now, RefreshExpiry: now, Sent: now, Ended: token.ReauthMFA,
		Access: map[string]token.Access{"r": {Token: "at", Type: "Bearer", Obtained: now, Expiry: now, RefreshAt: now, Scope: "s"}},
	}
	b, err := want.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := token.DecodeRecord(b)
	if err != nil {
		t.Fatal(err)
	}
	if !cmp.Equal(want, got) {
		t.Errorf("record differs after a round trip: %s", cmp.Diff(want, got))
	}
	for n := range len(b) {
		if _, err := token.DecodeRecord(b[:n]); !errors.Is(err, token.ErrRecord) {
			t.Fatalf("DecodeRecord of the first %d bytes = %v, want ErrRecord", n, err)
		}
	}
	for name, s := range map[string]string{
		"another schema": `{"schema":2,"lineage":"l","generation":1}`,
		"no schema":      `{"lineage":"l","generation":1}`,
		"no lineage":     `{"schema":1,"generation":1}`,
		"no generation":  `{"schema":1,"lineage":"l"}`,
		"NUL page":       strings.Repeat("\x00", 4096),
		"an array":       `[]`,
		"too long":       strings.Repeat(" ", 1<<20+1) + string(b),
	} {
		if _, err := token.DecodeRecord([]byte(s)); !errors.Is(err, token.ErrRecord) {
			t.Errorf("DecodeRecord of %s = %v, want ErrRecord", name, err)
		}
	}
	want.RefreshToken = strings.Repeat("x", 1<<20)
	if _, err := want.Encode(); err == nil {
		t.Error("Encode of more than 1 MiB succeeded")
	}
}

func FuzzDecodeRecord(f *testing.F) {
	b, _ := token.Record{Lineage: "l", Generation: 1, RefreshToken: "rt", Access: map[string]token.Access{"r": {Token: "at"}}}.Encode()
	f.Add(b)
	f.Add([]byte(`{"schema":1,"lineage":"l","generation":1,"signed_in":"x"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := token.DecodeRecord(data)
		if err != nil {
			if !errors.Is(err, token.ErrRecord) {
				t.Fatalf("DecodeRecord = %v, want ErrRecord", err)
			}
			return
		}
		b, err := r.Encode()
		if err != nil {
			return
		}
		again, err := token.DecodeRecord(b)
		if err != nil {
			t.Fatal(err)
		}
		b2, _ := again.Encode()
		if string(b) != string(b2) {
			t.Fatalf("%s became %s", b, b2)
		}
	})
}
