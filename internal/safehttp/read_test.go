package safehttp_test

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/easoauth/easoauth/internal/safehttp"
)

func TestReadSized(t *testing.T) {
	broken, cut := errors.New("connection reset"), io.ErrUnexpectedEOF // as net/http has it
	long := strings.Repeat("0123456789", 300_000)
	for _, tt := range []struct {
		name  string
		body  string
		size  int64
		limit int64
		err   error
		want  string
	}{
		{"exact", "four", 4, 10, nil, "four"},
		{"exact at the limit", "four", 4, 4, nil, "four"},
		{"not announced", "four", -1, 10, nil, "four"},
		{"not announced, at the limit", "four", -1, 4, nil, "four"},
		{"shorter than announced", "four", 8, 10, nil, "four"},
		{"longer than announced", "four", 2, 10, nil, "four"},
		{"empty", "", 0, 10, nil, ""},
		{"empty, not announced", "", -1, 10, nil, ""},
		{"announced over the limit", "", 11, 10, safehttp.ErrTooLarge, ""},
		{"over the limit", "01234567890", -1, 10, safehttp.ErrTooLarge, ""},
		{"over the limit, announced within", "01234567890", 5, 10, safehttp.ErrTooLarge, ""},
		{"long", long, int64(len(long)), 10 << 20, nil, long},
		{"long, not announced", long, -1, 10 << 20, nil, long},
		{"broken", "fo", 4, 10, broken, "fo"},
		{"broken, not announced", "fo", -1, 10, broken, "fo"},
		{"cut", "fo", 4, 10, cut, "fo"},
		{"cut before the first byte", "", 4, 10, cut, ""},
		{"cut, not announced", "fo", -1, 10, cut, "fo"},
		{"broken at its end", "four", 4, 10, broken, "four"},
		{"broken beyond its end", "fours", 4, 10, broken, "fours"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var r io.Reader = strings.NewReader(tt.body)
			if tt.err == broken || tt.err == cut {
				r = io.MultiReader(r, iotest.ErrReader(tt.err))
			}
			for range 2 { // a buffer that was used before
				b, err := safehttp.ReadSized(iotest.HalfReader(r), tt.size, tt.limit)
				if !errors.Is(err, tt.err) || string(b) != tt.want && !errors.Is(err, safehttp.ErrTooLarge) {
					t.Fatalf("%d bytes, %v, want %d bytes, %v", len(b), err, len(tt.want), tt.err)
				}
				r = strings.NewReader(tt.body)
				if tt.err == broken || tt.err == cut {
					r = io.MultiReader(r, iotest.ErrReader(tt.err))
				}
			}
		})
	}
}

// TestReadSizedCopies keeps a body while the next one is read.
func TestReadSizedCopies(t *testing.T) {
	first, err := safehttp.ReadSized(strings.NewReader("first"), -1, 100)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := safehttp.ReadSized(strings.NewReader("second"), -1, 100); err != nil || string(first) != "first" {
		t.Errorf("the first body is now %q, %v", first, err)
	}
}

// TestReadSizedAllocates counts: one allocation for the result where the length is announced, and
// one more, for the reader that limits, where it is not and the buffer has been used before.
func TestReadSizedAllocates(t *testing.T) {
	if raceEnabled {
		t.Skip("under the race detector, a sync.Pool forgets at random")
	}
	for _, tt := range []struct {
		length, size int
		most         float64
	}{
		{1 << 20, 1 << 20, 1},
		{700 << 10, 700 << 10, 1},
		{700 << 10, -1, 3}, // a buffer of exactly 1 MiB
		{100, -1, 3},
	} {
		body := make([]byte, tt.length)
		r := bytes.NewReader(body)
		if n := testing.AllocsPerRun(20, func() {
			r.Reset(body)
			if b, err := safehttp.ReadSized(r, int64(tt.size), 4<<20); err != nil || len(b) != tt.length {
				t.Fatal(len(b), err)
			}
		}); n > tt.most {
			t.Errorf("%d bytes, announced as %d: %v allocations, want at most %v", tt.length, tt.size, n, tt.most)
		}
	}
}

// TestReadSizedTakesNothing announces much and sends nothing.
func TestReadSizedTakesNothing(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := safehttp.ReadSized(bytes.NewReader(nil), 1<<40, 1<<41); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 4<<20 {
		t.Errorf("an announced terabyte took %d bytes", took)
	}
}
