// Package account is what the example programs have in common: the flags that say which
// mailbox, the sign-in, what is kept between two starts, progress, messages and exit codes.
package account

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"unicode"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/token"
	"github.com/easoauth/easoauth/token/keyring"
)

// The exit codes of the examples.
const (
	OK          = 0
	Failed      = 1   // a later attempt may succeed
	Misused     = 2   // the command line is wrong
	LogIn       = 3   // the user must sign in
	Deployment  = 4   // the app registration or the deployment is at fault
	Interrupted = 130 // by Ctrl-C or SIGTERM
)

// ErrUsage is a mistake of the command line.
var ErrUsage = errors.New("usage")

// Misuse returns an error that matches [ErrUsage], with the reason alone as its text.
func Misuse(format string, args ...any) error { return &misuse{fmt.Sprintf(format, args...)} }

type misuse struct{ reason string }

func (m *misuse) Error() string { return m.reason }
func (m *misuse) Unwrap() error { return ErrUsage }

// Code returns the exit code for what became of a program whose context was ctx.
func Code(ctx context.Context, err error) int {
	var (
		reauth        *token.ReauthError
		wrong         *token.AccountError
		configuration *token.ConfigError
		authority     *token.AuthorityError
		audience      *token.AudienceError
		lookup        *autodiscover.LookupError
		probe         *bearer.ProbeError
		server        *eas.Error
	)
	switch {
	case err == nil:
		return OK
	case errors.Is(err, ErrUsage):
		return Misused
	case ctx.Err() != nil:
		return Interrupted
	case errors.As(err, &reauth), errors.As(err, &wrong):
		return LogIn
	case errors.As(err, &configuration), errors.As(err, &authority), errors.As(err, &audience), errors.As(err, &lookup), errors.As(err, &probe):
		return Deployment
	case errors.As(err, &server) && server.Action == eas.ActionAdmin:
		return Deployment
	}
	return Failed
}

// Signals returns a context that ends with Ctrl-C and SIGTERM. A second one ends the process, if it
// does not come to its end.
func Signals() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// Await returns what f does, or ends with ctx: a read from a terminal does not end by itself.
func Await[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := f()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// Report tells the user of err, which may be nil, and returns the exit code.
func Report(ctx context.Context, w io.Writer, name string, err error) int {
	code := Code(ctx, err)
	switch {
	case code == OK:
	case code == Interrupted:
		fmt.Fprintf(w, "%s: interrupted\n", name)
	default:
		fmt.Fprintf(w, "%s: %s\n", name, strings.TrimPrefix(err.Error(), name+": "))
	}
	if errors.Is(err, keyring.ErrUnavailable) {
		fmt.Fprintf(w, "%s: -no-keychain keeps the sign-in in a file that only you may read\n", name)
	}
	return code
}

// A Program is an example that works on a mailbox. Without arguments it shows itself with
// an embedded tenant; with any, it needs a mailbox.
type Program struct {
	Name  string
	Flags func(*flag.FlagSet)                            // adds the program's own flags; may be nil
	Check func() error                                   // says what is wrong with them; may be nil
	Demo  func(ctx context.Context, out io.Writer) error // with an embedded tenant
	Run   func(ctx context.Context, s *Session) error    // with the mailbox of -email
}

// Main runs the program and ends the process.
func (p *Program) Main() {
	ctx, stop := Signals()
	code := p.Command(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// Command is the program without its process. It returns the exit code.
func (p *Program) Command(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	if len(args) == 0 {
		return Report(ctx, errs, p.Name, p.Demo(ctx, out))
	}
	s := &Session{In: in, Out: out, Err: errs}
	err := p.command(ctx, s, args)
	if errors.Is(err, flag.ErrHelp) {
		return OK
	}
	code := Report(ctx, errs, p.Name, err)
	if code == Misused {
		fmt.Fprintf(errs, "%s: -help lists the flags; without any, it shows itself with an embedded tenant\n", p.Name)
	}
	return code
}

func (p *Program) command(ctx context.Context, s *Session, args []string) error {
	fs := flag.NewFlagSet(p.Name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	s.register(fs)
	if p.Flags != nil {
		p.Flags(fs)
	}
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintf(s.Out, "usage: %s -email you@yourcompany.com -client-id …\n", p.Name)
		fs.SetOutput(s.Out)
		fs.PrintDefaults()
		return err
	case err != nil:
		return Misuse("%v", err)
	case fs.NArg() > 0:
		return Misuse("unexpected argument %q", fs.Arg(0))
	case s.Email == "":
		return Misuse("-email is missing")
	case s.signOut:
		return s.SignOut(ctx)
	case s.clientID == "":
		return Misuse("-client-id is missing")
	}
	if u, err := url.Parse(s.endpoint); s.endpoint != "" && (err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "") {
		return Misuse("-endpoint is not an ActiveSync URL, such as https://mail.contoso.com/Microsoft-Server-ActiveSync")
	}
	if p.Check != nil {
		if err := p.Check(); err != nil {
			return err
		}
	}
	err := p.Run(ctx, s)
	if err == nil {
		err = ctx.Err() // a program that waits is ended by Ctrl-C alone
	}
	return errors.Join(err, s.close(err))
}

// A Session is one run of a program with a mailbox.
type Session struct {
	In       io.Reader
	Out, Err io.Writer

	Email string
	JSON  bool // results are JSON lines
	Fresh bool // sign in although there is a sign-in

	clientID, tenant, dir string
	endpoint              string
	trust                 []string
	device, noKeychain    bool
	signOut, verbose      bool

	store  token.Store // of openStore, once
	opened []*Mailbox
}

func (s *Session) register(fs *flag.FlagSet) {
	fs.StringVar(&s.Email, "email", "", "mail address")
	fs.StringVar(&s.clientID, "client-id", "", "client ID of your app registration")
	fs.StringVar(&s.tenant, "tenant", "", "tenant, for an app that only one tenant may use")
	fs.StringVar(&s.endpoint, "endpoint", "", "ActiveSync URL, without a look-up")
	fs.Func("trust", "host of the authority, if it is not one of Microsoft's, such as your AD FS; may be given several times", func(host string) error {
		s.trust = append(s.trust, host)
		return nil
	})
	fs.StringVar(&s.dir, "dir", "", "folder for the sign-in; if empty, easoauth in your configuration folder")
	fs.BoolVar(&s.device, "device", false, "sign in with a code although there is a browser")
	fs.BoolVar(&s.noKeychain, "no-keychain", false, "keep the sign-in in a plain file instead of encrypting it with a key of the system's keychain")
	fs.BoolVar(&s.signOut, "sign-out", false, "forget the sign-in, and nothing else")
	fs.BoolVar(&s.JSON, "json", false, "print results as JSON lines")
	fs.BoolVar(&s.verbose, "v", false, "log every request, without its content")
}

// Print prints a result: as its text, or as a line of JSON.
func (s *Session) Print(v fmt.Stringer) error {
	if s.JSON {
		return json.NewEncoder(s.Out).Encode(v)
	}
	_, err := fmt.Fprintln(s.Out, Plain(v.String()))
	return err
}

// Plain returns a text that may hold what a sender wrote, for a terminal: without the control
// characters that would move its cursor, change its title or turn the text around.
func Plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
			return '\uFFFD'
		}
		return r
	}, s)
}

// folder returns the folder for the sign-in and for what else is kept.
func (s *Session) folder() (string, error) {
	if s.dir != "" {
		return s.dir, nil
	}
	config, err := os.UserConfigDir()
	return filepath.Join(config, "easoauth"), err
}

// File returns where a program keeps a file beside the sign-in.
func (s *Session) File(name string) (string, error) {
	dir, err := s.folder()
	return filepath.Join(dir, name), err
}

func (s *Session) openStore(ctx context.Context) (token.Store, error) {
	if s.store != nil {
		return s.store, nil
	}
	dir, err := s.folder()
	if err != nil {
		return nil, err
	}
	s.store, err = OpenStore(ctx, "easoauth", filepath.Join(dir, "sign-ins"), s.noKeychain)
	return s.store, err
}

// OpenStore opens the sign-ins in a folder: plain, or encrypted with a key that the system's
// keychain has for a service.
func OpenStore(ctx context.Context, service, dir string, plain bool) (token.Store, error) {
	if plain {
		return &token.FileStore{Dir: dir}, nil
	}
	store, err := keyring.Open(ctx, service, dir)
	if err != nil {
		return nil, err
	}
	return store, nil
}

func (s *Session) logger() *slog.Logger {
	if !s.verbose {
		return nil
	}
	return slog.New(slog.NewTextHandler(s.Err, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
