package eastest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// syncKey returns a key that was not used before.
func (c *call) syncKey() string { return fmt.Sprintf("{%s}%d", c.guid("sync"), 1) }

// folderSync serves FolderSync. A key stands for the hierarchy that the device has; the one
// before it is still good, since its answer may have been lost. [MS-ASCMD] 2.2.1.5
func (c *call) folderSync() {
	key := c.root.value(wbxml.FolderHierarchySyncKey)
	var have map[eas.FolderID]eas.Folder
	if !c.root.inOrder(wbxml.FolderHierarchySyncKey) {
		c.common(102, http.StatusBadRequest)
		return
	}
	switch {
	case c.root.child(wbxml.FolderHierarchySyncKey) == nil:
		c.answer(&airsync.FolderSync{Status: intp(10)})
		return
	case key == "0":
		have = map[eas.FolderID]eas.Folder{}
		// All folders from the start: the collections start again as well.
		c.dev.hierarchyBefore = nil
	case c.dev.hierarchy != nil && key == c.dev.hierarchy.key:
		have = c.dev.hierarchy.seen
		c.dev.hierarchyBefore = c.dev.hierarchy
	case c.dev.hierarchyBefore != nil && key == c.dev.hierarchyBefore.key:
		have = c.dev.hierarchyBefore.seen
	default:
		c.answer(&airsync.FolderSync{Status: intp(9)})
		return
	}
	changes := &airsync.FolderChanges{}
	now := map[eas.FolderID]eas.Folder{}
	for _, f := range c.box.folders {
		now[f.ID] = f.Folder
		wire := airsync.Folder{ServerID: string(f.ID), ParentID: string(f.Parent), DisplayName: f.Name, Type: int(f.Type)}
		if old, ok := have[f.ID]; !ok {
			changes.Add = append(changes.Add, wire)
		} else if old != f.Folder {
			changes.Update = append(changes.Update, wire)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(have)) {
		if _, ok := now[id]; !ok {
			changes.Delete = append(changes.Delete, airsync.FolderDelete{ServerID: string(id)})
		}
	}
	n := len(changes.Add) + len(changes.Update) + len(changes.Delete)
	changes.Count = &n
	if n > 0 || key == "0" {
		key = c.syncKey()
		c.dev.hierarchy = &hierarchyState{key: key, seen: now}
	}
	if key != "0" && c.version.AtLeast(eas.Version121) {
		protocolHeaders(c.w, c.offers)
	}
	c.answer(&airsync.FolderSync{Status: intp(1), SyncKey: key, Changes: changes})
}

// stale reports whether the hierarchy has changed since the device looked.
func (c *call) stale() bool {
	if c.dev.hierarchy == nil {
		return true
	}
	if len(c.dev.hierarchy.seen) != len(c.box.folders) {
		return true
	}
	for _, f := range c.box.folders {
		if c.dev.hierarchy.seen[f.ID] != f.Folder {
			return true
		}
	}
	return false
}
