// Signin signs a user in and keeps the sign-in, as a program does at its first start, and
// uses what it has kept ever after. The other examples use the same sign-in.
//
//	go run ./examples/signin                        a demonstration, with an embedded tenant
//	go run ./examples/signin -email you@yourcompany.com -client-id …
//	                                                sign in with the browser, or with a code where there is
//	                                                no display, or go on with what is kept
//	go run ./examples/signin -email you@yourcompany.com -client-id … -print-token | your-program
//	                                                nothing but the access token, to a pipe
//	go run ./examples/signin -email you@yourcompany.com -client-id … -sign-out
//
// The sign-in is kept in a file in the folder of -dir, encrypted with a key in the system's
// keychain; with -no-keychain the file is plain and protected by its mode alone.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/easoauth/easoauth/examples/internal/account"
	"github.com/easoauth/easoauth/token"
)

func main() {
	var p program
	(&account.Program{
		Name: "signin",
		Flags: func(fs *flag.FlagSet) {
			fs.BoolVar(&p.fresh, "fresh", false, "sign in again although there is a sign-in")
			fs.BoolVar(&p.print, "print-token", false, "print the access token and nothing else; refused on a terminal")
		},
		Demo: demonstrate,
		Run: func(ctx context.Context, s *account.Session) error {
			if p.print && account.IsTerminal(s.Out) {
				return account.Misuse("a token does not belong on a terminal, where it stays in the scrollback: send it to a pipe")
			}
			m, err := s.OpenAs(ctx, s.Email)
			if err != nil {
				return err
			}
			return p.run(ctx, m.Source, s.Out, s.Print)
		},
	}).Main()
}

type program struct {
	fresh, print bool
}

// run goes from a source to an access token, and needs the user only for the first one and
// when the authority has ended the sign-in.
func (p *program) run(ctx context.Context, source *token.Source, out io.Writer, show func(fmt.Stringer) error) error {
	var did token.EventKind
	source.Observe = func(e token.Event) { did = e.Kind }
	get := source.Token
	if p.fresh {
		get = source.SignIn
	}
	t, err := get(ctx)
	if err != nil {
		return err
	}
	if p.print {
		_, err := fmt.Fprintln(out, t.AccessToken)
		return err
	}
	status, err := source.Status(ctx)
	if err != nil {
		return err
	}
	return show(signedIn{
		Endpoint: source.Config.Endpoint.String(), Authority: source.Config.Authority.String(), Event: string(did),
		User: status.Account.Username, Since: status.SignedIn, Expiry: status.Expiry, RefreshExpiry: status.RefreshExpiry,
	})
}

// A signedIn says who is signed in, and how that came about this time.
type signedIn struct {
	Endpoint      string    `json:"endpoint"`
	Authority     string    `json:"authority"`
	Event         string    `json:"event"`
	User          string    `json:"user"`
	Since         time.Time `json:"signedIn"`
	Expiry        time.Time `json:"expiry"`        // of the access token
	RefreshExpiry time.Time `json:"refreshExpiry"` // of the sign-in, if nothing is renewed until then
}

func (s signedIn) String() string {
	var b strings.Builder
	for _, line := range [][2]string{
		{"endpoint", s.Endpoint},
		{"authority", s.Authority},
		{"this time", map[token.EventKind]string{
			token.EventSignedIn:  "the user signed in",
			token.EventRefreshed: "the access token was renewed, without the user",
			token.EventAdopted:   "the access token that was kept is still good",
		}[token.EventKind(s.Event)]},
		{"user", s.User},
		{"signed in", s.Since.Format(time.RFC3339)},
		{"access token", "until " + s.Expiry.Format(time.RFC3339)},
		{"sign-in", "if nothing is renewed, until about " + s.RefreshExpiry.Format(time.DateOnly)},
	} {
		fmt.Fprintf(&b, "  %-13s %s\n", line[0], line[1])
	}
	return strings.TrimSuffix(b.String(), "\n")
}
