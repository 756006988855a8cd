package eastest

import (
	"slices"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// queryParts are what may stand in the And of a query for a mailbox, and how often; 0 is any number.
// [MS-ASCMD] 2.2.3.134.2
var queryParts = map[wbxml.Tag]int{
	wbxml.SearchFreeText: 1, wbxml.AirSyncClass: 0, wbxml.AirSyncCollectionId: 0, wbxml.SearchConversationId: 1,
	wbxml.SearchGreaterThan: 1, wbxml.SearchLessThan: 1,
}

// queryStatus holds a query for a mailbox to what Exchange searches: one And, of which everything
// else is a child. It returns 1, 8 for what is too complex, or 2 for what no query has.
func queryStatus(query *node) int {
	and := query.child(wbxml.SearchAnd)
	if and == nil || len(query.kids) > 1 {
		return 8
	}
	for _, k := range and.kids {
		most, ok := queryParts[k.tag]
		switch {
		case k.tag == wbxml.SearchAnd, k.tag == wbxml.SearchOr, ok && most > 0 && len(and.all(k.tag)) > most:
			return 8
		case !ok:
			return 2
		}
	}
	return 1
}

// below adds to the folders those that are in them, at any depth.
func (m *Mailbox) below(folders map[string]bool) {
	for changed := true; changed; {
		changed = false
		for _, f := range m.folders {
			if folders[string(f.Parent)] && !folders[string(f.ID)] {
				folders[string(f.ID)], changed = true, true
			}
		}
	}
}

// hasFolders reports whether all folders are in the mailbox.
func (m *Mailbox) hasFolders(folders map[string]bool) bool {
	for id := range folders {
		if m.folder(eas.FolderID(id)) == nil {
			return false
		}
	}
	return true
}

// fetchParts are what may stand in a Fetch once. [MS-ASCMD] 2.2.3.67.1
var fetchParts = []wbxml.Tag{
	wbxml.ItemOperationsStore, wbxml.AirSyncServerId, wbxml.AirSyncCollectionId, wbxml.SearchLongId, wbxml.DocumentLibraryLinkId,
	wbxml.AirSyncBaseFileReference, wbxml.ItemOperationsOptions, wbxml.RightsManagementRemoveRightsManagementProtection,
}

// wellFormedOperation reports whether an operation of ItemOperations has what it may have, once.
func wellFormedOperation(op *node) bool {
	switch op.tag {
	case wbxml.ItemOperationsFetch:
		for _, k := range op.kids {
			if !slices.Contains(fetchParts, k.tag) || len(op.all(k.tag)) > 1 {
				return false
			}
		}
		preferences := op.child(wbxml.ItemOperationsOptions).all(wbxml.AirSyncBaseBodyPreference)
		return !slices.ContainsFunc(preferences, func(p *node) bool { return !wellFormedPreference(p) })
	case wbxml.ItemOperationsEmptyFolderContents:
		options := op.child(wbxml.ItemOperationsOptions)
		return options == nil || !slices.ContainsFunc(options.kids, func(k *node) bool { return k.tag != wbxml.ItemOperationsDeleteSubFolders })
	case wbxml.ItemOperationsMove:
		return true
	}
	return false
}
