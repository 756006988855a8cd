package eas

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"strings"
	"time"

	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/safehttp"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// MaxWindow is how many items a page has at most; more is taken for it.
const MaxWindow = 512

// maxIdle is how many pages in a row may say that there is more and hold nothing.
const maxIdle = 5

// A Filter is a window in time. Items that leave it come as Page.SoftDeleted. See [MS-ASCMD]
// 2.2.3.68.2.
type Filter int

// The windows. The zero value is everything.
const (
	All         Filter = 0
	OneDay      Filter = 1
	ThreeDays   Filter = 2
	OneWeek     Filter = 3
	TwoWeeks    Filter = 4
	OneMonth    Filter = 5
	ThreeMonths Filter = 6 // calendars alone
	SixMonths   Filter = 7 // calendars alone
)

// SyncOptions are the choices of [Client.Sync]. Nil means the zero value. The options of one
// folder should be the same from page to page.
type SyncOptions struct {
	Window int    // items of a page, at most MaxWindow; if 0, 100
	Filter Filter // how far back; the zero value is everything

	// Body is the format in which bodies are wanted; if 0, BodyPlain. BodyMIME brings the
	// whole message.
	Body BodyType
	// BodyLimit truncates bodies, in bytes; if 0, the whole body comes; NoBody leaves
	// bodies out.
	BodyLimit int
	// Preview is the length of the preview that is wanted, in characters, at most 255; from
	// 14.0 on.
	Preview int

	// Class is the class of the folder's items, which versions up to 12.1 want to be told.
	// and which decides the type of items that do not say. If "", Email.
	Class Class

	// AllOrNone leaves bodies out that are longer than BodyLimit, instead of truncating them.
	AllOrNone bool
	// Part asks, from 14.1 on, for what a mail adds to its conversation, as HTML, in
	// Email.Part. BodyLimit holds for it too.
	Part bool
	// Conversations brings, from 14.0 on, conversations whole, where the filter would cut them.
	Conversations bool
	// SMS brings, from 14.0 on, the text messages of a folder of mail besides, as an [*Email]
	// whose MessageClass begins with IPM.Note.Mobile.SMS.
	SMS bool
	// Protected asks, from 14.1 on, for messages under rights management to be decrypted;
	// Email.License says what may be done with them.
	Protected bool

	// Supported names, as "Contacts:Email1Address", the elements of contacts and events that
	// the program keeps and sends with each change; the server leaves the others alone when
	// a change omits them. Nil: all; empty, not nil: none. It is sent with InitialSyncKey and
	// holds until the next. See [MS-ASCMD] 2.2.3.179.
	Supported []string

	// Wait makes the server wait for a change, if there is none, for up to this long: whole
	// seconds from 14.0 on, minutes before. Exchange takes 60 s to 59 min. A page without
	// changes may come earlier.
	Wait time.Duration

	// Patience is how long [Client.Pages] waits, in all, for a server that is busy or out of
	// reach, before it gives up; if 0, DefaultPatience; if negative, it does not wait.
	Patience time.Duration

	// DeleteForGood deletes items instead of moving them to Deleted Items.
	DeleteForGood bool
	// ServerWins settles conflicts for the server, which reports them in the Results of
	// Apply. Otherwise the client wins.
	ServerWins bool
}

// NoBody as a BodyLimit leaves bodies out.
const NoBody = -1

// DefaultPatience is the default of [SyncOptions.Patience].
const DefaultPatience = 2 * time.Minute

// Sync returns the changes of a folder since key, a page of them, and does nothing else:
// call it again with the key of the page, after dealing with the page, while Page.More.
// [InitialSyncKey] returns an empty page with the first key. [Client.Pages] does all that.
//
// An error that matches [ErrInvalidSyncKey] says to begin again from InitialSyncKey; one that
// matches [ErrFolderSyncRequired], that the folder may be gone.
func (c *Client) Sync(ctx context.Context, f FolderID, key SyncKey, o *SyncOptions) (*Page, error) {
	return c.sync(ctx, f, key, o, nil)
}

// Pages reads a folder from key to its end, page by page. It begins at InitialSyncKey where
// key is that or "", and reads on while the server has more. When the server is busy or out
// of reach it waits, as long as the server says or a little longer each time, within
// [SyncOptions.Patience], and goes on where it was. It stops with an error: one that is
// temporary leaves the caller with the last key, to go on from there. A server that says
// again and again that there is more and sends nothing ends in [ErrNoProgress].
//
// Save page.Key after dealing with the page; a crash then delivers the page again and loses
// nothing. From InitialSyncKey the server tells what there is and not what is gone, so begin
// there with nothing, or use [Client.Resync].
func (c *Client) Pages(ctx context.Context, f FolderID, key SyncKey, o *SyncOptions) iter.Seq2[*Page, error] {
	return func(yield func(*Page, error) bool) {
		wait := o.backoff()
		if key == "" || key == InitialSyncKey {
			page, err := c.syncPatiently(ctx, f, InitialSyncKey, o, wait)
			if err != nil {
				yield(nil, err)
				return
			}
			key = page.Key
		}
		for idle := 0; ; {
			page, err := c.syncPatiently(ctx, f, key, o, wait)
			if err != nil {
				yield(nil, err)
				return
			}
			if page.IsEmpty() && page.More {
				if idle++; idle >= maxIdle {
					yield(nil, &Error{Command: "Sync", HTTPStatus: 200, Action: ActionReport,
						Err: fmt.Errorf("%w: %d empty pages", ErrNoProgress, idle)})
					return
				}
			} else {
				idle = 0
			}
			key = page.Key
			if !yield(page, nil) || !page.More {
				return
			}
		}
	}
}

func (c *Client) syncPatiently(ctx context.Context, f FolderID, key SyncKey, o *SyncOptions, wait *backoff) (*Page, error) {
	for {
		page, err := c.sync(ctx, f, key, o, nil)
		if err == nil {
			wait.reset()
			return page, nil
		}
		if !wait.sleep(ctx, err) {
			return nil, err
		}
	}
}

func (o *SyncOptions) backoff() *backoff {
	patience := DefaultPatience
	if o != nil && o.Patience != 0 {
		patience = o.Patience
	}
	return &backoff{patience: patience}
}

func (c *Client) sync(ctx context.Context, f FolderID, key SyncKey, o *SyncOptions, edits []Edit) (*Page, error) {
	return atVersion(ctx, c, func(v Version) (*Page, error) { return c.syncAt(ctx, v, f, key, o, edits) })
}

func (c *Client) syncAt(ctx context.Context, version Version, f FolderID, key SyncKey, o *SyncOptions, edits []Edit) (*Page, error) {
	if o == nil {
		o = &SyncOptions{}
	}
	if key == "" {
		key = InitialSyncKey
	}
	in := &airsync.SyncRequest{}
	col, err := o.collection(f, key, version, edits)
	if err != nil {
		return nil, err
	}
	in.Collections.Collection = []airsync.SyncCollection{*col}
	q := request{command: "Sync", version: version}
	q.asked.add(col)
	if o.Wait > 0 && key != InitialSyncKey {
		q.wait = o.Wait
		if version.AtLeast(Version140) {
			in.HeartbeatInterval = optional(int(max(1, o.Wait/time.Second)))
		} else {
			in.Wait = optional(int(max(1, o.Wait/time.Minute)))
		}
	}
	var out airsync.SyncResponse
	r, err := c.run(ctx, q, in, &out, true)
	if err != nil {
		return nil, err
	}
	if out.Status != nil && *out.Status != 1 {
		// QUIRK: Horde answers a bad key with status 1 or another at the top and 3 in
		// the collection: the nearer one says more.
		if col := find(&out, f); col == nil || col.Status == nil || *col.Status == 1 {
			e := r.statusError("", *out.Status)
			e.Limit = value(out.Limit) // of statuses 14 and 15
			return nil, e
		}
	}
	got := find(&out, f)
	if got == nil {
		if key == InitialSyncKey {
			return nil, r.unexpected("no collection in the answer to the first synchronization")
		}
		return &Page{Key: key}, nil // nothing changed, and the key is as before
	}
	return r.page(got, key, o)
}

func (o *SyncOptions) collection(f FolderID, key SyncKey, version Version, edits []Edit) (*airsync.SyncCollection, error) {
	col := &airsync.SyncCollection{SyncKey: string(key), CollectionID: string(f)}
	if !version.AtLeast(Version140) {
		col.Class = string(o.Class)
		if col.Class == "" {
			col.Class = string(ClassEmail)
		}
	}
	var err error
	if key == InitialSyncKey {
		// Options would be kept by some servers and refused by others.
		if o.Supported != nil {
			col.Supported, err = supported(o.Supported)
		}
		return col, err
	}
	if o.DeleteForGood {
		col.DeletesAsMoves = new(bool)
	}
	window := o.Window
	if window <= 0 {
		window = 100
	}
	window = min(window, MaxWindow)
	yes := true
	col.GetChanges, col.WindowSize = &yes, &window
	if o.Conversations && version.AtLeast(Version140) {
		col.ConversationMode = &yes
	}
	col.Options = []airsync.SyncOptions{*o.options(version)}
	if o.SMS && version.AtLeast(Version140) {
		sms := col.Options[0]
		sms.Class, col.Options[0].Class = string(ClassSMS), string(ClassEmail)
		sms.MIMESupport, sms.BodyPartPreference, sms.RightsManagement = nil, nil, nil
		sms.BodyPreference = []airsync.BodyPreference{{Type: int(BodyPlain)}}
		col.Options = append(col.Options, sms)
	}
	col.Commands, err = commands(edits, version)
	return col, err
}

// supported returns the names of elements as empty elements.
func supported(names []string) (*airsync.Supported, error) {
	out := &airsync.Supported{}
	for _, name := range names {
		namespace, local, _ := strings.Cut(name, ":")
		tag, ok := wbxml.Lookup(namespace, local)
		if !ok || namespace != "Contacts" && namespace != "Contacts2" && namespace != "Calendar" {
			return nil, fmt.Errorf("eas: Sync: SyncOptions.Supported: %q is no element of contacts or events", safehttp.Clean(name, 64))
		}
		var b bytes.Buffer
		e := wbxml.NewEncoder(&b)
		if err := errors.Join(e.Empty(tag), e.Close()); err != nil {
			return nil, fmt.Errorf("eas: Sync: %w", err)
		}
		out.Elements = append(out.Elements, b.Bytes())
	}
	return out, nil
}

func (o *SyncOptions) options(version Version) *airsync.SyncOptions {
	conflict := 0
	if o.ServerWins {
		conflict = 1
	}
	filter := int(o.Filter)
	yes := true
	out := &airsync.SyncOptions{FilterType: &filter, Conflict: &conflict}
	if o.Class == ClassContacts || o.Class == ClassNotes {
		out.FilterType = nil // they have no dates
	}
	if o.Protected && version.AtLeast(Version141) {
		out.RightsManagement = &yes
	}
	var limit *uint32
	switch {
	case o.BodyLimit > 0:
		n := uint32(min(int64(o.BodyLimit), math.MaxUint32))
		limit = &n
	case o.BodyLimit == NoBody:
		limit = new(uint32)
	}
	if o.Part && version.AtLeast(Version141) {
		out.BodyPartPreference = &airsync.BodyPreference{Type: int(BodyHTML), TruncationSize: limit}
	}
	if o.BodyLimit == NoBody && o.Preview == 0 {
		return out
	}
	pref := airsync.BodyPreference{Type: int(o.Body), TruncationSize: limit}
	if pref.Type == 0 {
		pref.Type = int(BodyPlain)
	}
	if o.AllOrNone {
		pref.AllOrNone = &yes
	}
	if o.Preview > 0 && version.AtLeast(Version140) {
		n := min(o.Preview, 255)
		pref.Preview = &n
	}
	if o.Body == BodyMIME {
		all := 2
		out.MIMESupport = &all
	}
	out.BodyPreference = []airsync.BodyPreference{pref}
	return out
}
