package main

import (
	"context"
	"time"

	"github.com/easoauth/easoauth/eas"
)

// away turns automatic replies on for a time. Strangers get none.
func away(ctx context.Context, client *eas.Client, from, until time.Time, text string) error {
	reply := &eas.OutOfOfficeMessage{Enabled: true, Text: text}
	return client.SetOutOfOffice(ctx, &eas.OutOfOffice{
		State:    eas.OutOfOfficeTimed,
		Start:    from,
		End:      until,
		Internal: reply,
		Known:    reply,
		Unknown:  &eas.OutOfOfficeMessage{Enabled: false},
	})
}
