package account

import (
	"fmt"
	"io"
	"os"
)

// IsTerminal reports whether w is a terminal.
func IsTerminal(w any) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	fi, err := f.Stat()
	if err != nil || fi.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull) // a device that is none
	return err != nil || !os.SameFile(fi, null)
}

// Colors reports whether a program colours what it writes to w: on a terminal unless NO_COLOR is
// set, and elsewhere if CLICOLOR_FORCE is set and is not 0.
func Colors(w any) bool {
	if os.Getenv("NO_COLOR") != "" {
		return false
	}
	force := os.Getenv("CLICOLOR_FORCE")
	return force != "" && force != "0" || IsTerminal(w)
}

// A Progress is a line that says how far something is, again and again in place on a
// terminal, and otherwise now and then. It begins a line of its own.
type Progress struct {
	Out   io.Writer
	What  string
	Total int // 0: not known

	done, told int
}

// Add counts n more.
func (p *Progress) Add(n int) {
	p.done += n
	switch {
	case IsTerminal(p.Out):
		// The terminal cuts what does not fit: a line that wrapped could not be overwritten.
		fmt.Fprintf(p.Out, "\r\x1b[K\x1b[?7l%s\x1b[?7h", p)
	case p.done >= p.told+max(p.Total/4, 100):
		p.told = p.done
		fmt.Fprintln(p.Out, p)
	}
}

// Done returns how many have been counted.
func (p *Progress) Done() int { return p.done }

// Clear takes the line off the terminal, for what is printed next.
func (p *Progress) Clear() {
	if p.done > 0 && IsTerminal(p.Out) {
		fmt.Fprint(p.Out, "\r\x1b[K")
	}
}

// End ends the line.
func (p *Progress) End() {
	p.Clear()
	fmt.Fprintln(p.Out, p)
}

func (p *Progress) String() string {
	if p.Total < p.done {
		return fmt.Sprintf("%s %d", p.What, p.done)
	}
	return fmt.Sprintf("%s %d of %d (%d %%)", p.What, p.done, p.Total, 100*p.done/max(p.Total, 1))
}
