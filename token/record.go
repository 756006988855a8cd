package token

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"github.com/easoauth/easoauth/internal/safehttp"
)

// A Record is one sign-in as a [Store] keeps it: one refresh token and its access tokens, each by
// the name of what it was requested for. It does not print its secrets; stores persist it with
// [Record.Encode].
type Record struct {
	// Lineage names the sign-in. It is made once and survives every refresh, so that a
	// refresh that comes late cannot bury a newer sign-in.
	Lineage string
	// Generation is the store's: it is 0 in a record that has not been stored, and grows
	// with each Save.
	Generation uint64

	ClientID  string
	Authority string  // host of the authority
	Account   Account // who signed in, as far as the tokens tell
	SignedIn  time.Time

	RefreshToken  string
	RefreshIssued time.Time // when RefreshToken came
	RefreshExpiry time.Time // when it runs out if it is not used; an expectation, the authority decides

	// Sent is the time at which RefreshToken was sent to an authority that lets it be used
	// once, and is zero again when its successor has been stored. A record that is found
	// with it may have lost its successor.
	Sent time.Time
	// Ended says why the sign-in ended; "" while it lasts. An ended record has no refresh
	// token.
	Ended ReauthKind

	// Access holds the access tokens by what they were requested for: the origin of the
	// endpoint, the scopes and the capabilities of the client.
	Access map[string]Access
}

// Access is an access token.
type Access struct {
	Token     string
	Type      string // "Bearer"
	Obtained  time.Time
	Expiry    time.Time
	RefreshAt time.Time // when the authority wants a renewal; zero if it did not say
	Scope     string
}

// recordSchema is the version of the encoding.
const recordSchema = 1

// maxRecord bounds an encoded record.
const maxRecord = safehttp.MaxJSON

// ErrRecord is matched if an encoded record cannot be read: it is incomplete, of another schema,
// or not a record.
var ErrRecord = errors.New("token: not a readable record")

type wireRecord struct {
	Schema        int                   `json:"schema"`
	Lineage       string                `json:"lineage"`
	Generation    uint64                `json:"generation"`
	ClientID      string                `json:"client_id,omitempty"`
	Authority     string                `json:"authority,omitempty"`
	Account       Account               `json:"account,omitzero"`
	SignedIn      time.Time             `json:"signed_in,omitzero"`
	RefreshToken  string                `json:"refresh_token,omitempty"`
	RefreshIssued time.Time             `json:"refresh_issued,omitzero"`
	RefreshExpiry time.Time             `json:"refresh_expiry,omitzero"`
	Sent          time.Time             `json:"sent,omitzero"`
	Ended         ReauthKind            `json:"ended,omitempty"`
	Access        map[string]wireAccess `json:"access,omitempty"`
}

type wireAccess struct {
	Token     string    `json:"access_token"`
	Type      string    `json:"token_type,omitempty"`
	Obtained  time.Time `json:"obtained,omitzero"`
	Expiry    time.Time `json:"expiry,omitzero"`
	RefreshAt time.Time `json:"refresh_at,omitzero"`
	Scope     string    `json:"scope,omitempty"`
}

// Encode returns the record as JSON, with its secrets, for a [Store].
func (r Record) Encode() ([]byte, error) {
	w := wireRecord{
		Schema: recordSchema, Lineage: r.Lineage, Generation: r.Generation, ClientID: r.ClientID,
		Authority: r.Authority, Account: r.Account, SignedIn: r.SignedIn, RefreshToken: r.RefreshToken,
		RefreshIssued: r.RefreshIssued, RefreshExpiry: r.RefreshExpiry, Sent: r.Sent, Ended: r.Ended,
	}
	for resource, a := range r.Access {
		if w.Access == nil {
			w.Access = map[string]wireAccess{}
		}
		w.Access[resource] = wireAccess(a)
	}
	b, err := json.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("token: record: %w", err)
	}
	if len(b) > maxRecord {
		return nil, fmt.Errorf("token: record longer than %d bytes", maxRecord)
	}
	return b, nil
}

// DecodeRecord reads the output of [Record.Encode], at most 1 MiB. The error matches [ErrRecord]
// and quotes nothing of the data.
func DecodeRecord(data []byte) (Record, error) {
	if len(data) > maxRecord {
		return Record{}, fmt.Errorf("%w: longer than %d bytes", ErrRecord, maxRecord)
	}
	var w wireRecord
	if err := json.Unmarshal(data, &w); err != nil {
		return Record{}, fmt.Errorf("%w: it is not JSON of a record", ErrRecord)
	}
	switch {
	case w.Schema != recordSchema:
		return Record{}, fmt.Errorf("%w: schema %d, and this version reads schema %d", ErrRecord, w.Schema, recordSchema)
	case w.Lineage == "" || w.Generation == 0:
		return Record{}, fmt.Errorf("%w: it has no lineage or no generation", ErrRecord)
	}
	r := Record{
		Lineage: w.Lineage, Generation: w.Generation, ClientID: w.ClientID, Authority: w.Authority,
		Account: w.Account, SignedIn: w.SignedIn, RefreshToken: w.RefreshToken,
		RefreshIssued: w.RefreshIssued, RefreshExpiry: w.RefreshExpiry, Sent: w.Sent, Ended: w.Ended,
	}
	for resource, a := range w.Access {
		if r.Access == nil {
			r.Access = map[string]Access{}
		}
		r.Access[resource] = Access(a)
	}
	return r, nil
}

// clone returns a copy that shares nothing with r.
func (r Record) clone() Record {
	r.Access = maps.Clone(r.Access)
	return r
}

// summary is a record without its secrets and without the user's name.
func (r Record) summary() map[string]any {
	access := map[string]time.Time{}
	for resource, a := range r.Access {
		access[resource] = a.Expiry
	}
	return map[string]any{
		"lineage": r.Lineage, "generation": r.Generation, "authority": r.Authority, "client_id": r.ClientID,
		"refresh_token": present(r.RefreshToken), "refresh_expiry": r.RefreshExpiry, "ended": r.Ended, "access": access,
	}
}

func present(secret string) string {
	if secret == "" {
		return ""
	}
	return redacted
}

// Format prints no secret under any verb.
func (r Record) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "record %s generation %d refresh_token %q ended %q access %d", r.Lineage, r.Generation, present(r.RefreshToken), r.Ended, len(r.Access))
}

// LogValue holds no secret.
func (r Record) LogValue() slog.Value {
	return slog.GroupValue(slog.String("lineage", r.Lineage), slog.Uint64("generation", r.Generation),
		slog.String("authority", r.Authority), slog.Time("refresh_expiry", r.RefreshExpiry), slog.String("ended", string(r.Ended)))
}

// MarshalJSON writes a summary without secrets, which cannot be read back; stores use
// [Record.Encode].
func (r Record) MarshalJSON() ([]byte, error) { return json.Marshal(r.summary()) }

// UnmarshalJSON refuses: [DecodeRecord] reads what [Record.Encode] wrote.
func (r *Record) UnmarshalJSON([]byte) error {
	return errors.New("token: use DecodeRecord to read a record")
}

// Format prints no secret under any verb.
func (a Access) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "access token %q until %s", present(a.Token), a.Expiry.Format(time.RFC3339))
}

// LogValue holds no secret.
func (a Access) LogValue() slog.Value {
	return slog.GroupValue(slog.String("token", present(a.Token)), slog.Time("expiry", a.Expiry))
}

// MarshalJSON writes no secret.
func (a Access) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"access_token": present(a.Token), "expiry": a.Expiry})
}
