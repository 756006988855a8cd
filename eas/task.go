package eas

import (
	"fmt"
	"time"

	"github.com/easoauth/easoauth/internal/airsync"
)

// A Task is a task. See [MS-ASTASK] 2.2. Times are zero if not said. [Change] sends it whole.
type Task struct {
	Subject    string
	Importance *Importance // nil: not said
	Body       *Body       // nil: not asked for
	Categories []string

	// Start and Due are in UTC; StartLocal and DueLocal are the same dates as the user's
	// clock has them, and say UTC though they are not. Where only one of a pair is set it
	// is written for both.
	Start, Due           time.Time
	StartLocal, DueLocal time.Time

	Complete    bool
	Completed   time.Time // UTC
	Sensitivity Sensitivity
	Reminder    time.Time // in the user's time; zero: none
	Recurrence  *Recurrence

	Ordinal    time.Time // for sorting among tasks
	SubOrdinal string

	// Other holds the elements that this type has no field for, each as a WBXML document.
	Other [][]byte
}

// Class returns [ClassTasks].
func (*Task) Class() Class { return ClassTasks }

func decodeTask(in *pageReader, raw []byte) (Item, error) {
	var d airsync.TaskData
	if err := in.unmarshal(raw, &d); err != nil {
		return nil, fmt.Errorf("eas: task: %w", err)
	}
	var at dates
	t := &Task{
		Subject: d.Subject, Importance: number[Importance](d.Importance), Body: body(d.Body),
		Start: at.at("UtcStartDate", d.UTCStartDate), Due: at.at("UtcDueDate", d.UTCDueDate),
		StartLocal: at.at("StartDate", d.StartDate), DueLocal: at.at("DueDate", d.DueDate),
		Complete: isTrue(d.Complete), Completed: at.at("DateCompleted", d.DateCompleted), Sensitivity: Sensitivity(value(d.Sensitivity)),
		Ordinal: at.at("OrdinalDate", d.OrdinalDate), SubOrdinal: d.SubOrdinalDate, Other: others(d.Other),
	}
	if isTrue(d.ReminderSet) {
		t.Reminder = at.at("ReminderTime", d.ReminderTime)
	}
	if d.Categories != nil {
		t.Categories = d.Categories.Category
	}
	if r := d.Recurrence; r != nil {
		t.Recurrence = &Recurrence{
			Type: RecurrenceType(r.Type), Interval: value(r.Interval), Until: at.at("Until", r.Until), Occurrences: value(r.Occurrences),
			WeekOfMonth: value(r.WeekOfMonth), DayOfMonth: value(r.DayOfMonth), Days: Weekdays(value(r.DayOfWeek)),
			Month: time.Month(value(r.MonthOfYear)), CalendarType: value(r.CalendarType), LeapMonth: isTrue(r.IsLeapMonth),
			FirstDay: weekday(r.FirstDayOfWeek), Start: at.at("Start", r.Start), Regenerate: isTrue(r.Regenerate), Dead: isTrue(r.DeadOccur),
		}
	}
	if at.err != nil {
		return nil, at.err
	}
	return t, nil
}

func (t *Task) encode(v Version) (any, error) {
	either := func(a, b time.Time) string {
		if a.IsZero() {
			a = b
		}
		return extended(a)
	}
	d := &airsync.TaskData{
		Subject: t.Subject, Importance: plain(t.Importance), Body: wireBody(t.Body),
		UTCStartDate: either(t.Start, t.StartLocal), StartDate: either(t.StartLocal, t.Start),
		UTCDueDate: either(t.Due, t.DueLocal), DueDate: either(t.DueLocal, t.Due),
		Complete: &t.Complete, Other: raws(t.Other),
	}
	if t.Complete {
		d.DateCompleted = extended(t.Completed) // required of a complete task
		if t.Completed.IsZero() {
			return nil, fmt.Errorf("eas: task: complete without the time when it was completed")
		}
	}
	sensitivity, reminder := int(t.Sensitivity), !t.Reminder.IsZero()
	d.Sensitivity, d.ReminderSet, d.ReminderTime = &sensitivity, &reminder, extended(t.Reminder)
	if len(t.Categories) > 0 {
		d.Categories = &airsync.TaskCategories{Category: t.Categories}
	}
	if r := t.Recurrence; r != nil {
		d.Recurrence = &airsync.TaskRecurrence{
			Type: int(r.Type), Start: either(r.Start, t.Start), Until: extended(r.Until), Occurrences: optional(r.Occurrences), Interval: optional(r.Interval),
			DayOfWeek: optional(r.Days), DayOfMonth: optional(r.DayOfMonth), WeekOfMonth: optional(r.WeekOfMonth), MonthOfYear: optional(r.Month),
			Regenerate: &r.Regenerate, DeadOccur: &r.Dead,
		}
		if v.AtLeast(Version140) {
			d.Recurrence.CalendarType = optional(r.CalendarType)
			if r.LeapMonth {
				d.Recurrence.IsLeapMonth = &r.LeapMonth
			}
		}
		if v.AtLeast(Version141) {
			d.Recurrence.FirstDayOfWeek = wireWeekday(r.FirstDay)
		}
	}
	return d, nil
}
