package eastest

import (
	"strconv"
	"strings"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// slot is what a digit of MergedFreeBusy stands for.
const slot = 30 * time.Minute

// freeBusy returns a digit for each half hour from start on: free, tentative, busy, out of
// office, or 4 where nothing is known. Of a series, the first occurrence counts alone.
// [MS-ASCMD] 2.2.3.107
func (c *call) freeBusy(m *Mailbox, start time.Time, slots int) string {
	if m == nil {
		return strings.Repeat("4", slots)
	}
	out := []byte(strings.Repeat("0", slots))
	for it := range m.byType(eas.FolderCalendar).all() {
		n, err := parseTree(it.raw)
		if err != nil {
			continue
		}
		from, ok1 := wireTime(n.value(wbxml.CalendarStartTime))
		to, ok2 := wireTime(n.value(wbxml.CalendarEndTime))
		busy, err := strconv.Atoi(n.value(wbxml.CalendarBusyStatus))
		if !ok1 || !ok2 || err != nil || busy < 1 || busy > 3 {
			continue // what is free, or elsewhere at work, is free
		}
		for i := range slots {
			begin := start.Add(time.Duration(i) * slot)
			if from.Before(begin.Add(slot)) && to.After(begin) && byte('0'+busy) > out[i] {
				out[i] = byte('0' + busy)
			}
		}
	}
	return string(out)
}
