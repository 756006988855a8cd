package account

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

// A Tool is an example that needs no mailbox, or signs in by itself. It shares messages, signals and
// exit codes with a [Program].
type Tool struct {
	Name, Usage string
	Flags       func(*flag.FlagSet)
	Args        int // how many arguments may stand behind the flags
	Run         func(ctx context.Context, fs *flag.FlagSet, in io.Reader, out, errs io.Writer) error
}

// Main runs the tool and ends the process.
func (t *Tool) Main() {
	ctx, stop := Signals()
	code := t.Command(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// Command is the tool without its process. It returns the exit code.
func (t *Tool) Command(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	fs := flag.NewFlagSet(t.Name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	t.Flags(fs)
	err := fs.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintf(out, "usage: %s\n", t.Usage)
		fs.SetOutput(out)
		fs.PrintDefaults()
		return OK
	case err != nil:
		err = Misuse("%v", err)
	case fs.NArg() > t.Args:
		err = Misuse("unexpected argument %q", fs.Arg(t.Args))
	default:
		err = t.Run(ctx, fs, in, out, errs)
	}
	code := Report(ctx, errs, t.Name, err)
	if code == Misused {
		fmt.Fprintf(errs, "%s: -help lists the flags\n", t.Name)
	}
	return code
}
