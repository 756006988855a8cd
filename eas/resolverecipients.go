package eas

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/safehttp"
)

// MaxResolve is the largest number of names in a [Client.ResolveRecipients].
const MaxResolve = 100

// MaxAvailability is the longest time for which servers report availability.
const MaxAvailability = 42 * 24 * time.Hour

// ResolveOptions configure [Client.ResolveRecipients]. Nil means the zero value.
type ResolveOptions struct {
	Certificates    CertificateRetrieval
	MaxCertificates int // for each name; 0: the server decides
	MaxAmbiguous    int // for each name, of ambiguous matches; 0: the server decides
	Start, End      time.Time
	Pictures        int // how many people are returned with a picture, from 14.1 on
	PictureSize     int // the largest size of a picture, in bytes; 0: the server decides
}

// A CertificateRetrieval says which certificates [Client.ResolveRecipients] requests. The zero
// value is none.
type CertificateRetrieval int

// The values of [CertificateRetrieval]. The zero value is none.
const (
	FullCertificates CertificateRetrieval = 2
	MiniCertificates CertificateRetrieval = 3
)

// A Resolution is the result for one name of [Client.ResolveRecipients].
type Resolution struct {
	To         string           // as in the request
	Status     ResolutionStatus // 0 if Err is not nil, or the server did not say
	Count      int              // of matches, as far as the server says
	Recipients []Recipient
	Err        error // an [*Error], or nil: why the server did not look this name up
}

// A ResolutionStatus says how well a name matches.
type ResolutionStatus int

// The values of [ResolutionStatus].
const (
	Resolved         ResolutionStatus = 1
	Ambiguous        ResolutionStatus = 2
	AmbiguousPartial ResolutionStatus = 3 // of which not all are listed
	NotResolved      ResolutionStatus = 4
)

// A Recipient is a person whom a name matches.
type Recipient struct {
	Name, Email string
	Contact     bool // of the user's contacts, and not of the global address list

	// Slots are the availability from ResolveOptions.Start on, half an hour each.
	Slots    []Slot
	SlotsErr error // why the availability is not known

	Certificates    [][]byte // in DER, or the mini form
	CertificatesErr error    // why there are none

	Picture       []byte
	PictureStatus int // see DirectoryEntry.PictureStatus
}

// A Slot is the availability of a person during half an hour. See [MS-ASCMD] 2.2.3.105.
type Slot int

// The values of [Slot].
const (
	SlotFree      Slot = 0
	SlotTentative Slot = 1
	SlotBusy      Slot = 2
	SlotAway      Slot = 3 // out of office
	SlotUnknown   Slot = 4
)

// ResolveRecipients looks up names and addresses, at most [MaxResolve], in the directory and in
// the contacts of the user, and returns the result of each.
func (c *Client) ResolveRecipients(ctx context.Context, to []string, o *ResolveOptions) ([]Resolution, error) {
	if o == nil {
		o = &ResolveOptions{}
	}
	switch {
	case len(to) == 0:
		return nil, errors.New("eas: ResolveRecipients: no names")
	case len(to) > MaxResolve:
		return nil, fmt.Errorf("eas: ResolveRecipients: %d names, and a server takes %d at a time", len(to), MaxResolve)
	}
	return atVersion(ctx, c, func(v Version) ([]Resolution, error) { return c.resolveAt(ctx, v, to, o) })
}

func (c *Client) resolveAt(ctx context.Context, version Version, to []string, o *ResolveOptions) ([]Resolution, error) {
	options := &airsync.ResolveOptions{
		CertificateRetrieval: optional(int(o.Certificates)), MaxCertificates: optional(o.MaxCertificates), MaxAmbiguousRecipients: optional(o.MaxAmbiguous),
	}
	if !o.Start.IsZero() || !o.End.IsZero() {
		switch d := o.End.Sub(o.Start); {
		case !version.AtLeast(Version140):
			return nil, fmt.Errorf("eas: ResolveRecipients: availability needs version 14.0, and this is %s", version)
		case d <= 0 || o.Start.IsZero() || d > MaxAvailability:
			return nil, fmt.Errorf("eas: ResolveRecipients: Start and End must be at most %v apart", MaxAvailability)
		}
		options.Availability = &airsync.AvailabilityRequest{StartTime: extended(o.Start), EndTime: extended(o.End)}
	}
	if o.Pictures > 0 && version.AtLeast(Version141) {
		options.Picture = &airsync.ResolvePicture{MaxSize: optional(o.PictureSize), MaxPictures: optional(o.Pictures)}
	}
	if *options == (airsync.ResolveOptions{}) {
		options = nil
	}
	var out airsync.ResolveRecipientsResponse
	r, err := c.run(ctx, request{command: "ResolveRecipients", version: version}, &airsync.ResolveRecipients{To: to, Options: options}, &out, false)
	if err != nil {
		return nil, err
	}
	if out.Status != nil && *out.Status != 1 {
		return nil, r.statusError("Root", *out.Status)
	}
	var all []Resolution
	for _, x := range out.Response {
		res := Resolution{To: x.To, Status: ResolutionStatus(value(x.Status)), Count: value(x.RecipientCount)}
		if res.Status > NotResolved || res.Status < 0 {
			res.Err = r.statusError("Response", int(res.Status))
			res.Status = 0
		}
		for _, p := range x.Recipient {
			res.Recipients = append(res.Recipients, r.recipient(p))
		}
		all = append(all, res)
	}
	return all, nil
}

func (r *response) recipient(p airsync.Recipient) Recipient {
	out := Recipient{Name: p.DisplayName, Email: p.EmailAddress, Contact: value(p.Type) == 2}
	if a := p.Availability; a != nil {
		if a.Status != nil && *a.Status != 1 {
			out.SlotsErr = r.statusError("Availability", *a.Status)
		} else {
			out.Slots, out.SlotsErr = parseSlots(a.MergedFreeBusy)
		}
	}
	if x := p.Certificates; x != nil {
		if x.Status != nil && *x.Status != 1 {
			out.CertificatesErr = r.statusError("Certificates", *x.Status)
		}
		for _, text := range append(x.Certificate, x.MiniCertificate...) {
			der, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				out.CertificatesErr = errors.New("eas: ResolveRecipients: a certificate is not base64")
				continue
			}
			out.Certificates = append(out.Certificates, der)
		}
	}
	for _, x := range p.Picture {
		out.PictureStatus = max(0, value(x.Status))
		if x.Data != nil {
			out.Picture = x.Data
		}
	}
	return out
}

// parseSlots reads a MergedFreeBusy: a digit for each half hour.
func parseSlots(s string) ([]Slot, error) {
	if len(s) > int(MaxAvailability/(30*time.Minute))*2 {
		return nil, errors.New("eas: ResolveRecipients: availability for more than was asked")
	}
	out := make([]Slot, len(s))
	for i := range len(s) {
		if s[i] < '0' || s[i] > '4' {
			return nil, fmt.Errorf("eas: ResolveRecipients: availability %q makes no sense", safehttp.Clean(s, 64))
		}
		out[i] = Slot(s[i] - '0')
	}
	return out, nil
}

// ValidateCert has the server check S/MIME certificates, in DER, and returns one error for each:
// nil, or an [*Error] whose Name says what is wrong. The chain holds the certificates between them
// and a root. With revocation the server also checks whether they have been revoked.
func (c *Client) ValidateCert(ctx context.Context, certificates, chain [][]byte, revocation bool) ([]error, error) {
	if len(certificates) == 0 {
		return nil, errors.New("eas: ValidateCert: no certificates")
	}
	in := &airsync.ValidateCert{Certificates: encodeCertificates(certificates), Chain: encodeCertificates(chain)}
	if revocation {
		in.CheckCRL = &revocation
	}
	var out airsync.ValidateCertResponse
	r, err := c.run(ctx, request{command: "ValidateCert", anyVersion: true}, in, &out, false)
	if err != nil {
		return nil, err
	}
	if out.Status != nil && *out.Status != 1 {
		return nil, r.statusError("", *out.Status)
	}
	verdicts := make([]error, len(certificates))
	for i := range verdicts {
		if i >= len(out.Certificate) || out.Certificate[i].Status == nil {
			verdicts[i] = r.unexpected("no verdict on a certificate")
		} else if n := *out.Certificate[i].Status; n != 1 {
			verdicts[i] = r.statusError("Item", n)
		}
	}
	return verdicts, nil
}

func encodeCertificates(all [][]byte) *airsync.Certificates {
	if len(all) == 0 {
		return nil
	}
	out := &airsync.Certificates{}
	for _, der := range all {
		out.Certificate = append(out.Certificate, base64.StdEncoding.EncodeToString(der))
	}
	return out
}
