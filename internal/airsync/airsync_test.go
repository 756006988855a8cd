package airsync_test

import (
	"testing"

	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// Every tag of every struct must be in the table of code pages: a name that is not there is a
// [wbxml.TypeError] when the type is first used.
func TestTagsAreKnown(t *testing.T) {
	for _, v := range []any{
		&airsync.EmailData{}, &airsync.EmailChange{}, &airsync.EventData{}, &airsync.ContactData{}, &airsync.TaskData{}, &airsync.NoteData{},
		&airsync.FolderSync{}, &airsync.PingRequest{}, &airsync.PingResponse{}, &airsync.ProvisionRequest{}, &airsync.ProvisionResponse{},
		&airsync.SendMail{}, &airsync.SendMailResponse{}, &airsync.SmartReply{}, &airsync.SmartForward{}, &airsync.SmartReplyResponse{},
		&airsync.SmartForwardResponse{}, &airsync.SyncRequest{}, &airsync.SyncResponse{},
		&airsync.FolderCreate{}, &airsync.FolderUpdate{}, &airsync.FolderDeletion{}, &airsync.Hierarchy{}, &airsync.MoveItems{},
		&airsync.MoveItemsResponse{}, &airsync.GetItemEstimate{}, &airsync.OldGetItemEstimate{}, &airsync.GetItemEstimateResponse{},
		&airsync.ItemOperations{}, &airsync.ItemOperationsResponse{}, &airsync.AttachmentProperties{}, &airsync.MeetingResponse{},
		&airsync.MeetingResponseResponse{}, &airsync.Search{}, &airsync.GALSearch{}, &airsync.SearchResponse{}, &airsync.SearchPerson{},
		&airsync.SearchDocument{}, &airsync.Find{}, &airsync.FindResponse{}, &airsync.FoundMail{}, &airsync.FindPerson{},
		&airsync.Settings{}, &airsync.SettingsResponse{}, &airsync.ResolveRecipients{}, &airsync.ResolveRecipientsResponse{},
		&airsync.ValidateCert{}, &airsync.ValidateCertResponse{},
	} {
		doc, err := wbxml.Marshal(v)
		if err != nil {
			t.Errorf("%T: %v", v, err)
			continue
		}
		if err := wbxml.Unmarshal(doc, v); err != nil {
			t.Errorf("%T: %v", v, err)
		}
	}
}
