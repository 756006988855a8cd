// Package store holds token/sqlstore to its contract on the databases themselves, and under
// fire: processes that share a sign-in, some of which are killed, against an authority that
// ends it when a refresh token comes twice.
package store

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/tls"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	mathrand "math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"golang.org/x/oauth2"
	_ "modernc.org/sqlite"

	"github.com/easoauth/easoauth/internal/interop/servers"
	"github.com/easoauth/easoauth/token"
	"github.com/easoauth/easoauth/token/sqlstore"
	"github.com/easoauth/easoauth/token/storetest"
)

func TestMain(m *testing.M) {
	if task := os.Getenv("STORE_TEST_PEER"); task != "" {
		peer(task)
		return
	}
	os.Exit(m.Run())
}

func open(dsn, table string, key []byte) (*sqlstore.Store, error) {
	driver, dialect := "sqlite", sqlstore.SQLite
	if strings.HasPrefix(dsn, "postgres:") {
		driver, dialect = "pgx", sqlstore.PostgreSQL
	} else {
		dsn = "file:" + dsn + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return nil, err
	}
	s := &sqlstore.Store{DB: db, Dialect: dialect, Table: table, EncryptionKey: key, LeaseTime: time.Second}
	if err := s.Migrate(context.Background()); err != nil {
		db.Close()
		return nil, err
	}
	return s, nil
}

// databases calls test with a DSN of each kind.
func databases(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Run("SQLite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "tokens.db")) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, servers.PostgreSQL(t)) })
}

func TestContract(t *testing.T) {
	databases(t, func(t *testing.T, dsn string) {
		for name, key := range map[string][]byte{"plain": nil, "encrypted": token.NewEncryptionKey()} {
			t.Run(name, func(t *testing.T) {
				storetest.Run(t, func(t *testing.T) token.Store {
					s, err := open(dsn, "t_"+strings.ToLower(rand.Text()), key)
					if err != nil {
						t.Fatal(err)
					}
					t.Cleanup(func() { s.DB.Close() })
					return s
				})
			})
		}
	})
}

// TestMigrateTogether has many connections make the tables at the same time.
func TestMigrateTogether(t *testing.T) {
	databases(t, func(t *testing.T, dsn string) {
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				s, err := open(dsn, "", nil)
				if err != nil {
					t.Error(err)
					return
				}
				s.DB.Close()
			})
		}
		wg.Wait()
	})
}

func TestMissingTable(t *testing.T) {
	databases(t, func(t *testing.T, dsn string) {
		s, err := open(dsn, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer s.DB.Close()
		other := &sqlstore.Store{DB: s.DB, Dialect: s.Dialect, Table: "missing"}
		if _, err := other.Load(t.Context(), "ada"); !errors.Is(err, sqlstore.ErrSchema) {
			t.Errorf("Load = %v, want ErrSchema", err)
		}
	})
}

func TestNotDurable(t *testing.T) {
	for name, dsn := range map[string]string{
		"SQLite":     "file:" + filepath.Join(t.TempDir(), "t.db") + "?_pragma=synchronous(OFF)",
		"PostgreSQL": servers.PostgreSQL(t) + "&synchronous_commit=off",
	} {
		driver, dialect := "sqlite", sqlstore.SQLite
		if name == "PostgreSQL" {
			driver, dialect = "pgx", sqlstore.PostgreSQL
		}
		db, err := sql.Open(driver, dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if err := (&sqlstore.Store{DB: db, Dialect: dialect}).Migrate(t.Context()); !errors.Is(err, sqlstore.ErrNotDurable) {
			t.Errorf("%s: Migrate = %v, want ErrNotDurable", name, err)
		}
	}
}

// A strict is an authority that ends the sign-in when a refresh token comes twice.
type strict struct {
	mu     sync.Mutex
	newest string
	used   map[string]bool
	dead   bool
	posts  int
}

func (s *strict) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.posts++
	old := r.FormValue("refresh_token")
	if s.used[old] || old != s.newest {
		s.dead = true
	}
	w.Header().Set("Content-Type", "application/json")
	if s.dead {
		w.WriteHeader(400)
		fmt.Fprint(w, `{"error":"invalid_grant"}`)
		return
	}
	s.used[old] = true
	s.newest = "rt-" + rand.Text()
	fmt.Fprintf(w, `{"token_type":"Bearer","expires_in":3600,"access_token":"at-%s","refresh_token":"%s"}`, rand.Text(), s.newest)
}

func (s *strict) SignIn(context.Context, *token.Config) (*oauth2.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.newest, s.used = "rt-"+rand.Text(), map[string]bool{}
	return &oauth2.Token{AccessToken: "at", RefreshToken: s.newest, Expiry: time.Now().Add(time.Hour)}, nil
}

func serve(a *strict) *httptest.Server {
	srv := httptest.NewUnstartedServer(a)
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // connections break off
	srv.StartTLS()
	return srv
}

type task struct {
	Authority, DSN string
	Key            []byte
	Rotate         bool
}

func (p task) source(s token.Store) *token.Source {
	u, err := url.Parse(p.Authority)
	if err != nil {
		panic(err)
	}
	return &token.Source{
		Config: &token.Config{ClientID: "client", Scopes: []string{"https://mail.contoso.com/EAS.AccessAsUser.All"},
			Endpoint:   &url.URL{Scheme: "https", Host: "mail.contoso.com", Path: "/Microsoft-Server-ActiveSync"},
			Authority:  &token.Authority{Kind: token.OpenID, Host: u.Host, TokenEndpoint: u.JoinPath("token")},
			HTTPClient: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}},
		Store: s, Key: "ada", Early: -1, Replay: token.ReplayStrict,
	}
}

// expire takes the access token out of the record, as time would.
func expire(s token.Store) error {
	for {
		r, err := s.Load(context.Background(), "ada")
		if err != nil {
			return err
		}
		r.Access = nil
		if _, err = s.Save(context.Background(), "ada", r); !errors.Is(err, token.ErrConflict) {
			return err
		}
	}
}

// peer is a process of a test: it asks for a token for each line that comes in, or, to be
// killed, rotates without end.
func peer(text string) {
	var p task
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		fmt.Println("error", err)
		return
	}
	s, err := open(p.DSN, "", p.Key)
	if err != nil {
		fmt.Println("error", err)
		return
	}
	if p.Rotate {
		fmt.Println("ready")
		for {
			if err := expire(s); err != nil {
				fmt.Println("error", err)
				return
			}
			if _, err := p.source(s).Token(context.Background()); err != nil {
				fmt.Println("error", err)
				return
			}
		}
	}
	fmt.Println("ready")
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		tok, err := p.source(s).Token(context.Background())
		if err != nil {
			fmt.Println("error", strings.ReplaceAll(err.Error(), "\n", " "))
			continue
		}
		fmt.Println("token", tok.AccessToken)
	}
}

type process struct {
	cmd *exec.Cmd
	in  *bufio.Writer
	out *bufio.Scanner
}

func start(t *testing.T, p task) process {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "STORE_TEST_PEER="+string(text))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); _ = cmd.Process.Kill(); _ = cmd.Wait() })
	pr := process{cmd, bufio.NewWriter(in), bufio.NewScanner(out)}
	if pr.out.Scan(); pr.out.Text() != "ready" {
		t.Fatalf("a process says %q", pr.out.Text())
	}
	return pr
}

// TestEightProcesses counts the requests at the expiry of an access token that eight
// processes share: one, each time.
func TestEightProcesses(t *testing.T) {
	databases(t, func(t *testing.T, dsn string) {
		a := &strict{}
		srv := serve(a)
		defer srv.Close()
		p := task{Authority: srv.URL, DSN: dsn, Key: token.NewEncryptionKey()}
		s, err := open(dsn, "", p.Key)
		if err != nil {
			t.Fatal(err)
		}
		defer s.DB.Close()
		signer := p.source(s)
		signer.Flow = a
		if _, err := signer.SignIn(t.Context()); err != nil {
			t.Fatal(err)
		}
		var peers []process
		for range 8 {
			peers = append(peers, start(t, p))
		}
		for expiry := 1; expiry <= 20; expiry++ {
			if err := expire(s); err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			var mu sync.Mutex
			answers := map[string]int{}
			for _, pr := range peers {
				wg.Go(func() {
					pr.in.WriteString("go\n")
					pr.in.Flush()
					pr.out.Scan()
					mu.Lock()
					answers[pr.out.Text()]++
					mu.Unlock()
				})
			}
			wg.Wait()
			a.mu.Lock()
			if len(answers) != 1 || a.posts != expiry || a.dead {
				t.Fatalf("expiry %d: answers %v, %d requests, sign-in ended %v; want one token and as many requests", expiry, answers, a.posts, a.dead)
			}
			a.mu.Unlock()
		}
	})
}

// TestTakeover kills a process that holds the lease, again and again, and sees that another
// takes over, and that the sign-in ends only if the store is behind the authority.
func TestTakeover(t *testing.T) {
	databases(t, func(t *testing.T, dsn string) {
		a := &strict{}
		srv := serve(a)
		defer srv.Close()
		p := task{Authority: srv.URL, DSN: dsn, Rotate: true}
		s, err := open(dsn, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer s.DB.Close()
		signIn := func() {
			signer := p.source(s)
			signer.Flow = a
			a.mu.Lock()
			a.dead = false
			a.mu.Unlock()
			if _, err := signer.SignIn(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		signIn()
		const kills = 8
		lost := 0
		for range kills {
			pr := start(t, p)
			time.Sleep(time.Duration(20+mathrand.IntN(60)) * time.Millisecond)
			_ = pr.cmd.Process.Kill()
			_ = pr.cmd.Wait()
			time.Sleep(20 * time.Millisecond) // the authority finishes what it was asked
			r, err := s.Load(t.Context(), "ada")
			if err != nil {
				t.Fatal(err)
			}
			a.mu.Lock()
			behind := r.RefreshToken != a.newest
			a.mu.Unlock()
			if err := expire(s); err != nil {
				t.Fatal(err)
			}
			_, err = p.source(s).Token(t.Context())
			switch {
			case behind && errors.Is(err, token.ErrRefreshUncertain):
				lost++
				signIn()
			case behind || err != nil:
				t.Fatalf("behind %v: Token = %v", behind, err)
			}
		}
		t.Logf("%d kills, %d in the window between the authority's answer and its storage", kills, lost)
	})
}
