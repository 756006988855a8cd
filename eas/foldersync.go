package eas

import (
	"cmp"
	"context"

	"github.com/easoauth/easoauth/internal/airsync"
)

// FolderSync returns the changes of the folder hierarchy since key. With [InitialSyncKey], or "",
// it returns all folders. Save the key of the result after handling it, and start from
// InitialSyncKey once, not at each start of a program: servers such as SOGo and Horde then drop
// the keys of the folders, or give the folders other IDs.
//
// If the error matches [ErrInvalidFolderKey], start again from InitialSyncKey, or use
// [Client.SyncFolders].
func (c *Client) FolderSync(ctx context.Context, key SyncKey) (*Folders, error) {
	if key == "" {
		key = InitialSyncKey
	}
	var out airsync.FolderSync
	r, err := c.run(ctx, request{command: "FolderSync", anyVersion: true}, &airsync.FolderSync{SyncKey: string(key)}, &out, false)
	if err != nil {
		return nil, err
	}
	switch {
	case out.Status != nil && *out.Status != 1:
		return nil, r.statusError("", *out.Status)
	case out.SyncKey == "":
		return nil, r.unexpected("no sync key")
	}
	f := &Folders{Key: SyncKey(out.SyncKey)}
	if out.Changes == nil {
		return f, nil
	}
	named := func(x airsync.Folder) bool { return x.ServerID != "" } // the others name nothing
	for _, x := range out.Changes.Add {
		if named(x) {
			f.Added = append(f.Added, folder(x))
		}
	}
	for _, x := range out.Changes.Update {
		if named(x) {
			f.Changed = append(f.Changed, folder(x))
		}
	}
	for _, x := range out.Changes.Delete {
		if x.ServerID != "" {
			f.Deleted = append(f.Deleted, FolderID(x.ServerID))
		}
	}
	return f, nil
}

func folder(x airsync.Folder) Folder {
	return Folder{ID: FolderID(x.ServerID), Parent: FolderID(x.ParentID), Name: x.DisplayName, Type: cmp.Or(FolderType(x.Type), FolderUnknown)}
}
