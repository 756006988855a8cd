package eas

import (
	"fmt"
	"time"

	"github.com/easoauth/easoauth/internal/airsync"
)

// A Task is a task. See [MS-ASTASK] 2.2. Times are zero if the server did not send them.
type Task struct {
	Subject    string
	Importance *Importance // nil: not sent
	Body       *Body       // nil: not requested
	Categories []string

	// Start and Due are in UTC; StartLocal and DueLocal are the same dates as the user's
	// clock has them, and say UTC though they are not. Where only one of a pair is set, it is
	// written for both; the clock of the Location of Start or Due decides what its date is.
	Start, Due           time.Time
	StartLocal, DueLocal time.Time

	Complete    bool
	Completed   time.Time // of a complete task, in UTC; if zero, the time of the edit is written
	Sensitivity Sensitivity
	Reminder    time.Time // in the user's time; zero: none
	Recurrence  *Recurrence

	Ordinal    time.Time // for sorting among tasks
	SubOrdinal string

	// Other holds the elements that this type has no field for, each as a WBXML document.
	Other [][]byte
	// Odd lists the values that could not be read.
	Odd []OddValue
}

// Class returns [ClassTasks].
func (*Task) Class() Class { return ClassTasks }

func decodeTask(r *reader, raw []byte) (Item, error) {
	d, err := read(r, raw, &r.task)
	if err != nil {
		return nil, fmt.Errorf("eas: task: %w", err)
	}
	t := &Task{
		Subject: d.Subject, Importance: number[Importance](nil, d.Importance), Body: body(nil, d.Body),
		Start: r.at("Tasks:UtcStartDate", d.UTCStartDate), Due: r.at("Tasks:UtcDueDate", d.UTCDueDate),
		StartLocal: r.at("Tasks:StartDate", d.StartDate), DueLocal: r.at("Tasks:DueDate", d.DueDate),
		Complete: isTrue(d.Complete), Completed: r.at("Tasks:DateCompleted", d.DateCompleted), Sensitivity: Sensitivity(value(d.Sensitivity)),
		Ordinal: r.at("Tasks:OrdinalDate", d.OrdinalDate), SubOrdinal: d.SubOrdinalDate, Other: others(d.Other),
	}
	if isTrue(d.ReminderSet) {
		t.Reminder = r.at("Tasks:ReminderTime", d.ReminderTime)
	}
	if d.Categories != nil {
		t.Categories = d.Categories.Category
	}
	if x := d.Recurrence; x != nil && x.Type != nil {
		t.Recurrence = &Recurrence{
			Type: RecurrenceType(*x.Type), Interval: value(x.Interval), Until: r.at("Tasks:Until", x.Until), Occurrences: value(x.Occurrences),
			WeekOfMonth: value(x.WeekOfMonth), DayOfMonth: value(x.DayOfMonth), Days: Weekdays(value(x.DayOfWeek)),
			Month: time.Month(value(x.MonthOfYear)), CalendarType: value(x.CalendarType), LeapMonth: isTrue(x.IsLeapMonth),
			FirstDay: r.weekday("Tasks:FirstDayOfWeek", x.FirstDayOfWeek), Start: r.at("Tasks:Start", x.Start), Regenerate: isTrue(x.Regenerate), Dead: isTrue(x.DeadOccur),
		}
	}
	t.Odd = r.odd
	return t, nil
}

func (t *Task) encode(v Version, now time.Time) (any, error) {
	either := func(a, b time.Time) string {
		if a.IsZero() {
			a = b
		}
		return extended(a)
	}
	d := &airsync.TaskData{
		Subject: t.Subject, Importance: plain(t.Importance),
		UTCStartDate: either(t.Start, t.StartLocal), StartDate: either(t.StartLocal, wall(t.Start)),
		UTCDueDate: either(t.Due, t.DueLocal), DueDate: either(t.DueLocal, wall(t.Due)),
		Complete: &t.Complete, Other: raws(t.Other),
	}
	if t.Complete {
		at := t.Completed
		if at.IsZero() {
			at = now
		}
		d.DateCompleted = extended(at) // required of a complete task
	}
	sensitivity, reminder := int(t.Sensitivity), !t.Reminder.IsZero()
	d.Sensitivity, d.ReminderSet, d.ReminderTime = &sensitivity, &reminder, extended(t.Reminder)
	if len(t.Categories) > 0 {
		d.Categories = &airsync.TaskCategories{Category: t.Categories}
	}
	if r := t.Recurrence; r != nil {
		kind := int(r.Type)
		d.Recurrence = &airsync.TaskRecurrence{
			Type: &kind, Start: either(r.Start, t.Start), Until: extended(r.Until), Occurrences: optional(r.Occurrences), Interval: optional(r.Interval),
			DayOfWeek: optional(r.Days), DayOfMonth: optional(r.DayOfMonth), WeekOfMonth: optional(r.WeekOfMonth), MonthOfYear: optional(r.Month),
			Regenerate: &r.Regenerate, DeadOccur: &r.Dead,
		}
		d.Recurrence.CalendarType, d.Recurrence.IsLeapMonth = r.calendar(v)
		if v.AtLeast(Version141) {
			d.Recurrence.FirstDayOfWeek = wireWeekday(r.FirstDay)
		}
	}
	return d, nil
}
