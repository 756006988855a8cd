package eas

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/safehttp"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// MaxWindow is the largest number of items in a page. A larger Window counts as MaxWindow.
const MaxWindow = 512

// A Filter limits a folder to recent items. Items that become too old are reported in
// Page.SoftDeleted. See [MS-ASCMD] 2.2.3.68.2.
type Filter int

// The windows. The zero value is everything.
const (
	FilterAll         Filter = 0
	FilterOneDay      Filter = 1
	FilterThreeDays   Filter = 2
	FilterOneWeek     Filter = 3
	FilterTwoWeeks    Filter = 4
	FilterOneMonth    Filter = 5
	FilterThreeMonths Filter = 6 // calendars only
	FilterSixMonths   Filter = 7 // calendars only
)

// SyncOptions configure how a folder is synchronized, by [Client.Sync], [Client.Pages],
// [Client.Resync] and [Client.SyncMany]. Nil means the zero value. Use the same options for all
// pages of a folder: the server keeps them for requests without options, such as [Client.Apply].
type SyncOptions struct {
	Window int    // items of a page, at most MaxWindow; if 0, 100
	Filter Filter // how far back; the zero value is everything

	// Class is the class of the folder's items. Versions up to 12.1 require it, and it is the
	// type of items whose elements do not show one. If "", ClassEmail.
	Class Class

	// Body is the format of bodies; if 0, BodyPlain. BodyMIME is the whole message.
	Body BodyType
	// BodyLimit is the length to which bodies are truncated, in bytes; if 0, bodies are not
	// truncated; NoBody leaves them out.
	BodyLimit int
	// AllOrNone leaves out bodies that are longer than BodyLimit, instead of truncating them.
	AllOrNone bool
	// Preview is the length of the preview, in characters, at most 255; from 14.0 on.
	Preview int
	// Part returns, from 14.1 on, the part of a mail that is new in its conversation, as HTML,
	// in Email.Parts. BodyLimit applies to it as well.
	Part bool
	// Protected returns, from 14.1 on, messages under rights management decrypted;
	// Email.License says what may be done with them.
	Protected bool

	// Conversations returns, from 14.0 on, whole conversations, even where Filter excludes
	// some of their mail.
	Conversations bool
	// SMS returns, from 14.0 on, also the text messages of a mail folder, each as an
	// [*Email] whose MessageClass begins with IPM.Note.Mobile.SMS.
	SMS bool

	// Supported names, as "Contacts:Email1Address", the elements of contacts and events that
	// the program keeps and sends with each change; the server leaves the others alone when
	// a change omits them. Nil: all; empty, not nil: none. It is sent with InitialSyncKey and
	// holds until the next. See [MS-ASCMD] 2.2.3.179.
	Supported []string

	// ServerWins resolves conflicts of later edits in favor of the server, which reports them
	// in the results of the edits. Otherwise the client wins.
	ServerWins bool
}

// ItemOptions configure how [Client.FetchItem], [Client.FetchFound] and [Client.Search] return
// items. The fields are those of [SyncOptions]. Nil means the zero value.
type ItemOptions struct {
	Class     Class
	Body      BodyType
	BodyLimit int
	AllOrNone bool
	Preview   int
	Part      bool
	Protected bool
}

// NoBody as a BodyLimit leaves out bodies.
const NoBody = -1

// DefaultPatience is the default of [Client.Patience].
const DefaultPatience = 2 * time.Minute

// Sync returns one page of the changes of a folder since key. Call it again with the key of the
// page, after handling the page, while Page.More. With [InitialSyncKey] it returns an empty page
// with the first key. [Client.Pages] does all of that.
//
// If the error matches [ErrInvalidSyncKey], start again from InitialSyncKey, or use
// [Client.Resync]. If it matches [ErrFolderSyncRequired], the folder may have been deleted.
func (c *Client) Sync(ctx context.Context, f FolderID, key SyncKey, o *SyncOptions) (*Page, error) {
	if o == nil {
		o = &SyncOptions{}
	}
	if key == "" {
		key = InitialSyncKey
	}
	if f == "" {
		return nil, fmt.Errorf("eas: Sync: %w", errNoFolder)
	}
	return atVersion(ctx, c, func(version Version) (*Page, error) {
		col, err := o.collection(f, key, version)
		if err != nil {
			return nil, fmt.Errorf("eas: Sync: %w", err)
		}
		return c.syncOne(ctx, version, col, key, o)
	})
}

// syncOne sends one collection and returns what comes of it.
func (c *Client) syncOne(ctx context.Context, version Version, col *airsync.SyncCollection, key SyncKey, o *SyncOptions) (*Page, error) {
	got, r, err := c.syncCollection(ctx, version, col)
	switch {
	case err != nil:
		return nil, err
	case got == nil && key == InitialSyncKey:
		return nil, r.unexpected("no collection in the response to the first synchronization")
	case got == nil:
		return &Page{Key: key}, nil // nothing changed, and the key is as before
	}
	return r.page(got, key, o.Class)
}

// syncCollection sends a Sync of one collection and returns what the response has of it, nil if it
// has nothing.
func (c *Client) syncCollection(ctx context.Context, version Version, col *airsync.SyncCollection) (*airsync.SyncResponseFolder, *response, error) {
	defer c.memory.other()()
	in := &airsync.SyncRequest{}
	in.Collections.Collection = []airsync.SyncCollection{*col}
	var out airsync.SyncResponse
	q := request{command: "Sync", version: version}
	q.asked.add(col)
	r, err := c.run(ctx, q, in, &out, true)
	if err != nil {
		return nil, nil, err
	}
	got := find(&out, FolderID(col.CollectionID))
	if e := r.topError(&out); e != nil && (got == nil || got.Status == nil || *got.Status == 1) {
		return nil, nil, e
	}
	if got == nil && out.Collections != nil && len(out.Collections.Collection) > 0 {
		return nil, nil, r.unexpected("the response is about another folder")
	}
	return got, r, nil
}

var errNoFolder = errors.New("no folder")

// topError returns the failure that the status of a whole response says, nil if there is none.
//
// QUIRK: Horde answers a bad key with status 1 or another at the top and 3 in the collection:
// the nearer one says more, and callers prefer it.
func (r *response) topError(out *airsync.SyncResponse) *Error {
	if out.Status == nil || *out.Status == 1 {
		return nil
	}
	e := r.statusError("", *out.Status)
	e.Limit = value(out.Limit) // of statuses 14 and 15
	return e
}

// newCollection returns a collection of a request, with the class where the version wants it.
func newCollection(f FolderID, key SyncKey, class Class, version Version) *airsync.SyncCollection {
	col := &airsync.SyncCollection{SyncKey: string(key), CollectionID: string(f)}
	if !version.AtLeast(Version140) {
		col.Class = string(cmp.Or(class, ClassEmail))
	}
	return col
}

func (o *SyncOptions) collection(f FolderID, key SyncKey, version Version) (*airsync.SyncCollection, error) {
	col := newCollection(f, key, o.Class, version)
	if key == InitialSyncKey {
		// Options would be kept by some servers and refused by others.
		var err error
		if o.Supported != nil {
			col.Supported, err = supported(o.Supported)
		}
		return col, err
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
	return col, nil
}

// supported returns the names of elements as empty elements.
func supported(names []string) (*airsync.Supported, error) {
	out := &airsync.Supported{}
	for _, name := range names {
		namespace, local, _ := strings.Cut(name, ":")
		tag, ok := wbxml.Lookup(namespace, local)
		if !ok || namespace != "Contacts" && namespace != "Contacts2" && namespace != "Calendar" {
			return nil, fmt.Errorf("SyncOptions.Supported: %q is not an element of contacts or events", safehttp.Clean(name, 64))
		}
		out.Elements = append(out.Elements, emptyElement(tag))
	}
	return out, nil
}

func (o *SyncOptions) options(version Version) *airsync.SyncOptions {
	conflict := 0
	if o.ServerWins {
		conflict = 1
	}
	filter := int(o.Filter)
	out := &airsync.SyncOptions{FilterType: &filter, Conflict: &conflict}
	if o.Class == ClassContacts || o.Class == ClassNotes {
		out.FilterType = nil // they have no dates
	}
	items := (&ItemOptions{o.Class, o.Body, o.BodyLimit, o.AllOrNone, o.Preview, o.Part, o.Protected}).wire(version)
	out.BodyPreference, out.BodyPartPreference = items.BodyPreference, items.BodyPartPreference
	out.MIMESupport, out.RightsManagement = items.MIMESupport, items.RightsManagement
	return out
}

// wire returns the options of a fetch or a search, which a Sync has among its own.
func (o *ItemOptions) wire(version Version) *airsync.FetchOptions {
	out := &airsync.FetchOptions{}
	yes := true
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
