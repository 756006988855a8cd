package eastest

import (
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/wbxml"
)

const flagTime = "2006-01-02T15:04:05.000Z"

// readFlag reads a flag as a device sends it. It reports false where Exchange answers status
// 6: its status is none, or a reminder lacks its time, or of the four dates some are there and some not, they are out of order, or a complete flag
// lacks its two. [MS-ASEMAIL] 2.2.2.72, 3.2.4.1
func readFlag(n *node, meeting bool) (*eas.Flag, bool) {
	if len(n.kids) == 0 {
		return nil, true
	}
	status, ok := n.number(wbxml.EmailStatus)
	reminder := n.value(wbxml.TasksReminderSet)
	switch {
	case !ok, status < 0, status > int(eas.FlagActive), reminder != "" && reminder != "0" && reminder != "1",
		reminder == "1" && n.child(wbxml.TasksReminderTime) == nil:
		return nil, false
	case status == int(eas.FlagCleared):
		return nil, true
	}
	count := 0
	at := func(tag wbxml.Tag) time.Time {
		s := n.value(tag)
		if s == "" {
			return time.Time{}
		}
		count++
		t, err := time.Parse(flagTime, s)
		ok = ok && err == nil
		return t
	}
	f := &eas.Flag{
		Status: eas.FlagStatus(status), Type: n.value(wbxml.EmailFlagType), Subject: n.value(wbxml.TasksSubject), SubOrdinal: n.value(wbxml.TasksSubOrdinalDate),
		Start: at(wbxml.TasksUtcStartDate), Due: at(wbxml.TasksUtcDueDate), StartLocal: at(wbxml.TasksStartDate), DueLocal: at(wbxml.TasksDueDate),
	}
	if count != 0 && count != 4 || f.StartLocal.After(f.DueLocal) || count > 0 && !f.Start.Before(f.Due) {
		return nil, false
	}
	f.Completed, f.CompletedDate = at(wbxml.EmailCompleteTime), at(wbxml.TasksDateCompleted)
	f.Ordinal = at(wbxml.TasksOrdinalDate)
	if reminder == "1" {
		f.Reminder = at(wbxml.TasksReminderTime)
	}
	switch {
	case status == int(eas.FlagComplete) && (f.Completed.IsZero() || f.CompletedDate.IsZero()):
		return nil, false
	case status == int(eas.FlagActive) && f.Type == "" && !meeting:
		return nil, false
	}
	return f, ok
}

// wireFlag returns a flag as the server sends it.
func wireFlag(f *eas.Flag) *airsync.Flag {
	if f == nil || f.Status == eas.FlagCleared {
		return &airsync.Flag{}
	}
	text := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(flagTime)
	}
	out := &airsync.Flag{
		Subject: f.Subject, Status: intp(int(f.Status)), FlagType: f.Type, DateCompleted: text(f.CompletedDate), CompleteTime: text(f.Completed),
		StartDate: text(f.StartLocal), DueDate: text(f.DueLocal), UTCStartDate: text(f.Start), UTCDueDate: text(f.Due),
		OrdinalDate: text(f.Ordinal), SubOrdinalDate: f.SubOrdinal,
	}
	reminds := !f.Reminder.IsZero()
	out.ReminderSet, out.ReminderTime = &reminds, text(f.Reminder)
	return out
}
