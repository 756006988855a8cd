package eas

import "testing"

// Every command has a row in the table of what may be sent again.
func TestResendsIsComplete(t *testing.T) {
	for command := range commandCodes {
		if _, ok := resends[operation{command, ""}]; !ok {
			t.Errorf("%s has no row", command)
		}
	}
	for _, q := range []request{{command: "Unheard"}, {command: "SendMail"}, {command: "ItemOperations"}, {command: "Settings"}} {
		if q.again() {
			t.Errorf("%+v may be sent again", q)
		}
	}
}
