package eas

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// Limits of a [Client.Sync].
const (
	MaxWindow = 512 // items of a page; more is taken for 512
	MaxEdits  = 200 // adds, changes and deletes of one request (Exchange 2013 and later)
)

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
	// If "", Email.
	Class Class

	// DeleteForGood deletes items instead of moving them to Deleted Items.
	DeleteForGood bool
	// ServerWins settles conflicts for the server, which reports them in the Results of
	// Apply. Otherwise the client wins.
	ServerWins bool
}

// NoBody as a BodyLimit leaves bodies out.
const NoBody = -1

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
// key is that or "", reads on while the server has more, and stops with an error: one that
// is temporary leaves the caller with the last key, to go on from there. A server that says
// again and again that there is more and sends nothing ends in [ErrNoProgress].
//
// Save page.Key after dealing with the page; a crash then delivers the page again and loses
// nothing.
func (c *Client) Pages(ctx context.Context, f FolderID, key SyncKey, o *SyncOptions) iter.Seq2[*Page, error] {
	return func(yield func(*Page, error) bool) {
		if key == "" || key == InitialSyncKey {
			page, err := c.sync(ctx, f, InitialSyncKey, o, nil)
			if err != nil {
				yield(nil, err)
				return
			}
			key = page.Key
		}
		for idle := 0; ; {
			page, err := c.sync(ctx, f, key, o, nil)
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

// An Edit is a change for [Client.Apply]: one of [MarkRead], [SetFlag], [Delete].
type Edit struct {
	id     ItemID
	read   *bool
	flag   *Flag
	delete bool
}

// MarkRead marks a mail as read or unread.
func MarkRead(id ItemID, read bool) Edit { return Edit{id: id, read: &read} }

// SetFlag sets the flag of a mail; the zero Flag clears it.
func SetFlag(id ItemID, f Flag) Edit { return Edit{id: id, flag: &f} }

// Delete deletes an item, as [SyncOptions.DeleteForGood] says: into Deleted Items.
func Delete(id ItemID) Edit { return Edit{id: id, delete: true} }

// Apply sends edits, at most [MaxEdits], with the folder's key and returns the page that the
// server answers with. Its Results hold the edits that failed; what is not mentioned has
// succeeded. The server's own changes may come in the same page.
//
// An Apply whose answer was lost is repeated with the same key: the server knows it again.
func (c *Client) Apply(ctx context.Context, f FolderID, key SyncKey, edits ...Edit) (*Page, error) {
	switch {
	case key == "" || key == InitialSyncKey:
		return nil, errors.New("eas: Sync: edits need the key of a folder that has been synchronized")
	case len(edits) == 0:
		return nil, errors.New("eas: Sync: no edits")
	case len(edits) > MaxEdits:
		return nil, fmt.Errorf("eas: Sync: %d edits, and a server takes %d at a time", len(edits), MaxEdits)
	}
	return c.sync(ctx, f, key, nil, edits)
}

func (c *Client) sync(ctx context.Context, f FolderID, key SyncKey, o *SyncOptions, edits []Edit) (*Page, error) {
	if o == nil {
		o = &SyncOptions{}
	}
	if key == "" {
		key = InitialSyncKey
	}
	if err := c.init(); err != nil {
		return nil, err
	}
	version, err := c.version(ctx)
	if err != nil {
		return nil, err
	}
	in := &airsync.SyncRequest{}
	in.Collections.Collection = []airsync.SyncCollection{o.collection(f, key, version, edits)}
	var out airsync.SyncResponse
	r, err := c.run(ctx, request{command: "Sync"}, in, &out, true)
	if err != nil {
		return nil, err
	}
	if out.Status != nil && *out.Status != 1 {
		// QUIRK: Horde answers a bad key with status 1 or another at the top and 3 in
		// the collection: the nearer one says more.
		if col := find(&out, f); col == nil || col.Status == nil || *col.Status == 1 {
			return nil, r.statusError("", *out.Status)
		}
	}
	col := find(&out, f)
	if col == nil {
		if key == InitialSyncKey {
			return nil, r.unexpected("no collection in the answer to the first synchronization")
		}
		return &Page{Key: key}, nil // nothing changed, and the key is as before
	}
	return r.page(col, key, o)
}

func (o *SyncOptions) collection(f FolderID, key SyncKey, version Version, edits []Edit) airsync.SyncCollection {
	col := airsync.SyncCollection{SyncKey: string(key), CollectionID: string(f)}
	if !version.AtLeast(Version140) {
		col.Class = string(o.Class)
		if col.Class == "" {
			col.Class = string(ClassEmail)
		}
	}
	if key == InitialSyncKey {
		return col // options would be kept by some servers and refused by others
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
	col.Options = o.options(version)
	if len(edits) > 0 {
		col.Commands = &airsync.SyncEdits{}
	}
	for _, e := range edits {
		if e.delete {
			col.Commands.Delete = append(col.Commands.Delete, airsync.SyncDelete{ServerID: string(e.id)})
			continue
		}
		change := &airsync.EmailChange{Read: e.read}
		if e.flag != nil {
			change.Flag = &airsync.Flag{FlagType: e.flag.Type}
			if e.flag.Status != FlagCleared {
				status := int(e.flag.Status)
				change.Flag.Status = &status
			}
		}
		col.Commands.Change = append(col.Commands.Change, airsync.SyncChange{ServerID: string(e.id), ApplicationData: change})
	}
	return col
}

func (o *SyncOptions) options(version Version) *airsync.SyncOptions {
	conflict := 0
	if o.ServerWins {
		conflict = 1
	}
	filter := int(o.Filter)
	out := &airsync.SyncOptions{FilterType: &filter, Conflict: &conflict}
	if o.BodyLimit == NoBody && o.Preview == 0 {
		return out
	}
	pref := airsync.BodyPreference{Type: int(o.Body)}
	if pref.Type == 0 {
		pref.Type = int(BodyPlain)
	}
	switch {
	case o.BodyLimit > 0:
		n := uint32(o.BodyLimit)
		pref.TruncationSize = &n
	case o.BodyLimit == NoBody:
		pref.TruncationSize = new(uint32)
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

// find returns the collection of folder f in an answer, or nil.
func find(out *airsync.SyncResponse, f FolderID) *airsync.SyncResponseFolder {
	if out.Collections == nil {
		return nil
	}
	for i := range out.Collections.Collection {
		if col := &out.Collections.Collection[i]; col.CollectionID == string(f) {
			return col
		}
	}
	if len(out.Collections.Collection) == 1 && out.Collections.Collection[0].CollectionID == "" {
		return &out.Collections.Collection[0] // we asked about one
	}
	return nil
}

func (r *response) page(col *airsync.SyncResponseFolder, key SyncKey, o *SyncOptions) (*Page, error) {
	if col.Status != nil && *col.Status != 1 {
		return nil, r.statusError("Collection", *col.Status)
	}
	p := &Page{Key: SyncKey(col.SyncKey), More: col.MoreAvailable}
	switch {
	case col.SyncKey == "" && (key == InitialSyncKey || col.Commands != nil):
		return nil, r.unexpected("a collection without a sync key")
	case col.SyncKey == "":
		p.Key = key
	}
	if col.Commands != nil {
		for _, x := range col.Commands.Add {
			p.Added = append(p.Added, o.entry(x))
		}
		for _, x := range col.Commands.Change {
			p.Changed = append(p.Changed, o.entry(x))
		}
		for _, x := range col.Commands.Delete {
			p.Deleted = append(p.Deleted, ItemID(x.ServerID))
		}
		for _, x := range col.Commands.SoftDelete {
			p.SoftDeleted = append(p.SoftDeleted, ItemID(x.ServerID))
		}
	}
	if col.Responses != nil {
		for _, list := range [][]airsync.SyncReply{col.Responses.Add, col.Responses.Change, col.Responses.Delete, col.Responses.Fetch} {
			for _, x := range list {
				res := Result{ID: ItemID(x.ServerID), ClientID: x.ClientID}
				if x.Status != nil && *x.Status != 1 {
					res.Err = r.statusError("Item", *x.Status)
				}
				p.Results = append(p.Results, res)
			}
		}
	}
	return p, nil
}

// entry reads an item. One that cannot be read is the entry's own error.
func (o *SyncOptions) entry(x airsync.SyncItem) Entry {
	e := Entry{ID: ItemID(x.ServerID)}
	if x.ApplicationData == nil {
		e.Err = errors.New("eas: item without data")
		return e
	}
	e.Raw = *x.ApplicationData
	if !isEmail(e.Raw) {
		e.Item = &Unknown{ItemClass: o.Class, Raw: e.Raw}
		return e
	}
	m, err := decodeEmail(e.Raw)
	if err != nil {
		e.Err = err
		return e
	}
	e.Item = m
	return e
}

// isEmail reports whether an ApplicationData is that of a mail: its first element that is
// not of AirSyncBase is on one of the mail's pages.
func isEmail(raw []byte) bool {
	var d wbxml.Decoder
	d.ResetBytes(raw)
	if _, err := d.ReadToken(); err != nil {
		return true // decodeEmail says what is wrong
	}
	for {
		t, err := d.ReadToken()
		if err != nil || t.Kind != wbxml.KindStart {
			return true
		}
		switch t.Tag.Namespace() {
		case "Email", "Email2":
			return true
		case "AirSyncBase", "RightsManagement":
			if err := d.SkipElement(); err != nil {
				return true
			}
		default:
			return false
		}
	}
}
