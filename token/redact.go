package token

import (
	"fmt"
	"log/slog"

	"github.com/easoauth/easoauth/internal/safehttp"
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

// Format prints the client, the authority and the endpoint's host, and no secret, under
// any verb.
func (c Config) Format(f fmt.State, _ rune) {
	host := ""
	if c.Endpoint != nil {
		host = safehttp.Host(c.Endpoint)
	}
	fmt.Fprintf(f, "config of client %s at %s for %s", c.ClientID, c.Authority.String(), host)
}

// LogValue prints no secret.
func (c *Config) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(*c)) }

// Format prints no key under any verb.
func (Certificate) Format(f fmt.State, _ rune) { fmt.Fprint(f, "certificate ", redacted) }

// LogValue prints no key.
func (c Certificate) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }

// MarshalJSON writes no key.
func (Certificate) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }
