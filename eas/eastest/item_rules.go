package eastest

import (
	"slices"
	"strconv"
	"strings"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// completeItem makes of what a device adds, or changes an item to, what the server keeps. It
// reports false where Exchange answers status 6.
func (c *call) completeItem(f *folder, data *node, added bool) bool {
	for _, b := range data.all(wbxml.AirSyncBaseBody) {
		if !wellFormedBody(b) {
			return false
		}
	}
	switch f.Type.Class() {
	case eas.ClassCalendar:
		if !added {
			return c.completeRule(data.child(wbxml.CalendarRecurrence), eventRule)
		}
		return c.completeTimes(data) && c.validEvent(data, "") && c.completeEvent(data)
	case eas.ClassContacts:
		return len(data.value(wbxml.ContactsPicture)) <= maxPicture
	case eas.ClassTasks:
		return c.completeTask(data, added)
	case eas.ClassNotes:
		class := data.value(wbxml.NotesMessageClass)
		if class != "" && class != "IPM.StickyNote" && !strings.HasPrefix(class, "IPM.StickyNote.") {
			return false // [MS-ASNOTE] 2.2.2.4
		}
		data.replace([]*node{{tag: wbxml.NotesLastModifiedDate, text: compact(c.now())}}, false)
	}
	return true
}

// maxPicture is the longest picture of a contact, in base64. [MS-ASCNTC] 2.2.2.55
const maxPicture = 48 << 10

// completeTask holds a task to the rules. [MS-ASTASK] 2.2.2, 3.2.4.1
func (c *call) completeTask(data *node, added bool) bool {
	rule := data.child(wbxml.TasksRecurrence)
	reminder := data.child(wbxml.TasksReminderSet)
	switch {
	case reminder != nil && reminder.text != "0" && reminder.text != "1",
		rule != nil && rule.value(wbxml.TasksStart) == "", !c.completeRule(rule, taskRule):
		return false
	case rule != nil && rule.child(wbxml.TasksDeadOccur) == nil:
		rule.kids = append(rule.kids, &node{tag: wbxml.TasksDeadOccur, text: "0"})
	}
	if added && data.child(wbxml.TasksSensitivity) == nil {
		data.kids = append(data.kids, &node{tag: wbxml.TasksSensitivity, text: "0"})
	}
	return true
}

// ruleTags are the elements of a recurrence.
type ruleTags struct {
	kind, dayOfWeek, dayOfMonth, weekOfMonth, monthOfYear, calendarType, leapMonth, firstDay, occurrences, until, interval wbxml.Tag
}

var (
	eventRule = ruleTags{
		wbxml.CalendarType, wbxml.CalendarDayOfWeek, wbxml.CalendarDayOfMonth, wbxml.CalendarWeekOfMonth, wbxml.CalendarMonthOfYear,
		wbxml.CalendarCalendarType, wbxml.CalendarIsLeapMonth, wbxml.CalendarFirstDayOfWeek, wbxml.CalendarOccurrences, wbxml.CalendarUntil, wbxml.CalendarInterval,
	}
	taskRule = ruleTags{
		wbxml.TasksType, wbxml.TasksDayOfWeek, wbxml.TasksDayOfMonth, wbxml.TasksWeekOfMonth, wbxml.TasksMonthOfYear,
		wbxml.TasksCalendarType, wbxml.TasksIsLeapMonth, wbxml.TasksFirstDayOfWeek, wbxml.TasksOccurrences, wbxml.TasksUntil, wbxml.TasksInterval,
	}
)

// parts are those that a type of recurrence has, of those that not every type has. It reports
// false for another type. [MS-ASCAL] 2.2.2.37
func (t ruleTags) parts(kind int) ([]wbxml.Tag, bool) {
	switch kind {
	case 0, 1:
		return []wbxml.Tag{t.dayOfWeek}, true
	case 2:
		return []wbxml.Tag{t.dayOfMonth, t.calendarType, t.leapMonth}, true
	case 3:
		return []wbxml.Tag{t.weekOfMonth, t.dayOfWeek, t.calendarType, t.leapMonth}, true
	case 5:
		return []wbxml.Tag{t.dayOfMonth, t.monthOfYear, t.calendarType, t.leapMonth}, true
	case 6:
		return []wbxml.Tag{t.weekOfMonth, t.dayOfWeek, t.monthOfYear, t.calendarType, t.leapMonth}, true
	}
	return nil, false
}

// calendarTypes are those that a device may name: no server makes the others.
// [MS-ASCAL] 2.2.2.10
var calendarTypes = []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 20}

// completeRule holds a recurrence to the rules, and sets what is left out.
func (c *call) completeRule(rule *node, t ruleTags) bool {
	if rule == nil {
		return true
	}
	kind, ok := rule.number(t.kind)
	parts, known := t.parts(kind)
	if !ok || !known {
		return false
	}
	for _, tag := range []wbxml.Tag{t.dayOfWeek, t.dayOfMonth, t.weekOfMonth, t.monthOfYear, t.calendarType} {
		if n := len(rule.all(tag)); n > 1 || n == 1 && !slices.Contains(parts, tag) {
			return false
		}
	}
	within := func(tag wbxml.Tag, low, high int) bool {
		n, ok := rule.number(tag)
		return rule.child(tag) == nil || ok && n >= low && n <= high
	}
	if !within(t.firstDay, 0, 6) || !within(t.occurrences, 1, 999) || !within(t.interval, 0, 999) ||
		!within(t.dayOfMonth, 1, 31) || !within(t.weekOfMonth, 1, 5) || !within(t.monthOfYear, 1, 12) {
		return false
	}
	calendar, ok := rule.number(t.calendarType)
	if rule.child(t.calendarType) != nil && (!ok || !slices.Contains(calendarTypes, calendar)) {
		return false
	}
	set := func(tag wbxml.Tag, n int) { rule.replace([]*node{{tag: tag, text: strconv.Itoa(n)}}, false) }
	if n, ok := rule.number(t.interval); !ok || n == 0 {
		set(t.interval, 1)
	}
	if slices.Contains(parts, t.calendarType) {
		if calendar < 2 {
			set(t.calendarType, 0)
		}
		if rule.child(t.leapMonth) == nil {
			set(t.leapMonth, 0)
		}
	}
	if kind == 1 && rule.child(t.firstDay) == nil {
		set(t.firstDay, 0)
	}
	if rule.child(t.occurrences) != nil { // which excludes Until
		rule.kids = slices.DeleteFunc(rule.kids, func(k *node) bool { return k.tag == t.until })
	}
	return true
}

// newerParts are elements of a recurrence with the version that brought them.
var newerParts = map[wbxml.Tag]eas.Version{
	wbxml.CalendarCalendarType: eas.Version140, wbxml.CalendarIsLeapMonth: eas.Version140, wbxml.CalendarFirstDayOfWeek: eas.Version141,
	wbxml.TasksCalendarType: eas.Version140, wbxml.TasksIsLeapMonth: eas.Version140, wbxml.TasksFirstDayOfWeek: eas.Version141,
}

// presentRule takes from the recurrence of an item what the device's version does not have.
func (c *call) presentRule(n *node) {
	for _, tag := range []wbxml.Tag{wbxml.CalendarRecurrence, wbxml.TasksRecurrence} {
		if rule := n.child(tag); rule != nil {
			rule.kids = slices.DeleteFunc(rule.kids, func(k *node) bool { return newerParts[k.tag] != "" && !c.version.AtLeast(newerParts[k.tag]) })
		}
	}
}

// restrict takes from the properties of an item what a Schema does not name. [MS-ASCMD] 2.2.3.158
func restrict(properties, schema *node) {
	if schema != nil {
		properties.kids = slices.DeleteFunc(properties.kids, func(k *node) bool { return schema.child(k.tag) == nil })
	}
}

// once reports whether the children stand in the order of tags, are no others, and none is there
// twice.
func (n *node) once(tags ...wbxml.Tag) bool {
	return n.inOrder(tags...) && !slices.ContainsFunc(tags, func(t wbxml.Tag) bool { return len(n.all(t)) > 1 })
}

// wellFormedPreference reports whether a BodyPreference has what it may have. [MS-ASAIRS] 2.2.2.12
func wellFormedPreference(p *node) bool {
	all := p.child(wbxml.AirSyncBaseAllOrNone)
	_, numeric := p.number(wbxml.AirSyncBaseType)
	return numeric && p.once(wbxml.AirSyncBaseType, wbxml.AirSyncBaseTruncationSize, wbxml.AirSyncBaseAllOrNone, wbxml.AirSyncBasePreview) &&
		(all == nil || all.text == "0" || all.text == "1")
}

// wellFormedBody reports whether a Body that a device sends has what it may have. [MS-ASAIRS] 2.2.2.9
func wellFormedBody(b *node) bool {
	_, numeric := b.number(wbxml.AirSyncBaseType)
	return len(b.kids) == 0 || numeric && b.once(wbxml.AirSyncBaseType, wbxml.AirSyncBaseEstimatedDataSize, wbxml.AirSyncBaseTruncated, wbxml.AirSyncBaseData)
}
