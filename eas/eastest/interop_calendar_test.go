package eastest_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestInteropCalendar asks for events. [MS-ASCAL]
func TestInteropCalendar(t *testing.T) { askInterop(t, interopTests["TestInteropCalendar"]) }

// added adds an event of an hour of the next day, and returns it as the server has it.
func (d *device) added(more string) reply {
	d.t.Helper()
	return d.get(calendar, d.add(calendar, eventData("event", d.tomorrow(), more)), "")
}

// eventFails requires an event to be refused.
func (d *device) eventFails(data string) {
	d.t.Helper()
	d.commands(calendar, d.addition(data)).is("Responses/Add/Status", "6").lacks("Add/ServerId")
}

// rule is a recurrence of an event of a type, with the parts that the type needs and more.
func rule(kind int, more string) string {
	parts := map[int]string{
		1: `<c:DayOfWeek>2</c:DayOfWeek>`, 2: `<c:DayOfMonth>1</c:DayOfMonth>`, 3: `<c:WeekOfMonth>5</c:WeekOfMonth><c:DayOfWeek>2</c:DayOfWeek>`,
		5: `<c:DayOfMonth>1</c:DayOfMonth><c:MonthOfYear>4</c:MonthOfYear>`, 6: `<c:WeekOfMonth>5</c:WeekOfMonth><c:DayOfWeek>2</c:DayOfWeek><c:MonthOfYear>4</c:MonthOfYear>`,
	}
	interval := `<c:Interval>3</c:Interval>`
	if strings.Contains(more, "Interval") {
		interval = ""
	}
	return fmt.Sprintf(`<c:Recurrence><c:Type>%d</c:Type>%s%s%s</c:Recurrence>`, kind, interval, parts[kind], more)
}

// recursAs adds a series and requires its rule to be there.
func (d *device) recursAs(kind int, more string) reply {
	d.t.Helper()
	return d.added(rule(kind, more)).in("Recurrence").is("Type", strconv.Itoa(kind))
}

// ruleFails requires a rule to be refused with each of the types.
func (d *device) ruleFails(more string, kinds ...int) {
	d.t.Helper()
	for _, kind := range kinds {
		d.eventFails(eventData("event", d.tomorrow(), rule(kind, more)))
	}
}

// exceptionOf is an exception of a series at 14.1 and before, so many days later.
func (d *device) exceptionOf(days int, more string) string {
	return `<c:Exceptions><c:Exception><c:ExceptionStartTime>` + compact(d.tomorrow().AddDate(0, 0, days)) + `</c:ExceptionStartTime>` + more + `</c:Exception></c:Exceptions>`
}

// attendee is one of an event.
func attendee(addr string) string {
	name, _, _ := strings.Cut(addr, "@")
	return `<c:Attendees><c:Attendee><c:Email>` + addr + `</c:Email><c:Name>` + name + `</c:Name></c:Attendee></c:Attendees>`
}

// zone is a time zone as events have it.
const zone = `<c:Timezone>IP7//ygAVQBUAEMAKwAwADgAOgAwADAAKQAgAEIAZQBpAGoAaQBuAGcALAAgAEMAaABvAG4AZwBxAGkAbgBnACwAIAAAAAAAAAAAAAAAAAAAAAAAAAAAACgAVQBUAEMAKwAwADgAOgAwADAAKQAgAEIAZQBpAGoAaQBuAGcALAAgAEMAaABvAG4AZwBxAGkAbgBnACwAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==</c:Timezone>`

// at reads a time of an event.
func (r reply) at(path string) time.Time {
	r.d.t.Helper()
	t, err := time.Parse("20060102T150405Z", r.text(path))
	if err != nil {
		r.d.t.Errorf("%s: %v in %s", path, err, r)
	}
	return t
}

var calendarCases = []interopCase{
	{"MSASCAL_S01_TC01_AllDayEvent", every, func(d *device) {
		d.added(`<c:AllDayEvent>0</c:AllDayEvent>`).is("AllDayEvent", "0")
		start, end := d.tomorrow().Truncate(24*time.Hour), d.tomorrow().Truncate(24*time.Hour).AddDate(0, 0, 1)
		layout := "20060102T150405Z"
		if d.atLeast("16.0") {
			layout = "20060102"
		}
		id := d.add(calendar, `<c:AllDayEvent>1</c:AllDayEvent><c:StartTime>`+start.Format(layout)+`</c:StartTime><c:EndTime>`+end.Format(layout)+`</c:EndTime><c:Subject>day</c:Subject>`)
		d.get(calendar, id, "").is("AllDayEvent", "1").is("StartTime", start.Format(layout)).is("EndTime", end.Format(layout))
	}},
	{"MSASCAL_S01_TC02_Sensitivity", every, func(d *device) {
		for n := range 4 {
			d.added(fmt.Sprintf(`<c:Sensitivity>%d</c:Sensitivity>`, n)).is("Sensitivity", strconv.Itoa(n))
		}
	}},
	{"MSASCAL_S01_TC03_CalendarWithoutOptionalElements", every, func(d *device) {
		d.get(calendar, d.add(calendar, `<c:Subject>event</c:Subject>`), "").is("Subject", "event").has("StartTime", "EndTime", "UID", "DtStamp")
	}},
	{"MSASCAL_S01_TC04_MultipleElements", every, func(d *device) {
		place := `<c:Location>Room 1</c:Location>`
		if d.atLeast("16.0") {
			place = `<b:Location><b:DisplayName>Room 1</b:DisplayName></b:Location>`
		}
		r := d.added(zone+place+`<c:Reminder>10</c:Reminder><c:MeetingStatus>0</c:MeetingStatus>`+body(1, "text")).
			has("DtStamp", "Timezone", "UID", "NativeBodyType").is("Reminder", "10").is("OrganizerEmail", ada).is("OrganizerName", "Ada").is("MeetingStatus", "0")
		if d.atLeast("16.0") {
			r.is("Location/DisplayName", "Room 1")
		} else {
			r.is("Location", "Room 1")
		}
	}},
	{"MSASCAL_S01_TC05_CalendarWithoutStartTimeEndTime", every, func(d *device) {
		r := d.get(calendar, d.add(calendar, `<c:Subject>event</c:Subject>`), "")
		start := r.at("StartTime")
		if start.Minute()%30 != 0 || start.Second() != 0 || start.Sub(r.at("DtStamp")) > 30*time.Minute || r.at("EndTime").Sub(start) != 30*time.Minute {
			d.t.Error(r)
		}
	}},
	{"MSASCAL_S01_TC06_StartTimeAbsentEndTimePast", every, func(d *device) {
		d.eventFails(`<c:Subject>event</c:Subject><c:EndTime>` + compact(d.tomorrow().AddDate(-5, 0, 0)) + `</c:EndTime>`)
	}},
	{"MSASCAL_S01_TC07_StartTimeAbsentEndTimeFuture", every, func(d *device) {
		r := d.get(calendar, d.add(calendar, `<c:Subject>event</c:Subject><c:EndTime>`+compact(d.tomorrow())+`</c:EndTime>`), "").is("EndTime", compact(d.tomorrow()))
		if wait := r.at("StartTime").Sub(r.at("DtStamp")); wait < 0 || wait > 30*time.Minute {
			d.t.Error(r)
		}
	}},
	{"MSASCAL_S01_TC08_StartTimePastEndTimeAbsent", every, func(d *device) {
		past := compact(d.tomorrow().AddDate(0, 0, -3))
		r := d.get(calendar, d.add(calendar, `<c:Subject>event</c:Subject><c:StartTime>`+past+`</c:StartTime>`), "").is("StartTime", past)
		if wait := r.at("EndTime").Sub(r.at("DtStamp").Add(30 * time.Minute)); wait < 0 || wait > 30*time.Minute {
			d.t.Error(r)
		}
	}},
	{"MSASCAL_S01_TC09_StartTimeFutureEndTimeAbsent", every, func(d *device) {
		d.eventFails(`<c:Subject>event</c:Subject><c:StartTime>` + compact(d.tomorrow()) + `</c:StartTime>`)
	}},
	{"MSASCAL_S01_TC10_Categories", to141, func(d *device) {
		categories := func(n int, name string) string {
			return `<c:Categories>` + strings.Repeat(`<c:Category>`+name+`</c:Category>`, n) + `</c:Categories>`
		}
		d.added(categories(1, "blue")+daily+d.exceptionOf(2, categories(1, "red"))).has("DtStamp").is("Categories/Category", "blue").is("Exception/Categories/Category", "red")
		d.added(categories(300, "blue")).count("Category", 300)
	}},
	{"MSASCAL_S01_TC11_RecurrenceWithType0", every, func(d *device) { d.recursAs(0, "").lacks("DayOfMonth", "MonthOfYear") }},
	{"MSASCAL_S01_TC12_RecurrenceWithType1", every, func(d *device) { d.recursAs(1, "").is("DayOfWeek", "2").lacks("DayOfMonth", "MonthOfYear") }},
	{"MSASCAL_S01_TC13_RecurrenceWithType2", every, func(d *device) {
		d.recursAs(2, "").is("DayOfMonth", "1").lacks("MonthOfYear").calendarType()
	}},
	{"MSASCAL_S01_TC14_RecurrenceWithType3", every, func(d *device) {
		d.recursAs(3, "").is("WeekOfMonth", "5").lacks("DayOfMonth", "MonthOfYear").calendarType()
	}},
	{"MSASCAL_S01_TC15_RecurrenceWithType5", every, func(d *device) {
		d.recursAs(5, "").is("DayOfMonth", "1").is("MonthOfYear", "4").calendarType()
	}},
	{"MSASCAL_S01_TC16_RecurrenceWithType6", every, func(d *device) {
		d.recursAs(6, "").is("WeekOfMonth", "5").is("MonthOfYear", "4").lacks("DayOfMonth").calendarType()
	}},
	{"MSASCAL_S01_TC17_FirstDayOfWeek", from141, func(d *device) {
		d.recursAs(1, `<c:FirstDayOfWeek>4</c:FirstDayOfWeek>`).is("FirstDayOfWeek", "4").count("FirstDayOfWeek", 1)
		d.recursAs(1, "").has("FirstDayOfWeek")
	}},
	{"MSASCAL_S01_TC18_WrongFormatEmailElement", every, func(d *device) {
		d.added(attendee("wrongFormatEmail")+`<c:MeetingStatus>1</c:MeetingStatus>`).is("Attendee/Email", "wrongFormatEmail")
	}},
	{"MSASCAL_S01_TC19_OccurrencesAndUntilBothSet", every, func(d *device) {
		d.recursAs(0, `<c:Occurrences>5</c:Occurrences><c:Until>20300101T000000Z</c:Until>`).is("Occurrences", "5").lacks("Until")
		d.recursAs(0, `<c:Occurrences>999</c:Occurrences>`).is("Occurrences", "999")
		d.recursAs(0, `<c:Until>20300101T000000Z</c:Until>`).is("Until", "20300101T000000Z").lacks("Occurrences")
	}},
	{"MSASCAL_S01_TC20_IsLeapMonth", from14, func(d *device) {
		d.recursAs(5, `<c:IsLeapMonth>0</c:IsLeapMonth>`).is("IsLeapMonth", "0")
		d.recursAs(5, `<c:CalendarType>15</c:CalendarType>`).is("CalendarType", "15").is("IsLeapMonth", "0")
		d.recursAs(5, `<c:CalendarType>15</c:CalendarType><c:IsLeapMonth>1</c:IsLeapMonth>`).is("IsLeapMonth", "1")
	}},
	{"MSASCAL_S01_TC21_Status6WithMultiCalendarType", from14, func(d *device) {
		d.ruleFails(`<c:CalendarType>1</c:CalendarType><c:CalendarType>1</c:CalendarType>`, 2, 3, 5, 6)
	}},
	{"MSASCAL_S01_TC22_Status6WithSpecifiedCalendarType", from14, func(d *device) {
		for _, n := range []int{13, 16, 17, 18, 19, 21, 22, 23} {
			d.ruleFails(fmt.Sprintf(`<c:CalendarType>%d</c:CalendarType>`, n), 2)
		}
	}},
	{"MSASCAL_S01_TC23_Status6WithOutsideRangeFirstDayOfWeek", from141, func(d *device) {
		d.ruleFails(`<c:FirstDayOfWeek>7</c:FirstDayOfWeek>`, 0, 1)
	}},
	{"MSASCAL_S01_TC24_Status6WithDayOfMonth", every, func(d *device) { d.ruleFails(`<c:DayOfMonth>10</c:DayOfMonth>`, 0, 1, 3, 6) }},
	{"MSASCAL_S01_TC25_Status6WithDayOfWeek", every, func(d *device) { d.ruleFails(`<c:DayOfWeek>1</c:DayOfWeek>`, 2, 5) }},
	{"MSASCAL_S01_TC26_Status6WithMonthOfYear", every, func(d *device) { d.ruleFails(`<c:MonthOfYear>10</c:MonthOfYear>`, 0, 1, 2, 3) }},
	{"MSASCAL_S01_TC27_Status6WithWeekOfMonth", every, func(d *device) { d.ruleFails(`<c:WeekOfMonth>3</c:WeekOfMonth>`, 0, 1, 2, 5) }},
	{"MSASCAL_S01_TC28_GhostedElements", every, func(d *device) {
		supported := `<Supported><c:StartTime/><c:EndTime/><c:Subject/><c:Location/><c:Recurrence/><c:Exceptions/></Supported>`
		place, times := `<c:Location>Room 1</c:Location>`, eventData("other", d.tomorrow(), "")
		if d.atLeast("16.0") {
			supported, place, times = "", "", `<c:Subject>other</c:Subject>`
		}
		ghosts := attendee(bob) + `<c:MeetingStatus>1</c:MeetingStatus>` + body(1, "text")
		if d.atLeast("14.0") {
			ghosts += `<c:ResponseRequested>1</c:ResponseRequested><c:DisallowNewTimeProposal>1</c:DisallowNewTimeProposal>`
		}
		d.prime(calendar, supported)
		d.sync(calendar, "")
		id := d.add(calendar, eventData("event", d.tomorrow(), place+ghosts))
		before := d.get(calendar, id, "")
		d.change(calendar, id, times).applied()
		after := d.get(calendar, id, "").is("Subject", "other")
		for _, path := range []string{"Body/Data", "MeetingStatus", "OrganizerEmail", "OrganizerName", "Attendee/Email", "ResponseRequested", "ResponseType", "DisallowNewTimeProposal"} {
			if before.text(path) != after.text(path) {
				d.t.Errorf("%s is %q and was %q", path, after.text(path), before.text(path))
			}
		}
		if !d.atLeast("16.0") {
			after.lacks("Location") // which is not ghosted
		}
	}},
	{"MSASCAL_S01_TC29_ItemOperations", every, func(d *device) {
		id := d.add(calendar, eventData("event", d.tomorrow(), body(1, "text")))
		d.get(calendar, id, `<Options>`+preference(1, "")+`</Options>`).is("Subject", "event").is("Body/Data", "text")
		d.get(calendar, id, `<Options><Schema><c:Subject/></Schema></Options>`).only("Subject")
	}},
	{"MSASCAL_S01_TC30_Search", every, func(d *device) {
		d.add(calendar, eventData("needle", d.tomorrow(), ""))
		d.search("Mailbox", and(`<a:Class>Calendar</a:Class>`, within(calendar), freeText("needle")), "").is("Result/Class", "Calendar").is("Properties/Subject", "needle").has("Properties/StartTime")
	}},
	{"MSASCAL_S01_TC31_UnchangedExceptions", to141, func(d *device) {
		id := d.add(calendar, eventData("series", d.tomorrow(), daily+d.exceptionOf(3, `<c:Subject>exception</c:Subject><c:Location>Room 666</c:Location>`)))
		d.change(calendar, id, eventData("other", d.tomorrow(), daily)).applied()
		d.get(calendar, id, "").is("Subject", "other").in("Exception").is("Subject", "exception").is("Location", "Room 666")
	}},
	{"MSASCAL_S01_TC32_WithoutUID", every, func(d *device) { d.added("").has("UID").isNot("UID", "") }},
	{"MSASCAL_S01_TC33_DeletePropertyOfException", to141, func(d *device) {
		id := d.add(calendar, eventData("series", d.tomorrow(), daily+`<c:Location>Room 1</c:Location>`+d.exceptionOf(3, `<c:Subject>exception</c:Subject><c:Location>Room 666</c:Location>`)))
		d.change(calendar, id, eventData("series", d.tomorrow(), daily+`<c:Location>Room 1</c:Location>`+d.exceptionOf(3, `<c:Subject>exception</c:Subject><c:Location/>`))).applied()
		d.get(calendar, id, "").is("Location", "Room 1").in("Exception").is("Subject", "exception").is("Location", "")
	}},
	{"MSASCAL_S01_TC34_ExcludePropertyOfException", to141, func(d *device) {
		id := d.add(calendar, eventData("series", d.tomorrow(), daily+d.exceptionOf(3, `<c:Subject>exception</c:Subject><c:Location>Room 666</c:Location>`)))
		d.change(calendar, id, eventData("series", d.tomorrow(), daily+d.exceptionOf(3, `<c:Subject>exception</c:Subject>`))).applied()
		d.get(calendar, id, "").in("Exception").is("Subject", "exception").is("Location", "Room 666")
	}},
	{"MSASCAL_S01_TC35_RecurrenceWithInterval0", every, func(d *device) { d.recursAs(0, `<c:Interval>0</c:Interval>`).is("Interval", "1") }},
	{"MSASCAL_S01_TC36_RecurrenceWithCalendarType1", from14, func(d *device) {
		d.recursAs(2, `<c:CalendarType>1</c:CalendarType>`).is("CalendarType", "0")
	}},
	{"MSASEMAIL_S04_TC01_SyncAdd_CalendarItem", every, func(d *device) {
		d.added(zone+`<c:Reminder>15</c:Reminder>`).is("Subject", "event").is("StartTime", compact(d.tomorrow())).is("Reminder", "15")
		d.second(calendar)
		d.fresh(calendar, "").count("Add", 1)
	}},
}

// calendarType requires the type of the calendar where the version has it.
func (r reply) calendarType() {
	r.d.t.Helper()
	if r.d.atLeast("14.0") {
		r.is("CalendarType", "0")
	} else {
		r.lacks("CalendarType", "IsLeapMonth")
	}
}
