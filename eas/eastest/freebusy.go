package eastest

import (
	"strings"
	"time"

	"github.com/easoauth/easoauth/eas"
)

// slot is what a digit of MergedFreeBusy stands for.
const slot = 30 * time.Minute

// freeBusy returns a digit for each half hour from start on: free, tentative, busy, out of
// office, or 4 where nothing is known. [MS-ASCMD] 2.2.3.107
func (c *call) freeBusy(m *Mailbox, start time.Time, slots int) string {
	if m == nil {
		return strings.Repeat("4", slots)
	}
	out := []byte(strings.Repeat("0", slots))
	end := start.Add(time.Duration(slots) * slot)
	for it := range m.byType(eas.FolderCalendar).all() {
		n, err := parseTree(it.raw)
		if err != nil {
			continue
		}
		for o := range occurrences(n, end) {
			if o.busy < int(eas.BusyTentative) || o.busy > int(eas.BusyAway) || !o.end.After(start) || !o.start.Before(end) {
				continue // what is free, or elsewhere at work, is free
			}
			first := max(0, int(o.start.Sub(start)/slot))
			for i := first; i < slots && start.Add(time.Duration(i)*slot).Before(o.end); i++ {
				out[i] = max(out[i], byte('0'+o.busy))
			}
		}
	}
	return string(out)
}
