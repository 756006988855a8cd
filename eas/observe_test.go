package eas_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas"
)

// The observer and the log learn of every request what can be said without telling whose it
// is and what is in it.
func TestS136Observe(t *testing.T) {
	b := &backend{t: t}
	b.respond = func(_ *http.Request, command string, n int) *http.Response {
		switch {
		case command == "FolderSync" && n == 1:
			return reply1(200, statusOf(t, "FolderSync", "142"), "request-id", "r-1", "X-FEServer", "FE01")
		case command == "FolderSync" && n == 3:
			return reply1(503, nil, "X-MS-ASThrottle", "CommandFrequency")
		case command == "FolderSync" && n == 4:
			resp := reply1(200, nil)
			resp.Body = io.NopCloser(io.MultiReader(strings.NewReader("abc"), cut{}))
			return resp
		}
		return nil
	}
	var log bytes.Buffer
	c := b.client()
	c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var got []string
	c.Observe = func(o eas.Observation) {
		if o.Duration < 0 || o.Start.IsZero() {
			t.Errorf("%+v", o)
		}
		got = append(got, fmt.Sprint(o.Command, " ", o.Version, " ", o.HTTPStatus, " ", o.Status, " ", o.RequestID, " ", o.Server, " ", o.Throttle, " ",
			o.Sent, " ", o.Received, " ", o.Err != nil))
		panic("which is dropped")
	}
	for range 3 {
		_, _ = c.FolderSync(t.Context(), "0")
	}
	want := []string{
		"OPTIONS  200 0    0 0 false",
		"Provision 16.1 200 1    73 23 false",
		"FolderSync 16.1 200 142 r-1 FE01  13 15 false",
		"Provision 16.1 200 1    73 23 false",
		"FolderSync 16.1 200 1    13 25 false",
		"FolderSync 16.1 503 0   CommandFrequency 13 0 false",
		"FolderSync 16.1 200 0    13 3 true",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("observations (-want +got):\n%s", diff)
	}
	text := log.String()
	for _, secret := range []string{"ada", "contoso", "token", "device1", "Cmd="} {
		if strings.Contains(text, secret) {
			t.Errorf("the log tells %q:\n%s", secret, text)
		}
	}
	if n := strings.Count(text, "level=WARN"); n != 2 || !strings.Contains(text, "request_id=r-1") || !strings.Contains(text, "level=DEBUG msg=eas command=OPTIONS") {
		t.Errorf("%d warnings, want 2:\n%s", n, text)
	}
}

// cut is a body that breaks off.
type cut struct{}

func (cut) Read([]byte) (int, error) { return 0, errors.New("connection reset") }
