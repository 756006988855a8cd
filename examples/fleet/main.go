// Fleet keeps many mailboxes signed in from several processes that share one database, and
// shows live which process renewed what. It is a module of its own, since it brings
// database drivers: run it in its folder.
//
//	go run .                                        a demonstration: an embedded tenant, four
//	                                                processes, one of which is killed
//	go run . -client-id … -sign-in you@yourcompany.com
//	go run . -client-id … you@yourcompany.com …      one process of a fleet; start as many as you
//	                                                like, on as many machines
//
// The database is the SQLite file fleet.db, or with -dsn another, or a PostgreSQL:
// postgres://user@host/name. The key that encrypts the sign-ins in it is read from the file
// in -key-file, 64 hexadecimal digits; without one they are plain.
package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/easoauth/easoauth/token"
)

func main() {
	if os.Getenv(demoWorker) != "" {
		os.Exit(workForDemo())
	}
	dsn := flag.String("dsn", "fleet.db", "SQLite file, or URL of a PostgreSQL database")
	clientID := flag.String("client-id", "", "client id of the app registration")
	signIn := flag.Bool("sign-in", false, "sign the users in, one after the other, by device code")
	keyFile := flag.String("key-file", "", "file with the key that encrypts sign-ins, 64 hexadecimal digits")
	name := flag.String("name", workerName(), "name of this process in the table")
	length := flag.Duration("length", 20*time.Second, "length of the demonstration")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	switch {
	case flag.NArg() == 0 && *clientID == "":
		err = demonstrate(ctx, os.Stdout, *dsn, *length)
	case flag.NArg() == 0 || *clientID == "":
		flag.Usage()
		os.Exit(2)
	default:
		err = run(ctx, *dsn, *clientID, *keyFile, *name, *signIn, flag.Args())
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, dsn, clientID, keyFile, name string, signIn bool, addresses []string) error {
	key, err := readKey(keyFile)
	if err != nil {
		return err
	}
	b, err := openBoard(ctx, dsn, key)
	if err != nil {
		return err
	}
	defer b.db.Close()
	w := &worker{name: name, board: b, clientID: clientID, http: http.DefaultClient, every: 15 * time.Second, names: addresses}
	if signIn {
		return w.signIn(ctx, func(address string) token.Flow {
			return &token.DeviceCode{Prompt: func(_ context.Context, p *token.DevicePrompt) error {
				fmt.Printf("%s: open %s and enter %s\n", address, p.VerificationURI, p.UserCode)
				return nil
			}}
		})
	}
	done := make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { done <- w.work(ctx) }()
	showErr := newTable(os.Stdout, b).show(ctx, done)
	cancel()
	return showErr
}

func workerName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "process"
	}
	return fmt.Sprintf("%s-%d-%s", host, os.Getpid(), strings.ToLower(rand.Text()[:4]))
}

// readKey returns nil for no file.
func readKey(name string) ([]byte, error) {
	if name == "" {
		return nil, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != 32 {
		return nil, fmt.Errorf("%s does not hold 64 hexadecimal digits", name)
	}
	return key, nil
}
