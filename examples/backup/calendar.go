package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/emersion/go-ical"

	"github.com/easoauth/easoauth/eas"
)

// newCalendar returns an iCalendar object without a component. It has no METHOD: it is a copy, and
// no invitation.
func newCalendar() *ical.Calendar {
	cal := ical.NewCalendar()
	cal.Props.SetText(ical.PropVersion, "2.0")
	cal.Props.SetText(ical.PropProductID, "-//easoauth//backup//EN")
	return cal
}

func writeCalendar(w io.Writer, cal *ical.Calendar) error {
	f := &folder{w: w}
	if err := ical.NewEncoder(f).Encode(cal); err != nil {
		return err
	}
	return f.err
}

// taskCalendar returns a task as an iCalendar object with a VTODO. Its dates are those of the
// user's clock. A task that begins again when it is complete has no rule in iCalendar, nor has one
// of a lunar calendar.
func taskCalendar(t *eas.Task, uid string) *ical.Calendar {
	c := ical.NewComponent(ical.CompToDo)
	text(c, ical.PropUID, uid)
	start, due := dateOf(t.StartLocal, t.Start), dateOf(t.DueLocal, t.Due)
	stamp := time.Unix(0, 0)
	for _, at := range []time.Time{t.Ordinal, t.Completed, due, start} {
		if !at.IsZero() {
			stamp = at
		}
	}
	set(c, ical.PropDateTimeStamp, stamp.UTC().Format(localTime)+"Z")
	r := t.Recurrence
	if r != nil && start.IsZero() {
		start = dateOf(r.Start, due) // which a rule needs
	}
	// A task is due after its start in iCalendar, and on that day too in ActiveSync.
	switch {
	case due.After(start):
	case r != nil:
		due = time.Time{}
	case !due.IsZero():
		start = time.Time{}
	}
	if !start.IsZero() {
		c.Props.SetDate(ical.PropDateTimeStart, start)
	}
	if !due.IsZero() {
		c.Props.SetDate(ical.PropDue, due)
	}
	text(c, ical.PropSummary, t.Subject)
	body(c, t.Body)
	categories(c, t.Categories)
	classification(c, t.Sensitivity)
	if t.Importance != nil {
		set(c, ical.PropPriority, map[eas.Importance]string{eas.ImportanceLow: "9", eas.ImportanceNormal: "5", eas.ImportanceHigh: "1"}[*t.Importance])
	}
	if set(c, ical.PropStatus, "NEEDS-ACTION"); t.Complete {
		set(c, ical.PropStatus, "COMPLETED")
		set(c, ical.PropPercentComplete, "100")
		if !t.Completed.IsZero() {
			set(c, ical.PropCompleted, t.Completed.UTC().Format(localTime)+"Z")
		}
	}
	if r != nil && !start.IsZero() {
		switch rule, ok := ruleOf(r, start); {
		case r.Dead, r.Regenerate, !ok:
			text(c, ical.PropComment, "The pattern of this task is one that iCalendar has no rule for.")
		case !r.Until.IsZero():
			set(c, ical.PropRecurrenceRule, strings.Join(append(rule, "UNTIL="+r.Until.UTC().Format(localDate)), ";"))
		case r.Occurrences > 0:
			set(c, ical.PropRecurrenceRule, strings.Join(append(rule, fmt.Sprintf("COUNT=%d", r.Occurrences)), ";"))
		default:
			set(c, ical.PropRecurrenceRule, strings.Join(rule, ";"))
		}
	}
	if !t.Reminder.IsZero() {
		// An alarm is at an instant, and the reminder a time of the user's clock.
		at := t.Reminder
		switch {
		case !t.Due.IsZero() && !t.DueLocal.IsZero():
			at = at.Add(t.Due.Sub(t.DueLocal))
		case !t.Start.IsZero() && !t.StartLocal.IsZero():
			at = at.Add(t.Start.Sub(t.StartLocal))
		}
		alarm(c, at.UTC().Format(localTime)+"Z", t.Subject)
	}
	cal := newCalendar()
	cal.Children = append(cal.Children, c)
	return cal
}

// dateOf returns the date of the user's clock, or that of another time where there is none.
func dateOf(local, other time.Time) time.Time {
	if local.IsZero() {
		local = other
	}
	if local.IsZero() {
		return local
	}
	local = local.UTC()
	return time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
}

// set sets a property to a value that needs no escaping; not to "".
func set(c *ical.Component, name, value string) {
	if value == "" {
		return
	}
	p := ical.NewProp(name)
	p.Value = value
	c.Props.Set(p)
}

// text sets a property to a text of one line; not to "".
func text(c *ical.Component, name, value string) {
	if value = oneLine(value); value != "" {
		c.Props.SetText(name, value)
	}
}

func body(c *ical.Component, b *eas.Body) {
	if b == nil || b.Data == "" {
		return
	}
	switch b.Type {
	case eas.BodyHTML:
		p := ical.NewProp("X-ALT-DESC")
		p.SetText(plainText(b.Data))
		p.Params.Set(ical.ParamFormatType, "text/html")
		c.Props.Set(p)
	case eas.BodyPlain, 0:
		c.Props.SetText(ical.PropDescription, plainText(b.Data))
	}
}

func categories(c *ical.Component, list []string) {
	var clean []string
	for _, s := range list {
		if s = oneLine(s); s != "" {
			clean = append(clean, s)
		}
	}
	if len(clean) > 0 {
		p := ical.NewProp(ical.PropCategories)
		p.SetTextList(clean)
		c.Props.Set(p)
	}
}

func classification(c *ical.Component, s eas.Sensitivity) {
	switch s {
	case eas.SensitivityPersonal, eas.SensitivityPrivate:
		set(c, ical.PropClass, "PRIVATE")
	case eas.SensitivityConfidential:
		set(c, ical.PropClass, "CONFIDENTIAL")
	}
}

// alarm adds a VALARM: a duration before the start, or an instant.
func alarm(c *ical.Component, trigger, what string) {
	a := ical.NewComponent(ical.CompAlarm)
	set(a, ical.PropAction, "DISPLAY")
	text(a, ical.PropDescription, "Reminder") // which is required
	text(a, ical.PropDescription, what)
	p := ical.NewProp(ical.PropTrigger)
	if p.Value = trigger; strings.HasSuffix(trigger, "Z") {
		p.SetValueType(ical.ValueDateTime)
	}
	a.Props.Set(p)
	c.Children = append(c.Children, a)
}
