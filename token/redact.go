package token

import (
	"fmt"
	"log/slog"
)

// redacted stands for a secret wherever one would be printed.
const redacted = "[redacted]"

// Format prints no secret under any verb.
func (Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, redacted) }

// LogValue prints no secret.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText writes no secret, in JSON neither.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Format prints no secret under any verb.
func (RefreshToken) Format(f fmt.State, _ rune) { fmt.Fprint(f, redacted) }

// LogValue prints no secret.
func (RefreshToken) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText writes no secret, in JSON neither.
func (RefreshToken) MarshalText() ([]byte, error) { return []byte(redacted), nil }
