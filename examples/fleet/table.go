package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"
)

// A table shows the board: again and again in place on a terminal, and otherwise a line for
// each change.
type table struct {
	out   io.Writer
	board *board
	live  bool
	last  map[string]mailboxRow
}

func newTable(out io.Writer, b *board) *table {
	t := &table{out: out, board: b, last: map[string]mailboxRow{}}
	if f, ok := out.(*os.File); ok {
		fi, err := f.Stat()
		t.live = err == nil && fi.Mode()&os.ModeCharDevice != 0
	}
	return t
}

// show shows the board until ctx ends or done brings an error.
func (t *table) show(ctx context.Context, done <-chan error) error {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			return err
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := t.draw(ctx); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}

func (t *table) draw(ctx context.Context) error {
	if t.live {
		return t.print(ctx, "\x1b[H\x1b[2J")
	}
	mailboxes, _, err := t.board.read(ctx)
	if err != nil {
		return err
	}
	for _, m := range mailboxes {
		if last, ok := t.last[m.mailbox]; !ok || last.generation != m.generation || last.event != m.event {
			fmt.Fprintf(t.out, "%-24s %-10s by %-10s generation %d\n", m.mailbox, m.event, m.worker, m.generation)
			t.last[m.mailbox] = m
		}
	}
	return nil
}

// print writes the whole table after a prefix.
func (t *table) print(ctx context.Context, prefix string) error {
	mailboxes, workers, err := t.board.read(ctx)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	b.WriteString(prefix)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "MAILBOX\tLAST\tBY\tRENEWALS\tGOOD FOR")
	for _, m := range mailboxes {
		good := "-"
		if left := time.Until(m.expiry); left > 0 {
			good = left.Round(time.Second).String()
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\n", m.mailbox, m.event, m.worker, m.renewals, good)
	}
	fmt.Fprintln(w, "\nPROCESS\tRENEWED\tADOPTED\tLAST SEEN")
	for _, r := range workers {
		fmt.Fprintf(w, "%s\t%d\t%d\t%s ago\n", r.worker, r.renewals, r.adoptions, time.Since(r.seen).Round(time.Second))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err = t.out.Write(b.Bytes())
	return err
}
