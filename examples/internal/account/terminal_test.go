package account_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestNarrowTerminal runs programs on a terminal of 20 columns: a line of progress is overwritten in
// place, and takes nothing with it that was printed before.
func TestNarrowTerminal(t *testing.T) {
	t.Parallel()
	script, err := exec.LookPath("script")
	if err != nil {
		t.Skip("the command script is not installed")
	}
	for name, want := range map[string][]string{
		"export": {"eml, going on after ", "a failure", "exported 70 of 70 (1", "00 %)", "mbox, going on after", " a failure", "exported 70 of 70 (1", "00 %)", "120 .eml files, 120 ", "mails in the mbox"},
		"watch":  {"first synchronizatio", "n 250 of 250 (100 %)", "watching Inbox"},
	} {
		cmd := exec.CommandContext(t.Context(), script, "-qec", "stty cols 20 rows 60; exec "+filepath.Join(binaries, name), "/dev/null")
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
		if !strings.Contains(string(out), "\x1b[K") {
			t.Errorf("%s shows no progress: %q", name, out)
		}
		got := screen(string(out), 20)
		if name == "watch" {
			got = got[:min(len(want), len(got))]
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s leaves\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// screen returns the lines that a terminal shows in the end.
func screen(out string, width int) []string {
	lines, col, wraps := [][]rune{nil}, 0, true
	for rest := out; rest != ""; {
		switch {
		case strings.HasPrefix(rest, "\x1b[K"):
			lines[len(lines)-1], rest = lines[len(lines)-1][:min(col, len(lines[len(lines)-1]))], rest[3:]
			continue
		case strings.HasPrefix(rest, "\x1b[?7l"), strings.HasPrefix(rest, "\x1b[?7h"):
			wraps, rest = rest[4] == 'h', rest[5:]
			continue
		}
		r := []rune(rest)[0]
		rest = rest[len(string(r)):]
		switch r {
		case '\r':
			col = 0
		case '\n':
			lines, col = append(lines, nil), 0
		default:
			if col == width && wraps {
				lines, col = append(lines, nil), 0
			}
			line := append(lines[len(lines)-1], make([]rune, max(0, min(col, width-1)+1-len(lines[len(lines)-1])))...)
			line[min(col, width-1)] = r
			lines[len(lines)-1] = line
			col = min(col+1, width)
		}
	}
	var text []string
	for _, l := range lines {
		text = append(text, string(l))
	}
	for len(text) > 0 && text[len(text)-1] == "" {
		text = text[:len(text)-1]
	}
	return text
}
