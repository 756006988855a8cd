package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func check(t *testing.T, args ...string) (code int, out, log string) {
	t.Helper()
	var o, l bytes.Buffer
	code = run(t.Context(), args, &o, &l)
	return code, o.String(), l.String()
}

// Every demonstration names itself as the root, and the exit status follows.
func TestDemonstrations(t *testing.T) {
	_, ids, _ := check(t, "-demo", "list")
	list := strings.Fields(ids)
	if len(list) < 70 || list[0] != "healthy" {
		t.Fatalf("%d: %v", len(list), list)
	}
	for _, id := range list {
		if testing.Short() && (id == "NO_RESPONSE" || id == "DEVICE_CODE_BLOCKED") { // which take seconds
			continue
		}
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			code, out, log := check(t, "-demo", id, "-json")
			var r struct {
				Root     string
				Findings []struct{ Fault string }
			}
			if err := json.Unmarshal([]byte(out), &r); err != nil {
				t.Fatalf("%v: %s %s", err, out, log)
			}
			if want := min(len(r.Findings), 1); r.Root != id || code != want {
				t.Errorf("root %s, exit status %d, want %d", r.Root, code, want)
			}
			if strings.HasPrefix(id, "healthy") && code != 0 {
				t.Errorf("exit status %d", code)
			}
		})
	}
}

func TestOutput(t *testing.T) {
	for flag, want := range map[string]string{
		"": "Mend first: TLS_OFFLOAD", "-html": "<svg", "-junit": "<testsuite", "-prometheus": `hmacheck_fault{address="…@contoso.com",fault="TLS_OFFLOAD"`,
	} {
		args := []string{"-demo", "TLS_OFFLOAD"}
		if flag != "" {
			args = append(args, flag)
		}
		code, out, log := check(t, args...)
		if code != 1 || !strings.Contains(out, want) || strings.Contains(out, "ada@") {
			t.Errorf("%s: %d %s %s", flag, code, out, log)
		}
	}
	if _, out, _ := check(t, "-demo", "healthy", "-unmask"); !strings.Contains(out, "ada@contoso.com") || !strings.Contains(out, "Nothing is wrong.") {
		t.Errorf("%s", out)
	}
}

func TestUsage(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "none")
	for _, tt := range []struct {
		args []string
		want string
	}{
		{nil, "which address?"}, {[]string{"-nonsense"}, "-h lists the flags"}, {[]string{"-demo", "NO_SUCH"}, "-demo list"},
		{[]string{"-sign-in", "ada@contoso.com"}, "-client-id"}, {[]string{"-connect", "x", "ada@contoso.com"}, "host:ip"},
		{[]string{"-endpoint", "http://x", "ada@contoso.com"}, "https URL"}, {[]string{"-file", empty}, "no such file"}, {[]string{"ada"}, "address"},
	} {
		if code, _, log := check(t, tt.args...); code != 2 || !strings.Contains(log, tt.want) || strings.Count(log, "\n") != 1 {
			t.Errorf("%v: %d %q, want %q", tt.args, code, log, tt.want)
		}
	}
	if code, out, _ := check(t, "-h"); code != 0 || !strings.Contains(out, "-demo") {
		t.Errorf("-h: %d %s", code, out)
	}
}

// Nothing listens where the addresses lead: a report all the same, and a summary by domain.
func TestFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "addresses")
	if err := os.WriteFile(file, []byte("# users\nada@localhost.invalid\nbob@localhost.invalid\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, log := check(t, "-file", file, "-no-cloud", "-host", "localhost", "-timeout", "2s", "-connect", "localhost:127.0.0.1")
	if code == 0 || !strings.Contains(out, "localhost.invalid\n      2  ") || strings.Contains(out+log, "ada@") {
		t.Errorf("%d %s %s", code, out, log)
	}
}

// What -record keeps names nobody, and -replay comes to the same verdict.
func TestRecord(t *testing.T) {
	for _, id := range []string{"healthy", "healthy-on-premises-exchange-2016", "SPN_MISSING", "TLS_OFFLOAD", "TLS_CERT_EXPIRING", "AD_PREAUTH"} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "exchange.txtar")
			code, out, log := check(t, "-demo", id, "-record", file)
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("%v %s %s", err, out, log)
			}
			for _, word := range []string{"contoso", "ada@", "ada%40", "eyJ"} {
				if bytes.Contains(bytes.ToLower(data), []byte(strings.ToLower(word))) {
					t.Errorf("%s is in\n%s", word, data)
				}
			}
			again, out2, log := check(t, "-replay", file)
			if code != again || log != "" || firstWords(out) != firstWords(out2) {
				t.Errorf("%d, then %d %s\n%s\n%s", code, again, log, out, out2)
			}
		})
	}
	for _, args := range [][]string{{"-replay", "main.go"}, {"-replay", "none"}, {"-record", "x", "ada@contoso.com", "bob@contoso.com"}, {"-demo", "healthy", "-record", t.TempDir()}} {
		if code, _, log := check(t, args...); code != 2 || strings.Count(log, "\n") != 1 {
			t.Errorf("%v: %d %s", args, code, log)
		}
	}
}

// firstWords is what a report says first: the root, or that nothing is wrong.
func firstWords(report string) string {
	_, rest, _ := strings.Cut(report, "\n\n")
	line, _, _ := strings.Cut(rest, "\n")
	return line
}
