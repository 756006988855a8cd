package token

import (
	"fmt"
	"log/slog"
	"runtime/debug"
)

// A PanicError says that a callback or Store that a [Source] called has panicked or ended its
// goroutine, or has returned an error whose methods panic. The renewal has failed and may be
// repeated. The text does not include the value, which may hold a secret.
type PanicError struct {
	Callback string // "Source.Flow", "Store.Save", …; "" for this package itself
	Value    any    // what it panicked with; nil for runtime.Goexit
	Stack    []byte // of the panic; nil for runtime.Goexit
}

func (e *PanicError) Error() string {
	what := e.Callback
	if what == "" {
		what = "a renewal"
	}
	if e.Stack == nil {
		return "token: " + what + " ended its goroutine with runtime.Goexit"
	}
	return "token: " + what + " panicked: see PanicError.Value and PanicError.Stack"
}

// Unwrap returns Value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Format prints neither the value nor the stack under any verb.
func (e PanicError) Format(f fmt.State, _ rune) { fmt.Fprint(f, e.Error()) }

// LogValue holds neither the value nor the stack.
func (e PanicError) LogValue() slog.Value { return slog.StringValue(e.Error()) }

// MarshalJSON writes neither the value nor the stack.
func (e PanicError) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, "%q", e.Error()), nil }

// panicked makes the error of a recovered panic, or of runtime.Goexit if p is nil.
func panicked(callback string, p any) *PanicError {
	e := &PanicError{Callback: callback, Value: p}
	if p != nil {
		e.Stack = debug.Stack()
	}
	return e
}
