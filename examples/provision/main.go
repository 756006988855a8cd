// Provision is the service side of hybrid modern authentication: it takes the access token
// that a mail client got for it, obtains tokens for the user's mailbox on the user's behalf,
// and keeps four weeks of mail, all calendars, all contacts and the out-of-office state in
// step, in the background and without the user. It is a module of its own, since it brings a
// queue (River) and database drivers: run it in its folder.
//
//	go run .                 a demonstration: an embedded tenant, SQLite, three worker processes
//	provision migrate -dsn … -key-file …
//	provision serve   -dsn … -key-file … -client-id … -secret-file … -tenant …
//
// Any number of processes share one database: a SQLite file on one machine, or PostgreSQL.
// docs/provision.md describes the service, and docs/scale.md how many mailboxes it holds.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

const usage = `usage:
  provision                  a demonstration, with an embedded tenant
  provision serve [flags]    run a process of the service
  provision migrate [flags]  make or update the tables of the database
  provision serve -h         explains the flags
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string) int {
	var err error
	switch {
	case len(args) == 0:
		err = demonstrate(ctx, os.Stdout)
	case args[0] == "serve" || args[0] == "migrate":
		var c config
		flags := flag.NewFlagSet("provision "+args[0], flag.ContinueOnError)
		if err := c.parse(flags, args[1:], os.Getenv); errors.Is(err, flag.ErrHelp) {
			return 0
		} else if err != nil {
			fmt.Fprintln(os.Stderr, "provision:", err)
			return 2
		}
		if err := c.checkFlags(); err != nil {
			fmt.Fprintln(os.Stderr, "provision:", err)
			return 2
		}
		var s *service
		if s, err = open(ctx, &c, args[0] == "migrate", os.Stderr); err != nil {
			break
		}
		if args[0] == "migrate" {
			defer s.store.Close()
			err = s.migrate(ctx)
			break
		}
		if c.untilEOF {
			var stop context.CancelFunc
			ctx, stop = context.WithCancel(ctx)
			go func() {
				_, _ = io.Copy(io.Discard, os.Stdin)
				stop()
			}()
		}
		err = s.run(ctx)
	default:
		fmt.Fprint(os.Stderr, usage)
		return 2
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "provision:", err)
		return 1
	}
	return 0
}
