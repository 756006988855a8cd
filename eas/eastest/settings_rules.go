package eastest

import (
	"github.com/easoauth/easoauth/internal/wbxml"
)

// oofStatus returns what Exchange responds to automatic replies that a device sets: 1, 2 for what
// lacks a part, 5 for arguments that are none, and 6 for those that contradict each other.
// [MS-ASCMD] 2.2.3.123, 2.2.3.177.15
func oofStatus(set *node) int {
	state, ok := set.number(wbxml.SettingsOofState)
	if !ok || state < 0 || state > 2 || (set.child(wbxml.SettingsStartTime) == nil) != (set.child(wbxml.SettingsEndTime) == nil) {
		return 2
	}
	known, unknown := "", ""
	for _, m := range set.all(wbxml.SettingsOofMessage) {
		reply := m.value(wbxml.SettingsReplyMessage)
		switch kind := m.value(wbxml.SettingsBodyType); {
		case kind == "" && reply != "", kind != "" && kind != "TEXT" && kind != "HTML":
			return 5
		}
		if m.child(wbxml.SettingsAppliesToExternalKnown) != nil {
			known = reply
		}
		if m.child(wbxml.SettingsAppliesToExternalUnknown) != nil {
			unknown = reply
		}
	}
	if known != "" && unknown != "" && known != unknown {
		return 6 // those outside get one message
	}
	return 1
}

// maxPassword is the longest password of a device that Exchange keeps. [MS-ASCMD] 2.2.3.128
const maxPassword = 255
