package eas

import (
	"slices"
	"time"

	"github.com/easoauth/easoauth/internal/airsync"
)

// MaxEdits is the largest number of edits that a server accepts at a time (Exchange 2013 and
// later).
const MaxEdits = 200

// An Edit is a change for [Client.Apply] and [Client.SyncMany]. [Add], [Update], [Delete] and the
// other functions that return one make it.
type Edit struct {
	kind    editKind
	id      ItemID
	localID string
	before  Item // of an update, as the item was; of an occurrence, the series
	after   Item
	start   time.Time // of an occurrence
	single  bool      // an occurrence
	mark    airsync.EmailChange
	flag    *Flag
	send    bool
	forGood bool // of a deletion
}

type editKind int

const (
	editMark editKind = iota + 1
	editAdd
	editUpdate
	editDelete
	editFetch
	editFolded
)

// MarkRead marks a mail as read or unread.
func MarkRead(id ItemID, read bool) Edit {
	return Edit{kind: editMark, id: id, mark: airsync.EmailChange{Read: &read}}
}

// SetFlag sets the flag of a mail; the zero Flag clears it.
func SetFlag(id ItemID, f Flag) Edit { return Edit{kind: editMark, id: id, flag: &f} }

// SetCategories replaces the categories of a mail; none removes all.
func SetCategories(id ItemID, categories ...string) Edit {
	return Edit{kind: editMark, id: id, mark: airsync.EmailChange{Categories: &airsync.Categories{Category: slices.Clone(categories)}}}
}

// Delete moves an item to Deleted Items. An item that is there already is deleted for good.
func Delete(id ItemID) Edit { return Edit{kind: editDelete, id: id} }

// DeleteForGood deletes an item without moving it to Deleted Items. It cannot be sent together
// with a [Delete].
func DeleteForGood(id ItemID) Edit { return Edit{kind: editDelete, id: id, forGood: true} }

// Add creates an item. The localID, at most 64 letters and digits, names it in the results and
// lets the server recognize a repetition; if "", a random one is used. A mail becomes a draft,
// from 16.0 on and only in the Drafts folder. An item whose body is truncated is an error; so is,
// from 16.0 on, a series with exceptions: add it without them, then [Update] it.
func Add(localID string, item Item) Edit {
	return Edit{kind: editAdd, localID: localID, after: item}
}

// Update changes an item from before, as the server last sent it, to after; both have the same
// type. It sends what the version requires: from 16.0 on the differences of mail and events, with
// an empty element for what after lacks; otherwise the whole item, except a body or a picture that
// is the same in both.
//
// A truncated body is never sent: it is an error if it was changed, and is left as it is
// otherwise. A nil Body of after, where before has one, removes it. Attachments of after with a
// Content are added, and those that only before has are removed. Of a mail that is not a draft, a
// client changes Read, Flag and Categories. Exceptions of an event that differ are sent with it
// or, from 16.0 on, as edits of their own. An occurrence whose exception is missing in after
// becomes an ordinary occurrence of the series, unless the start or the pattern of the series
// changes, which ends all exceptions. From 16.0 on a deleted occurrence cannot be restored:
// leaving out its exception is an error. Two exceptions for one occurrence are an error.
//
// If the whole item is sent and before has a value that could not be read, which would be removed,
// Update is an error: set the field in after and clear its Odd, or clear Odd alone to remove the
// value.
//
// An [*Unknown] is sent as it is. An Update without a difference sends nothing.
func Update(id ItemID, before, after Item) Edit {
	return Edit{kind: editUpdate, id: id, before: before, after: after}
}

// UpdateOccurrence changes the occurrence of a series that would start at start to after. The
// series is as the server last sent it, with its exceptions; [Event.Occurrence] returns the
// occurrence as it was. Up to 14.1 the series is sent with one more exception; from 16.0 on, the
// differences of the occurrence.
func UpdateOccurrence(id ItemID, series *Event, start time.Time, after *Event) Edit {
	return Edit{kind: editUpdate, id: id, before: series, after: after, start: start, single: true}
}

// DeleteOccurrence deletes the occurrence of a series that would start at start. Up to 14.1 the
// series is sent with one more exception; from 16.0 on series is not used and may be nil.
func DeleteOccurrence(id ItemID, series *Event, start time.Time) Edit {
	return Edit{kind: editDelete, id: id, before: series, start: start, single: true}
}

// SendDraft sends the draft id, after changing it from before to after; see [Update]. If both are
// nil it is sent as it is. It needs version 16.0.
func SendDraft(id ItemID, before, after *Email) Edit {
	if before == nil && after == nil {
		before, after = &Email{}, &Email{}
	}
	return Edit{kind: editUpdate, id: id, before: before, after: after, send: true}
}

// Fetch requests a whole item, which is returned in the results. See also [Client.FetchItem].
func Fetch(id ItemID) Edit { return Edit{kind: editFetch, id: id} }
