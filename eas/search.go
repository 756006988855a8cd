package eas

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/easoauth/easoauth/internal/airsync"
)

// MaxFound is the largest number of results that a search returns at a time. A larger Limit counts
// as MaxFound.
const MaxFound = 100

// A Query selects the items that a search returns. All fields that are set must match.
type Query struct {
	Text    string     // words; servers require a minimum number of letters
	Classes []Class    // if nil, every class; [Client.Find] accepts one, which must be ClassEmail
	Folders []FolderID // if nil, the whole mailbox; Find accepts one
	Shallow bool       // leave subfolders out

	// Only Search has these.
	Conversation  []byte // Email.ConversationID
	After, Before time.Time
}

// SearchOptions configure the methods that search. Nil means the zero value. An option that a
// method does not have is an error that names it.
type SearchOptions struct {
	Limit  int // the largest number of results; if 0, MaxFound
	Offset int // of the first result; not of Find and FindPeople

	// Items says how Search returns items; if nil, without bodies.
	Items *ItemOptions

	// Pictures is how many people SearchPeople and FindPeople return with a picture, from 14.1
	// on, and PictureSize the largest size of a picture in bytes; if 0, the server decides.
	Pictures, PictureSize int

	// Rebuild makes the server repeat a Search or SearchPeople, instead of paging through what it
	// found before.
	Rebuild bool
}

// check refuses an option that is set and not among those that the method has.
func (o *SearchOptions) check(method string, has ...string) error {
	for _, x := range []struct {
		name string
		set  bool
	}{
		{"Offset", o.Offset != 0}, {"Items", o.Items != nil}, {"Pictures", o.Pictures != 0}, {"PictureSize", o.PictureSize != 0}, {"Rebuild", o.Rebuild},
	} {
		if x.set && !slices.Contains(has, x.name) {
			return fmt.Errorf("eas: %s: it has no SearchOptions.%s", method, x.name)
		}
	}
	return nil
}

// SearchResults are the results of a search.
type SearchResults struct {
	Total     int // as the server estimates it
	Offset    int // of the first one here
	Items     []FoundItem
	People    []DirectoryEntry
	Documents []Document
}

// A FoundItem is a result of [Client.Search] or [Client.Find].
type FoundItem struct {
	LongID string // for FetchFound, SmartReply, MeetingResponse; "" of Find
	ID     ItemID // of Find
	Folder FolderID
	Class  Class

	Item Item   // of Find a digest: an [*Email] with what a list shows; nil if Err is not
	Err  error  // the item could not be read
	Raw  []byte // its properties as a WBXML document

	HasAttachments bool // of Find
}

// A DirectoryEntry is a person of the global address list. See [MS-ASCMD] 2.2.3.140.1.
type DirectoryEntry struct {
	Name, FirstName, LastName, Alias, Email string
	Phone, HomePhone, MobilePhone           string
	Office, Title, Company                  string

	// Picture is nil unless requested. PictureStatus is the reason if it is missing: 173, the
	// person has none; 174, it is too large; 175, more pictures were found than requested.
	Picture       []byte
	PictureStatus int

	Odd []OddValue // the values that could not be read
}

// A Document is a document or a folder of a library. See [MS-ASDOC].
type Document struct {
	Link, Name       string
	Folder, Hidden   bool
	Created, Changed time.Time
	Size             int64
	ContentType      string

	Odd []OddValue // the values that could not be read
}

// Search searches the mailbox. Request results beyond the first [MaxFound] with an Offset. Where
// the server supports 16.1, [Client.Find] gives better results.
func (c *Client) Search(ctx context.Context, q Query, o *SearchOptions) (*SearchResults, error) {
	o = o.orZero()
	if err := o.check("Search", "Offset", "Items", "Rebuild"); err != nil {
		return nil, err
	}
	return atVersion(ctx, c, func(v Version) (*SearchResults, error) { return c.searchMailAt(ctx, v, q, o) })
}

func (c *Client) searchMailAt(ctx context.Context, version Version, q Query, o *SearchOptions) (*SearchResults, error) {
	and := &airsync.SearchTerms{FreeText: q.Text, ConversationID: q.Conversation}
	for _, x := range q.Classes {
		and.Class = append(and.Class, string(x))
	}
	for _, x := range q.Folders {
		and.CollectionID = append(and.CollectionID, string(x))
	}
	if !q.After.IsZero() {
		and.GreaterThan = &airsync.DateCompare{DateReceived: true, Value: extended(q.After)}
	}
	if !q.Before.IsZero() {
		and.LessThan = &airsync.DateCompare{DateReceived: true, Value: extended(q.Before)}
	}
	if and.FreeText == "" && and.ConversationID == nil && and.GreaterThan == nil && and.LessThan == nil {
		return nil, errors.New("eas: Search: nothing to search for")
	}
	items := o.Items
	if items == nil {
		items = &ItemOptions{BodyLimit: NoBody}
	}
	want := items.wire(version)
	in := &airsync.Search{Store: airsync.SearchStore{
		Name: "Mailbox", Query: &airsync.SearchQuery{And: and},
		Options: &airsync.SearchOptions{
			RebuildResults: o.Rebuild, Range: o.bounds(), DeepTraversal: !q.Shallow, MIMESupport: want.MIMESupport,
			BodyPreference: want.BodyPreference, BodyPartPreference: want.BodyPartPreference, RightsManagement: want.RightsManagement,
		},
	}}
	return c.search(ctx, version, in, func(read *reader, out *SearchResults, x airsync.SearchResult) error {
		f := FoundItem{LongID: x.LongID, Folder: FolderID(x.CollectionID), Class: Class(x.Class)}
		e := entry(read, airsync.SyncItem{Class: x.Class, ApplicationData: asData(*x.Properties)}, items.Class)
		f.Item, f.Err, f.Raw = e.Item, e.Err, e.Raw
		out.Items = append(out.Items, f)
		return nil
	})
}

// SearchPeople searches the global address list for the beginning of a name or an address.
// Exchange requires at least four characters.
func (c *Client) SearchPeople(ctx context.Context, text string, o *SearchOptions) (*SearchResults, error) {
	o = o.orZero()
	if err := o.check("SearchPeople", "Offset", "Pictures", "PictureSize", "Rebuild"); err != nil {
		return nil, err
	}
	if text == "" {
		return nil, errors.New("eas: SearchPeople: nothing to search for")
	}
	return atVersion(ctx, c, func(v Version) (*SearchResults, error) { return c.searchPeopleAt(ctx, v, text, o) })
}

func (c *Client) searchPeopleAt(ctx context.Context, version Version, text string, o *SearchOptions) (*SearchResults, error) {
	in := &airsync.GALSearch{Store: airsync.GALStore{Name: "GAL", Query: text,
		Options: &airsync.SearchOptions{RebuildResults: o.Rebuild, Range: o.bounds()}}}
	if o.Pictures > 0 && version.AtLeast(Version141) {
		in.Store.Options.Picture = &airsync.SearchPicture{MaxSize: optional(o.PictureSize), MaxPictures: optional(o.Pictures)}
	}
	return c.search(ctx, version, in, func(read *reader, out *SearchResults, x airsync.SearchResult) error {
		var p airsync.SearchPerson
		if err := read.unmarshal(*x.Properties, &p); err != nil {
			return err
		}
		out.People = append(out.People, person(p.Person, read))
		return nil
	})
}

// SearchLibrary lists a folder of a document library by its link, such as \\server\share\folder.
// The first of the Documents is the folder itself.
func (c *Client) SearchLibrary(ctx context.Context, link string, o *SearchOptions) (*SearchResults, error) {
	o = o.orZero()
	if err := o.check("SearchLibrary", "Offset"); err != nil {
		return nil, err
	}
	if link == "" {
		return nil, errors.New("eas: SearchLibrary: no link")
	}
	in := &airsync.Search{Store: airsync.SearchStore{
		Name: "DocumentLibrary", Query: &airsync.SearchQuery{EqualTo: &airsync.LinkEquals{LinkID: true, Value: link}},
		Options: &airsync.SearchOptions{Range: o.bounds()},
	}}
	return c.search(ctx, anyVersion, in, func(read *reader, out *SearchResults, x airsync.SearchResult) error {
		var p airsync.SearchDocument
		if err := read.unmarshal(*x.Properties, &p); err != nil {
			return err
		}
		doc := Document{
			Link: p.LinkID, Name: p.DisplayName, Folder: p.IsFolder, Hidden: p.IsHidden, ContentType: p.ContentType,
			Created: read.at("DocumentLibrary:CreationDate", p.CreationDate), Changed: read.at("DocumentLibrary:LastModifiedDate", p.LastModifiedDate),
		}
		if p.ContentLength != nil {
			doc.Size = *p.ContentLength
		}
		doc.Odd = read.odd
		out.Documents = append(out.Documents, doc)
		return nil
	})
}

// checkFind refuses what Find has no term for.
func (q Query) checkFind() error {
	switch {
	case q.Text == "":
		return errors.New("eas: Find: nothing to search for")
	case q.Conversation != nil:
		return errors.New("eas: Find: it has no Query.Conversation: use Search")
	case !q.After.IsZero():
		return errors.New("eas: Find: it has no Query.After: use Search")
	case !q.Before.IsZero():
		return errors.New("eas: Find: it has no Query.Before: use Search")
	case len(q.Classes) > 1:
		return errors.New("eas: Find: more than one of Query.Classes: use Search")
	case len(q.Folders) > 1:
		return errors.New("eas: Find: more than one of Query.Folders: use Search")
	}
	return nil
}

func (o *SearchOptions) orZero() *SearchOptions {
	if o == nil {
		return &SearchOptions{}
	}
	return o
}

// bounds returns the range of results that is wanted.
func (o *SearchOptions) bounds() string {
	limit := o.Limit
	if limit <= 0 || limit > MaxFound {
		limit = MaxFound
	}
	first := max(o.Offset, 0)
	return fmt.Sprintf("%d-%d", first, first+limit-1)
}

// anyVersion says, instead of a version, that a document is as good for any.
const anyVersion Version = ""

// search sends a search that was made for a version and reads what was found with add.
func (c *Client) search(ctx context.Context, version Version, in any, add func(*reader, *SearchResults, airsync.SearchResult) error) (*SearchResults, error) {
	var out airsync.SearchResponse
	r, err := c.run(ctx, request{command: "Search", version: version, anyVersion: version == anyVersion}, in, &out, false)
	if err != nil {
		return nil, err
	}
	if out.Status != nil && *out.Status != 1 {
		return nil, r.statusError("Search", *out.Status)
	}
	if out.Response == nil || out.Response.Store == nil {
		return nil, r.unexpected("no store")
	}
	s := out.Response.Store
	results, read := found(s.Range, s.Total), r.reader()
	switch {
	case s.Status != nil && *s.Status == endOfRange:
		return results, nil
	case s.Status != nil && *s.Status != 1:
		return nil, r.statusError("Store", *s.Status)
	}
	for _, x := range s.Result {
		if x.Properties == nil {
			continue // SOGo and Exchange answer one empty result for none
		}
		if err := add(read, results, x); err != nil {
			return nil, r.unexpected("a result cannot be read: " + err.Error())
		}
	}
	return results, nil
}

// endOfRange is the status of a search whose Offset is beyond what the server keeps.
const endOfRange = 12

func found(bounds string, total *int) *SearchResults {
	out := &SearchResults{}
	first, _, _ := strings.Cut(bounds, "-")
	out.Offset, _ = strconv.Atoi(strings.TrimSpace(first))
	out.Offset, out.Total = max(0, out.Offset), max(0, value(total))
	return out
}

func person(p airsync.Person, read *reader) DirectoryEntry {
	out := DirectoryEntry{
		Name: p.DisplayName, FirstName: p.FirstName, LastName: p.LastName, Alias: p.Alias, Email: p.EmailAddress,
		Phone: p.Phone, HomePhone: p.HomePhone, MobilePhone: p.MobilePhone, Office: p.Office, Title: p.Title, Company: p.Company,
		Odd: read.odd,
	}
	if p.Picture != nil {
		out.Picture = p.Picture.Data
		out.PictureStatus = value(p.Picture.Status)
	}
	return out
}

// Find searches the mailbox for mail and returns what a list of messages shows, from 16.1 on. The
// text may use the query language of Exchange (KQL).
func (c *Client) Find(ctx context.Context, q Query, o *SearchOptions) (*SearchResults, error) {
	o = o.orZero()
	if err := cmp.Or(o.check("Find"), q.checkFind()); err != nil {
		return nil, err
	}
	m := &airsync.MailboxCriterion{Query: airsync.FindQuery{Class: string(ClassEmail), FreeText: q.Text}}
	if len(q.Classes) == 1 {
		m.Query.Class = string(q.Classes[0])
	}
	if len(q.Folders) == 1 {
		m.Query.CollectionID = string(q.Folders[0])
	}
	m.Options = &airsync.FindOptions{Range: o.bounds(), DeepTraversal: !q.Shallow}
	return c.find(ctx, airsync.FindExecute{Mailbox: m}, func(read *reader, out *SearchResults, x airsync.FindResult) error {
		f := FoundItem{ID: ItemID(x.ServerID), Folder: FolderID(x.CollectionID), Class: Class(x.Class), Raw: *x.Properties}
		var p airsync.FoundMail
		if f.Err = read.unmarshal(*x.Properties, &p); f.Err == nil {
			mail := &Email{
				Subject: p.Subject, From: p.From, DisplayTo: p.DisplayTo, CC: p.DisplayCC, BCC: p.DisplayBCC, Read: p.Read,
				Draft: p.IsDraft, Received: read.at("Email:DateReceived", p.DateReceived), Importance: number[Importance](nil, p.Importance),
			}
			if p.Preview != "" {
				mail.Body = &Body{Preview: p.Preview, Truncated: true}
			}
			mail.Odd = read.odd
			f.Item, f.HasAttachments = mail, p.HasAttachments
		}
		out.Items = append(out.Items, f)
		return nil
	})
}

// FindPeople searches the global address list by the Find command, from 16.1 on; see
// [Client.SearchPeople].
func (c *Client) FindPeople(ctx context.Context, text string, o *SearchOptions) (*SearchResults, error) {
	o = o.orZero()
	if err := o.check("FindPeople", "Pictures", "PictureSize"); err != nil {
		return nil, err
	}
	if text == "" {
		return nil, errors.New("eas: FindPeople: nothing to search for")
	}
	g := &airsync.GALCriterion{Query: text, Options: &airsync.FindOptions{Range: o.bounds()}}
	if o.Pictures > 0 {
		g.Options.Picture = &airsync.FindPicture{MaxSize: optional(o.PictureSize), MaxPictures: optional(o.Pictures)}
	}
	return c.find(ctx, airsync.FindExecute{GAL: g}, func(read *reader, out *SearchResults, x airsync.FindResult) error {
		var p airsync.FindPerson
		if err := read.unmarshal(*x.Properties, &p); err != nil {
			return err
		}
		out.People = append(out.People, person(p.Person, read))
		return nil
	})
}

func (c *Client) find(ctx context.Context, what airsync.FindExecute, add func(*reader, *SearchResults, airsync.FindResult) error) (*SearchResults, error) {
	version, err := c.ready(ctx)
	if err != nil {
		return nil, err
	}
	if !version.AtLeast(Version161) {
		return nil, fmt.Errorf("eas: Find needs version 16.1, and this is %s: Search", version)
	}
	var out airsync.FindResponse
	r, err := c.run(ctx, request{command: "Find", version: version}, &airsync.Find{SearchID: newGUID(), Execute: what}, &out, false)
	if err != nil {
		return nil, err
	}
	if out.Status != nil && *out.Status != 1 {
		return nil, r.statusError("Find", *out.Status)
	}
	if out.Response == nil {
		return nil, r.unexpected("no response")
	}
	if s := out.Response.Status; s != nil && *s != 1 {
		return nil, r.statusError("Response", *s)
	}
	results, read := found(out.Response.Range, out.Response.Total), r.reader()
	for _, x := range out.Response.Result {
		if x.Properties == nil {
			continue
		}
		if err := add(read, results, x); err != nil {
			return nil, r.unexpected("a result cannot be read: " + err.Error())
		}
	}
	return results, nil
}

// newGUID returns a random GUID.
func newGUID() string {
	s := NewDeviceID()
	return s[:8] + "-" + s[8:12] + "-4" + s[13:16] + "-a" + s[17:20] + "-" + s[20:]
}
