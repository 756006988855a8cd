package eastest

import (
	"slices"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// The tenant keeps what is not mail as the elements that came, and applies changes to them by
// rules of its own: the client's code for differences and exceptions is not used here.

// changeRaw applies a change to an item that is not mail. It reports false where Exchange
// answers status 6.
func (c *call) changeRaw(it *item, cmd, data *node) bool {
	stored, err := parseTree(it.raw)
	if err != nil {
		panic("eastest: " + err.Error())
	}
	instance := cmd.value(wbxml.AirSyncBaseInstanceId)
	event := stored.child(wbxml.CalendarSubject) != nil || stored.child(wbxml.CalendarStartTime) != nil || data.child(wbxml.CalendarStartTime) != nil
	switch {
	case event && c.version.AtLeast(eas.Version160):
		if !c.validEvent(data, instance) {
			return false
		}
		if instance != "" && !hasInstance(stored, instance) {
			because(c.r, "no occurrence begins at %s", instance)
			return false
		}
		if instance != "" {
			stored.exception(instance).replace(data.kids, true)
		} else {
			stored.replace(data.kids, false)
		}
	case instance != "", !c.completeItem(it.folder, data, false):
		return false
	default:
		stored = replaced(stored, data, c.dev.collections[it.folder.ID])
	}
	doc := stored.document()
	if doc == nil {
		return false
	}
	it.raw = doc
	return true
}

// validEvent holds a change or an event that is added to the rules of 16.0.
func (c *call) validEvent(data *node, instance string) bool {
	if !c.version.AtLeast(eas.Version160) {
		return true
	}
	allDay := data.value(wbxml.CalendarAllDayEvent) == "1"
	for _, t := range []wbxml.Tag{wbxml.CalendarStartTime, wbxml.CalendarEndTime} {
		k := data.child(t)
		if k == nil {
			continue
		}
		layout := "20060102T150405Z"
		if allDay {
			layout = "20060102" // [MS-ASCAL] 2.2.2.1
		}
		if _, err := time.Parse(layout, k.text); err != nil && data.child(wbxml.CalendarAllDayEvent) != nil {
			return false
		}
	}
	if instance != "" {
		if _, err := time.Parse("20060102T150405Z", instance); err != nil {
			return false // [MS-ASAIRS] 2.2.2.25
		}
		if data.child(wbxml.CalendarTimezone) != nil || data.child(wbxml.CalendarRecurrence) != nil {
			return false
		}
	}
	return data.child(wbxml.CalendarUID) == nil && (!allDay || data.child(wbxml.CalendarTimezone) == nil) &&
		(data.child(wbxml.CalendarEndTime) == nil || data.child(wbxml.CalendarStartTime) != nil)
}

// replace puts elements in place of those of the same name. Empty ones remove, or stay as
// empty in an exception, where they say that the series' value does not hold.
func (n *node) replace(kids []*node, keepEmpty bool) {
	for _, k := range kids {
		n.kids = slices.DeleteFunc(n.kids, func(x *node) bool { return x.tag == k.tag })
		if keepEmpty || k.text != "" || len(k.kids) > 0 {
			n.kids = append(n.kids, k)
		}
	}
}

// exception returns the exception of an event for the occurrence that would start at instance,
// which is made where there is none and takes place.
func (n *node) exception(instance string) *node {
	list := n.child(wbxml.CalendarExceptions)
	if list == nil {
		list = &node{tag: wbxml.CalendarExceptions}
		n.kids = append(n.kids, list)
	}
	for _, x := range list.kids {
		if x.value(wbxml.AirSyncBaseInstanceId) == instance || x.value(wbxml.CalendarExceptionStartTime) == instance {
			x.kids = slices.DeleteFunc(x.kids, func(k *node) bool { return k.tag == wbxml.CalendarDeleted })
			return x
		}
	}
	x := &node{tag: wbxml.CalendarException, kids: []*node{{tag: wbxml.AirSyncBaseInstanceId, text: instance}}}
	list.kids = append(list.kids, x)
	return x
}

// deleteOccurrence deletes an occurrence of a series. It reports false if there is no series, or
// no occurrence that would begin then.
func (c *call) deleteOccurrence(it *item, instance string) bool {
	stored, err := parseTree(it.raw)
	if err != nil || !hasInstance(stored, instance) {
		return false
	}
	x := stored.exception(instance)
	x.kids = []*node{{tag: wbxml.CalendarDeleted, text: "1"}, {tag: wbxml.AirSyncBaseInstanceId, text: instance}}
	it.raw = stored.document()
	return true
}

// kept are the elements that a change of versions up to 14.1 may leave out without removing
// them ([MS-ASCMD] 2.2.3.24), and those that are the server's own.
var kept = []wbxml.Tag{
	wbxml.AirSyncBaseBody, wbxml.ContactsPicture, wbxml.CalendarExceptions, wbxml.AirSyncBaseNativeBodyType, wbxml.CalendarUID,
	wbxml.CalendarClientUid, wbxml.AirSyncBaseAttachments, wbxml.CalendarResponseType, wbxml.TasksImportance, wbxml.TasksReminderSet,
	wbxml.NotesSubject, wbxml.NotesMessageClass,
}

// replaced returns an item that has been changed as a whole by a device whose collection is col.
func replaced(old, data *node, col *collection) *node {
	out := &node{tag: old.tag}
	out.replace(data.kids, false)
	for _, k := range old.kids {
		if !slices.Contains(kept, k.tag) && (data.child(k.tag) != nil || !col.ghosted(k.tag)) {
			continue
		}
		switch is := data.child(k.tag); {
		case is == nil:
			out.kids = append(out.kids, k)
		case k.tag == wbxml.CalendarExceptions:
			for _, x := range k.kids {
				i := slices.IndexFunc(is.kids, func(y *node) bool { return y.original() == x.original() })
				if i < 0 {
					is.kids = append(is.kids, x)
					continue
				}
				for _, z := range x.kids { // what the exception leaves out is unchanged. [MS-ASCAL] 3.1.4.3
					if is.kids[i].child(z.tag) == nil && z.tag != wbxml.CalendarDeleted {
						is.kids[i].kids = append(is.kids[i].kids, z)
					}
				}
			}
		}
	}
	return out
}

// original returns when the occurrence of an exception would start.
func (n *node) original() string {
	if s := n.value(wbxml.AirSyncBaseInstanceId); s != "" {
		return s
	}
	return n.value(wbxml.CalendarExceptionStartTime)
}

// present returns an item that is not mail as the version of the device has it, with its body
// as it wants it.
func (c *call) present(raw []byte, want bodyChoice) *wbxml.Raw {
	n, err := parseTree(raw)
	if err != nil {
		panic("eastest: " + err.Error())
	}
	if n.child(wbxml.CalendarStartTime) != nil {
		c.presentEvent(n)
		if list := n.child(wbxml.CalendarExceptions); list != nil {
			for _, x := range list.kids {
				c.presentEvent(x)
			}
		}
	}
	c.presentRule(n)
	if b := n.child(wbxml.AirSyncBaseBody); b != nil {
		want.present(b, c.version)
	}
	doc := wbxml.Raw(n.document())
	return &doc
}

// presentEvent writes an event, or an exception, in the elements of the device's version.
func (c *call) presentEvent(n *node) {
	current := c.version.AtLeast(eas.Version160)
	allDay := n.value(wbxml.CalendarAllDayEvent) == "1"
	zone := zoneOf(n)
	var kids []*node
	for _, k := range n.kids {
		switch {
		case k.tag == wbxml.CalendarLocation && current:
			place := &node{tag: wbxml.AirSyncBaseLocation}
			if k.text != "" {
				place.kids = []*node{{tag: wbxml.AirSyncBaseDisplayName, text: k.text}}
			}
			k = place
		case k.tag == wbxml.AirSyncBaseLocation && !current:
			k = &node{tag: wbxml.CalendarLocation, text: k.value(wbxml.AirSyncBaseDisplayName)}
		case k.tag == wbxml.CalendarExceptionStartTime && current:
			k = &node{tag: wbxml.AirSyncBaseInstanceId, text: k.text}
		case k.tag == wbxml.AirSyncBaseInstanceId && !current:
			k = &node{tag: wbxml.CalendarExceptionStartTime, text: k.text}
		case k.tag == wbxml.CalendarTimezone && current && allDay, k.tag == wbxml.CalendarClientUid:
			continue
		case k.tag == wbxml.CalendarStartTime || k.tag == wbxml.CalendarEndTime:
			k = &node{tag: k.tag, text: eventTime(k.text, allDay && current, zone)}
		}
		kids = append(kids, k)
	}
	n.kids = kids
}

// eventTime writes the time of an event as a date, or with a time of day.
func eventTime(s string, date bool, zone *time.Location) string {
	if t, err := time.Parse("20060102T150405Z", s); err == nil && date {
		return t.In(zone).Format("20060102")
	}
	if t, err := time.Parse("20060102", s); err == nil && !date {
		return t.Format("20060102T150405Z")
	}
	return s
}
