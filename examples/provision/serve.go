package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river/rivertype"
	"github.com/riverqueue/rivercontrib/otelriver"
	"riverqueue.com/riverui"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/examples/provision/api"
	"github.com/easoauth/easoauth/examples/provision/engine"
	"github.com/easoauth/easoauth/examples/provision/jobs"
	"github.com/easoauth/easoauth/examples/provision/status"
	"github.com/easoauth/easoauth/examples/provision/store"
	"github.com/easoauth/easoauth/token"
	"github.com/easoauth/easoauth/token/sqlstore"
)

// A service is one process of the service.
type service struct {
	config   *config
	log      *slog.Logger
	store    *store.Store
	tokens   *sqlstore.Store
	engine   *engine.Engine
	fleet    *jobs.Fleet
	traces   func(context.Context) error // sends the last spans
	metrics  *status.Metrics
	verifier *token.Verifier
	http     *http.Client
	ready    atomic.Bool

	apiAddr, adminAddr string // once it listens
}

// open opens the database and puts the parts together. create says that a key that is missing in
// the keychain is made.
func open(ctx context.Context, c *config, create bool, out io.Writer) (*service, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.logLevel)); err != nil {
		return nil, errors.New("-log-level is debug, info, warn or error")
	}
	s := &service{config: c, log: slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: level}))}
	key, err := c.encryptionKey(create)
	if err != nil {
		return nil, err
	}
	secret, err := os.ReadFile(c.secretFile)
	if err != nil {
		return nil, err
	}
	if s.http, err = c.client(); err != nil {
		return nil, err
	}
	if s.store, err = store.Open(ctx, c.dsn, c.conns); err != nil {
		return nil, err
	}
	s.tokens = &sqlstore.Store{DB: s.store.DB, Dialect: s.store.Dialect, EncryptionKey: key, LeaseTime: max(c.dead, 2*time.Second)}
	name := c.processName()
	s.log = s.log.With("process", name)
	if s.traces, err = startTracing(ctx, name, os.Getenv); err != nil {
		return nil, err
	}
	s.engine = &engine.Engine{
		Store: s.store, Tokens: s.tokens, ClientID: c.clientID, Auth: token.Secret(strings.TrimSpace(string(secret))), HTTPClient: s.http,
		Authorities: c.authorities, Hosts: c.hosts, AllowPrivate: c.private, DeviceType: c.deviceType, BodyLimit: c.bodyLimit, FoldersEvery: c.folders,
		Limiter: &token.Limiter{Rate: c.authorityRate}, Logger: s.log,
	}
	s.fleet = &jobs.Fleet{
		Engine: s.engine, Store: s.store, Name: name, Logger: s.log, Workers: c.workers, Slots: c.slots, Turn: c.turn, Look: c.look,
		Heartbeats: &eas.WatchOptions{MinHeartbeat: c.minHeartbeat, MaxHeartbeat: c.maxHeartbeat},
		CheckEvery: c.check, AwayEvery: c.away, SweepEvery: c.sweep, Dead: c.dead,
		Plugins: []rivertype.Plugin{otelriver.NewMiddleware(nil)},
	}
	s.metrics = status.NewMetrics(s.store, s.fleet.Waiting)
	s.engine.Observe, s.engine.Stored = s.metrics.Observe, s.metrics.Stored
	s.fleet.Renewed = s.metrics.Renewed
	if err := s.fleet.Open(); err != nil {
		s.store.Close()
		return nil, err
	}
	return s, nil
}

// client returns the HTTP client of everything that leaves the process.
func (c *config) client() (*http.Client, error) {
	t := eas.NewTransport()
	if c.caFile != "" {
		text, err := os.ReadFile(c.caFile)
		if err != nil {
			return nil, err
		}
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(text) {
			return nil, errors.New("-ca-file holds no certificate in PEM form")
		}
		t.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	if c.dial != "" {
		dial := t.DialContext
		t.Proxy = nil
		t.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) { return dial(ctx, network, c.dial) }
	}
	return &http.Client{Transport: traced(t)}, nil
}

// migrate makes or updates the tables of all parts.
func (s *service) migrate(ctx context.Context) error {
	if err := s.store.Migrate(ctx); err != nil {
		return err
	}
	if err := jobs.Migrate(ctx, s.store); err != nil {
		return fmt.Errorf("the queue: %w", err)
	}
	if err := s.tokens.Migrate(ctx); err != nil {
		return err
	}
	return s.checkKey(ctx)
}

// discover learns the authority of the clients' tokens. It waits for an authority that cannot
// be reached.
func (s *service) discover(ctx context.Context) error {
	c := s.config
	tenant := "organizations"
	if len(c.tenants) == 1 {
		tenant = c.tenants[0]
	}
	o := &token.Options{HTTPClient: s.http, TrustedAuthorities: c.authorities}
	var transient *token.TransientError
	for pause := time.Second; ; pause = min(2*pause, 30*time.Second) {
		authority, err := token.Discover(ctx, "https://"+c.authority+"/"+tenant, o)
		if errors.As(err, &transient) {
			s.log.Warn("the authority cannot be reached yet", "error", err)
			if err := wait(ctx, max(pause, transient.RetryAfter)); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		audiences := []string{"api://" + c.clientID, c.clientID} // of version 1, and of version 2
		if c.audience != "" {
			audiences = []string{c.audience}
		}
		own, err := url.Parse(audiences[0])
		if err != nil {
			return errors.New("-audience is not a URI")
		}
		s.verifier = &token.Verifier{Authority: authority, Endpoint: own, Audiences: audiences, Tenants: c.tenants, Clients: c.clients, Scope: c.scope, HTTPClient: s.http}
		return nil
	}
}

// errLost ends a process at once: whatever it said of its jobs now would be of those of others.
var errLost = errors.New("other processes have taken this one for dead, as it had said nothing for longer than -dead: its work is theirs")

// run serves until ctx ends.
func (s *service) run(ctx context.Context) error {
	defer s.store.Close()
	if err := s.store.Check(ctx); err != nil {
		return err
	}
	if err := s.checkKey(ctx); err != nil {
		return err
	}
	var servers []*http.Server
	failed := make(chan error, 2)
	serve := func(address, cert, key string, h http.Handler) (string, error) {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return "", err
		}
		srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
			ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug)}
		servers = append(servers, srv)
		go func() {
			var err error
			if cert != "" {
				err = srv.ServeTLS(l, cert, key)
			} else {
				err = srv.Serve(l)
			}
			if !errors.Is(err, http.ErrServerClosed) {
				failed <- err
			}
		}()
		return l.Addr().String(), nil
	}
	var err error
	if s.config.admin != "" {
		h, err := s.adminHandler(ctx)
		if err != nil {
			return err
		}
		if s.adminAddr, err = serve(s.config.admin, "", "", h); err != nil {
			return err
		}
	}
	if s.config.role != "worker" {
		if err := s.discover(ctx); err != nil {
			return err
		}
		if s.config.tlsCert == "" && !isLoopback(s.config.listen) {
			return errors.New("-listen: tokens do not travel in the clear: listen on loopback, behind a TLS server, or set -tls-cert")
		}
		if s.apiAddr, err = serve(s.config.listen, s.config.tlsCert, s.config.tlsKey, s.apiHandler()); err != nil {
			return err
		}
	}
	if s.config.role != "api" {
		if err := s.fleet.Start(ctx); err != nil {
			return err
		}
	}
	s.ready.Store(true)
	s.log.Info("ready", "role", s.config.role, "api", s.apiAddr, "admin", s.adminAddr)
	select {
	case <-ctx.Done():
	case err = <-failed:
	case <-s.fleet.Lost():
		return errLost
	}
	s.ready.Store(false)
	ending, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for _, srv := range servers {
		_ = srv.Shutdown(ending)
	}
	if s.config.role != "api" {
		err = errors.Join(err, s.fleet.Stop(ending))
	}
	if lost := s.traces(ending); lost != nil {
		s.log.Warn("the last spans could not be sent", "error", lost)
	}
	s.log.Info("stopped")
	return err
}

func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback()
}

func (s *service) apiHandler() http.Handler {
	c := s.config
	detector := &api.Detector{
		Lookup: &autodiscover.Resolver{HTTPClient: s.http, AllowPrivate: c.private}, HTTPClient: s.http, Authorities: c.authorities,
		MaxAge: c.detectAge, OneEndpoint: c.oneEndpoint, Rate: c.detectRate, Logger: s.log,
	}
	return tracedHandler("api", (&api.Server{Engine: s.engine, Store: s.store, Verifier: s.verifier, Detector: detector, Logger: s.log}).Handler())
}

func (s *service) adminHandler(ctx context.Context) (http.Handler, error) {
	// The queue's own pages. They may cancel and repeat jobs, which the next look at a slot heals, or the next sweep.
	jobs, err := riverui.NewHandler(&riverui.HandlerOpts{Endpoints: riverui.NewEndpoints(s.fleet.Client(), nil), Logger: s.log, Prefix: "/jobs"})
	if err != nil {
		return nil, err
	}
	if err := jobs.Start(ctx); err != nil {
		return nil, err
	}
	return (&status.Server{Store: s.store, Process: s.fleet.Name, Metrics: s.metrics, Jobs: jobs, Logger: s.log, Ready: func(ctx context.Context) error {
		if !s.ready.Load() {
			return errors.New("the process is starting or stopping")
		}
		return s.store.Check(ctx)
	}}).Handler(), nil
}
