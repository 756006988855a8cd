package eas

import (
	"context"
	"errors"
	"fmt"

	"github.com/easoauth/easoauth/internal/airsync"
)

// FolderCreate creates a folder in parent, which is "0" for the top, and returns it with the new
// key of the hierarchy. The key must be that of the last FolderSync; otherwise the error matches
// [ErrInvalidFolderKey].
func (c *Client) FolderCreate(ctx context.Context, key SyncKey, parent FolderID, name string, t FolderType) (Folder, SyncKey, error) {
	if err := checkEdit("FolderCreate", key, "0", name); err != nil {
		return Folder{}, "", err
	}
	if parent == "" {
		parent = "0"
	}
	var out airsync.FolderCreate
	in := &airsync.FolderCreate{SyncKey: string(key), ParentID: string(parent), DisplayName: name, Type: int(t)}
	r, err := c.run(ctx, request{command: "FolderCreate", anyVersion: true}, in, &out, false)
	if err != nil {
		return Folder{}, "", err
	}
	if err := r.hierarchy(out.Status, out.SyncKey); err != nil {
		return Folder{}, "", err
	}
	if out.ServerID == "" {
		return Folder{}, "", r.unexpected("a folder without an ID")
	}
	return Folder{ID: FolderID(out.ServerID), Parent: parent, Name: name, Type: t}, SyncKey(out.SyncKey), nil
}

// checkEdit refuses an edit of the hierarchy that names nothing.
func checkEdit(command string, key SyncKey, f FolderID, name string) error {
	switch {
	case key == "" || key == InitialSyncKey:
		return fmt.Errorf("eas: %s: it needs the key of the last FolderSync", command)
	case f == "":
		return fmt.Errorf("eas: %s: no folder", command)
	case name == "":
		return fmt.Errorf("eas: %s: the folder has no name", command)
	}
	return nil
}

// FolderUpdate renames a folder, or moves it to another parent, and returns the new key of the
// hierarchy; see [Client.FolderCreate].
func (c *Client) FolderUpdate(ctx context.Context, key SyncKey, f Folder) (SyncKey, error) {
	if err := checkEdit("FolderUpdate", key, f.ID, f.Name); err != nil {
		return "", err
	}
	if f.Parent == "" {
		f.Parent = "0"
	}
	var out airsync.FolderUpdate
	in := &airsync.FolderUpdate{SyncKey: string(key), ServerID: string(f.ID), ParentID: string(f.Parent), DisplayName: f.Name}
	r, err := c.run(ctx, request{command: "FolderUpdate", anyVersion: true}, in, &out, false)
	if err != nil {
		return "", err
	}
	if err := r.hierarchy(out.Status, out.SyncKey); err != nil {
		return "", err
	}
	return SyncKey(out.SyncKey), nil
}

// FolderDelete deletes a folder and its contents and returns the new key of the hierarchy; see
// [Client.FolderCreate].
func (c *Client) FolderDelete(ctx context.Context, key SyncKey, f FolderID) (SyncKey, error) {
	if err := checkEdit("FolderDelete", key, f, "-"); err != nil {
		return "", err
	}
	var out airsync.FolderDeletion
	r, err := c.run(ctx, request{command: "FolderDelete", anyVersion: true}, &airsync.FolderDeletion{SyncKey: string(key), ServerID: string(f)}, &out, false)
	if err != nil {
		return "", err
	}
	if err := r.hierarchy(out.Status, out.SyncKey); err != nil {
		return "", err
	}
	return SyncKey(out.SyncKey), nil
}

func (r *response) hierarchy(status *int, key string) error {
	switch {
	case status != nil && *status != 1:
		return r.statusError("Item", *status)
	case key == "":
		return r.unexpected("no sync key")
	}
	return nil
}

// GetHierarchy returns the mail folders, in versions up to 12.1. Use [Client.FolderSync] unless
// the server lacks it.
func (c *Client) GetHierarchy(ctx context.Context) ([]Folder, error) {
	version, err := c.ready(ctx)
	if err != nil {
		return nil, err
	}
	if version.AtLeast(Version140) {
		return nil, fmt.Errorf("eas: GetHierarchy is of versions up to 12.1, and this is %s: FolderSync", version)
	}
	if c.Base64Query {
		return nil, errors.New("eas: GetHierarchy has no code in the base64 query")
	}
	var out airsync.Hierarchy
	if _, err := c.run(ctx, request{command: "GetHierarchy", version: version}, nil, &out, false); err != nil {
		return nil, err
	}
	var all []Folder
	for _, x := range out.Folder {
		all = append(all, folder(x))
	}
	return all, nil
}
