package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/examples/internal/programtest"
)

func TestMain(m *testing.M) { programtest.Main(m, main) }

func start(t *testing.T, args ...string) (out, errs string, code int) {
	t.Helper()
	return programtest.Start(t, "", nil, args...)
}

func TestDemonstration(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	begin := time.Now()
	out, errs, code := start(t)
	if code != 0 || time.Since(begin) > time.Minute {
		t.Fatalf("exit code %d after %v\n%s%s", code, time.Since(begin), out, errs)
	}
	for _, want := range []string{"6 of 6 copies equal their mailboxes, 0 of 6 sign-ins lost", "worker-1 is killed", "outlook.office365.com", "blocked", "moved"} {
		if !strings.Contains(out, want) {
			t.Errorf("the output lacks %q:\n%s", want, out)
		}
	}
	if strings.Contains(out+errs, "eyJ") {
		t.Error("a token was printed")
	}
}

func TestUsage(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	key, secret, bad := file("key", strings.Repeat("0f", 32)), file("secret", "s3cret-value"), file("bad", strings.Repeat("zz", 32))
	all := []string{"serve", "-dsn", filepath.Join(dir, "p.db"), "-key-file", key, "-client-id", "c", "-secret-file", secret, "-tenant", "t"}
	with := func(more ...string) []string { return append(all[:len(all):len(all)], more...) }
	for _, tt := range []struct {
		args    []string
		code    int
		mention string
	}{
		{[]string{"x"}, 2, "usage"},
		{[]string{"serve", "-h"}, 0, "-secret-file"},
		{[]string{"serve", "-x"}, 2, "-x"},
		{[]string{"serve", "-tenant", "t"}, 2, "-client-id"},
		{[]string{"serve", "-client-id", "c", "-secret-file", secret, "-key-file", key}, 2, "-tenant"},
		{[]string{"serve", "-client-id", "c", "-secret-file", secret, "-tenant", "t"}, 2, "-keychain"},
		{with("-keychain", "k"), 2, "-keychain"},
		{with("-role", "both"), 2, "-role"},
		{with("x"), 2, "not flags"},
		{with("-key-file", bad), 1, "64 hexadecimal"},
		{with("-log-level", "loud"), 1, "-log-level"},
		{with("-dsn", "postgres://u:s3cret-value@%zz/x"), 1, "the URL of the database"},
		{with(), 1, "migrate"}, // there are no tables
		{append([]string{"migrate"}, all[1:]...), 0, ""},
		{append([]string{"migrate"}, all[1:]...), 0, ""}, // again
	} {
		out, errs, code := start(t, tt.args...)
		if code != tt.code || !strings.Contains(errs, tt.mention) || out != "" || strings.Contains(errs, "s3cret") || strings.Contains(errs, "zzzz") {
			t.Errorf("%q: exit code %d, want %d and %q\n%s%s", tt.args, code, tt.code, tt.mention, out, errs)
		}
	}
}

func TestEnvironment(t *testing.T) {
	env := map[string]string{"PROVISION_CLIENT_ID": "from-env", "PROVISION_TENANT": "A, b", "PROVISION_LOOK": "3s", "PROVISION_SLOTS": "7"}
	var c config
	err := c.parse(flag.NewFlagSet("", flag.ContinueOnError), []string{"-slots", "9"}, func(name string) string { return env[name] })
	if err != nil || c.clientID != "from-env" || c.look != 3*time.Second || c.slots != 9 {
		t.Errorf("config %+v, %v", c, err)
	}
	if diff := cmp.Diff(list{"a", "b"}, c.tenants); diff != "" {
		t.Errorf("tenants (-want +got):\n%s", diff)
	}
	env["PROVISION_SLOTS"] = "many"
	if err := new(config).parse(flag.NewFlagSet("", flag.ContinueOnError), nil, func(name string) string { return env[name] }); err == nil || !strings.Contains(err.Error(), "PROVISION_SLOTS") {
		t.Errorf("parse = %v, want an error that names the variable", err)
	}
}
