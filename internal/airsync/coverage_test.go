package airsync_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// left are the elements of the protocol that no struct has, and why.
var left = map[string]string{
	"AirSync:SoftDelete":           "", // in SyncCommands
	"Search:Or":                    "no query of this package needs it",
	"Search:UserName":              "credentials for a document library are never sent",
	"Search:Password":              "credentials for a document library are never sent",
	"ItemOperations:UserName":      "credentials for a document library are never sent",
	"ItemOperations:Password":      "credentials for a document library are never sent",
	"ItemOperations:Schema":        "items are fetched whole",
	"FolderHierarchy:ContentClass": "of version 1.0",
	"RightsManagement:RemoveRightsManagementProtection": "forwarding takes protection away by ReplaceMIME alone",
}

// TestEveryElement walks through the structs and holds them to the code pages: an element of
// the current protocol that no struct has would be one that nobody can read or write.
func TestEveryElement(t *testing.T) {
	have := map[string]bool{}
	seen := map[reflect.Type]bool{}
	var walk func(t reflect.Type)
	walk = func(t reflect.Type) {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || seen[t] {
			return
		}
		seen[t] = true
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("wbxml"), ",")
			have[name] = true
			walk(t.Field(i).Type)
		}
	}
	for _, v := range []any{
		airsync.EmailData{}, airsync.EmailChange{}, airsync.EventData{}, airsync.ContactData{}, airsync.TaskData{}, airsync.NoteData{},
		airsync.FolderSync{}, airsync.PingRequest{}, airsync.PingResponse{}, airsync.ProvisionRequest{}, airsync.ProvisionResponse{},
		airsync.SendMail{}, airsync.SmartReply{}, airsync.SmartForward{}, airsync.SendMailResponse{}, airsync.SyncRequest{}, airsync.SyncResponse{},
		airsync.FolderCreate{}, airsync.FolderUpdate{}, airsync.FolderDeletion{}, airsync.Hierarchy{}, airsync.MoveItems{}, airsync.MoveItemsResponse{},
		airsync.GetItemEstimate{}, airsync.OldGetItemEstimate{}, airsync.GetItemEstimateResponse{}, airsync.ItemOperations{},
		airsync.ItemOperationsResponse{}, airsync.AttachmentProperties{}, airsync.MeetingResponse{}, airsync.MeetingResponseResponse{},
		airsync.Search{}, airsync.GALSearch{}, airsync.SearchResponse{}, airsync.SearchPerson{}, airsync.SearchDocument{}, airsync.Find{},
		airsync.FindResponse{}, airsync.FoundMail{}, airsync.FindPerson{}, airsync.Settings{}, airsync.SettingsResponse{},
		airsync.ResolveRecipients{}, airsync.ResolveRecipientsResponse{}, airsync.ValidateCert{}, airsync.ValidateCertResponse{},
	} {
		walk(reflect.TypeOf(v))
	}
	var missing, found []string
	n := 0
	for page := range 26 {
		for token := 5; token < 0x40; token++ {
			tag := wbxml.MakeTag(byte(page), byte(token))
			if !tag.Known() || tag.Legacy() {
				continue
			}
			n++
			name := tag.String()
			reason := left[name]
			switch {
			case !have[name] && reason == "":
				missing = append(missing, name)
			case have[name] && reason != "":
				found = append(found, name)
			}
		}
	}
	t.Logf("%d elements", n)
	slices.Sort(missing)
	if len(missing) > 0 {
		t.Errorf("no struct has\n%s", strings.Join(missing, "\n"))
	}
	if len(found) > 0 {
		t.Errorf("left out no more: %v", found)
	}
}
