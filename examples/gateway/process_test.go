package main

import (
	"strings"
	"testing"

	"github.com/easoauth/easoauth/examples/internal/account"
	"github.com/easoauth/easoauth/examples/internal/programtest"
)

func TestMain(m *testing.M) { programtest.Main(m, main) }

// TestMisuse holds the program to a reason for each mistake of the command line.
func TestMisuse(t *testing.T) {
	for args, want := range map[string]string{
		"-x":                                   "flag provided but not defined: -x",
		"mail.contoso.com":                     `unexpected argument "mail.contoso.com"`,
		"-listen 127.0.0.1:0":                  "-public must be an https URL",
		"-public https://mail.contoso.com":     "-upstream must be an https URL",
		"-public https://a -upstream http://b": "-upstream must be https, or on loopback",
	} {
		out, errs, code := programtest.Start(t, "", nil, strings.Fields(args)...)
		if code != account.Misused || out != "" || !strings.HasPrefix(errs, "gateway: "+want) || !strings.HasSuffix(errs, "gateway: -help lists the flags\n") {
			t.Errorf("%s: exit code %d\n%s%s", args, code, out, errs)
		}
	}
}
