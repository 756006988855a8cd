package autodiscover

//go:generate go run ./gen

import "strings"

// A Protocol is what a [Resolver] looks up. Any name that a server knows can be spelled. Names are
// compared without regard to case ([Protocol.Is]); servers echo the case of the request.
type Protocol string

// Protocols of Exchange. Exchange Online serves more, such as "Substrate" and "ToDo": a refusal
// lists them in [ServerError.Supported].
const (
	ActiveSync     Protocol = "ActiveSync"
	EWS            Protocol = "Ews"
	REST           Protocol = "Rest"
	AutodiscoverV1 Protocol = "AutodiscoverV1"
)

// Is reports whether p and q are the same protocol.
func (p Protocol) Is(q Protocol) bool { return strings.EqualFold(string(p), string(q)) }
