package eas

import (
	"cmp"
	"slices"
	"strings"
)

//go:generate go run ./gen

// An Action says how to handle the status of a response.
type Action string

// The actions of [Error]. The word is what the tables of statuses use.
const (
	ActionFix          Action = "fatal"             // the request is wrong: never repeat it unchanged
	ActionReport       Action = "fatal_server"      // the server is at fault: report it, do not repeat
	ActionRetry        Action = "retry"             // repeat the request
	ActionBackOff      Action = "retry_backoff"     // repeat it later, after RetryAfter if it is set
	ActionAdmin        Action = "admin"             // an administrator must act
	ActionUser         Action = "user_action"       // the user must act
	ActionResync       Action = "resync"            // FolderSync and Sync from key "0"
	ActionResyncFolder Action = "resync_collection" // Sync this folder from key "0"
	ActionResyncItem   Action = "resync_item"       // Sync the folder, the item is gone
	ActionFolderSync   Action = "foldersync"        // FolderSync, then repeat
	ActionFolderReset  Action = "foldersync_reset"  // FolderSync from key "0"
	ActionProvision    Action = "provision"         // provision, then repeat
	ActionWipe         Action = "provision_wipe"    // the server demands a remote wipe
	ActionVersion      Action = "renegotiate"       // negotiate the version again
	ActionReauth       Action = "reauth"            // a new token
	ActionAdjust       Action = "adjust"            // repeat with other values
	ActionDrop         Action = "drop_item"         // stop sending this item
	ActionFull         Action = "full_request"      // send the whole request
)

var advice = map[Action]string{
	ActionFix:          "the request is wrong and must not be repeated as it is",
	ActionReport:       "the server failed; report it with the request-id",
	ActionRetry:        "repeat the request",
	ActionBackOff:      "repeat the request later",
	ActionAdmin:        "an administrator must act",
	ActionUser:         "the user must act",
	ActionResync:       "synchronize folders and items from key 0",
	ActionResyncFolder: "synchronize this folder from key 0",
	ActionResyncItem:   "the item is gone; synchronize its folder",
	ActionFolderSync:   "synchronize the folders, then repeat",
	ActionFolderReset:  "synchronize the folders from key 0",
	ActionProvision:    "provision the device, then repeat",
	ActionWipe:         "the server asks for a remote wipe of this device; see RemoteWipeError",
	ActionVersion:      "negotiate the protocol version again",
	ActionReauth:       "a new access token is needed",
	ActionAdjust:       "repeat with other values",
	ActionDrop:         "stop sending this item",
	ActionFull:         "send the whole request",
}

type statusKey struct {
	command, scope string
	code           int
}

type statusInfo struct {
	name    string
	action  Action
	meaning string
}

// lookupStatus finds what a status means where it was read. A number that is not known is
// a failure all the same.
func lookupStatus(command, scope string, code int) statusInfo {
	for _, k := range []statusKey{{command, scope, code}, {command, "", code}, {command, "Item", code}, {"", "", code}} {
		if s, ok := statuses[k]; ok {
			return s
		}
	}
	return statusInfo{"unknown status", ActionReport, ""}
}

// A Status is the meaning of a status number. The same number has different meanings in different
// commands, and in different places of one response. See [MS-ASCMD] 2.2.2 and 2.2.3.177.
type Status struct {
	Command string // "" for the numbers that every command has, 101 and up
	Scope   string // the part of the response: "" for the whole, else e.g. "Item"
	Code    int
	Name    string
	Action  Action // begins with "ok" if the number is not a failure
	Meaning string
}

// Statuses returns all known statuses, ordered by command, scope and code.
func Statuses() []Status {
	out := make([]Status, 0, len(statuses))
	for k, s := range statuses {
		out = append(out, Status{k.command, k.scope, k.code, s.name, s.action, s.meaning})
	}
	slices.SortFunc(out, func(a, b Status) int {
		return cmp.Or(strings.Compare(a.Command, b.Command), strings.Compare(a.Scope, b.Scope), a.Code-b.Code)
	})
	return out
}
