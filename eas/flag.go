package eas

import (
	"fmt"
	"time"

	"github.com/easoauth/easoauth/internal/airsync"
)

// A Flag is the follow-up flag of a message. See [MS-ASEMAIL] 2.2.2.34. Times are zero if the
// server did not send them.
//
// A flag is sent as a whole: fields that are not set are removed from the message. To change one
// field, change it in the Flag that was read.
type Flag struct {
	Status  FlagStatus
	Type    string // of an active flag; if "", "Flag for follow up" is written
	Subject string

	// Start and Due are in UTC; StartLocal and DueLocal are the same dates as the user's
	// clock has them, and say UTC though they are not. A server accepts all four or none:
	// where a local date is not set, the clock of the other one's Location decides, and
	// where Start or Due is not set, it is written as a day before or after the other.
	Start, Due           time.Time
	StartLocal, DueLocal time.Time

	// Completed is when a complete flag was completed, in UTC; if zero, the time of the edit
	// is written. CompletedDate is the date of it; if zero, Completed.
	Completed, CompletedDate time.Time

	Reminder   time.Time // zero: no reminder is set
	Ordinal    time.Time // when the flag was set, for sorting
	SubOrdinal string    // for sorting where Ordinal is the same

	// Other holds the elements that this type has no field for, each as a WBXML document.
	Other [][]byte
}

// A FlagStatus is the state of a [Flag].
type FlagStatus int

// The values of [FlagStatus].
const (
	FlagCleared  FlagStatus = 0
	FlagComplete FlagStatus = 1
	FlagActive   FlagStatus = 2
)

const followUp = "Flag for follow up" // [MS-ASEMAIL] 3.1.4.2

// flag reads a flag into out.
func flag(out *Flag, f *airsync.Flag, r *reader) *Flag {
	*out = Flag{
		Status: FlagStatus(value(f.Status)), Type: f.FlagType, Subject: f.Subject, SubOrdinal: f.SubOrdinalDate,
		Start: r.at("Tasks:UtcStartDate", f.UTCStartDate), Due: r.at("Tasks:UtcDueDate", f.UTCDueDate),
		StartLocal: r.at("Tasks:StartDate", f.StartDate), DueLocal: r.at("Tasks:DueDate", f.DueDate),
		Completed: r.at("Email:CompleteTime", f.CompleteTime), CompletedDate: r.at("Tasks:DateCompleted", f.DateCompleted),
		Ordinal: r.at("Tasks:OrdinalDate", f.OrdinalDate), Other: others(f.Other),
	}
	if at := r.at("Tasks:ReminderTime", f.ReminderTime); isTrue(f.ReminderSet) {
		out.Reminder = at
	}
	return out
}

// wire returns the flag as a client sends it: whole, since what is absent is removed.
func (f *Flag) wire(now time.Time) (*airsync.Flag, error) {
	out := &airsync.Flag{}
	if f.Status == FlagCleared {
		return out, nil // an empty element clears the flag
	}
	dates := span{f.Start, f.Due, f.StartLocal, f.DueLocal}
	if err := dates.complete(); err != nil {
		return nil, fmt.Errorf("flag: %w", err)
	}
	status := int(f.Status)
	out.Status, out.FlagType, out.Subject = &status, f.Type, f.Subject
	if f.Status == FlagComplete {
		at, date := f.Completed, f.CompletedDate
		if at.IsZero() {
			at = now
		}
		if date.IsZero() {
			date = at
		}
		out.CompleteTime, out.DateCompleted = extended(at), extended(date)
	} else if f.Type == "" {
		out.FlagType = followUp
	}
	out.StartDate, out.UTCStartDate = extended(dates.startLocal), extended(dates.start)
	out.DueDate, out.UTCDueDate = extended(dates.dueLocal), extended(dates.due)
	if !f.Reminder.IsZero() {
		yes := true
		out.ReminderSet, out.ReminderTime = &yes, extended(f.Reminder)
	}
	out.OrdinalDate, out.SubOrdinalDate, out.Other = extended(f.Ordinal), f.SubOrdinal, raws(f.Other)
	return out, nil
}
