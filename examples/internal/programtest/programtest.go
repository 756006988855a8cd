// Package programtest runs an example as a process of its own, in the example's tests: the test binary
// is the program when it is started as one.
package programtest

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
)

const variable = "EASOAUTH_EXAMPLE"

// Main is what TestMain calls. It runs the tests or, in a process that [Start] or the program
// itself has started, the program. It does not return.
func Main(m *testing.M, program func()) {
	if os.Getenv(variable) != "" {
		program()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// Start runs the program to its end, with in as its standard input and env, as "KEY=value", on top
// of the environment.
func Start(t *testing.T, in string, env []string, args ...string) (out, errs string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(append(append(os.Environ(), variable+"=1"), coverage(t)...), env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(in), &stdout, &stderr
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()
}

// coverage is what a process of a test binary that measures coverage needs, which otherwise warns
// on standard error.
func coverage(t *testing.T) []string {
	if testing.CoverMode() == "" {
		return nil
	}
	return []string{"GOCOVERDIR=" + t.TempDir()}
}
