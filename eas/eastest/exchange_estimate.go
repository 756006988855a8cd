package eastest

import (
	"net/http"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// maxEstimates is the largest number of collections in one GetItemEstimate. [MS-ASCMD] 3.1.5.8
const maxEstimates = 1000

// estimate serves GetItemEstimate. [MS-ASCMD] 2.2.1.9
func (c *call) estimate() {
	cols := c.root.child(wbxml.GetItemEstimateCollections).all(wbxml.GetItemEstimateCollection)
	if len(cols) == 0 || len(cols) > maxEstimates {
		c.common(103, http.StatusBadRequest)
		return
	}
	out := &airsync.GetItemEstimateResponse{}
	for _, col := range cols {
		if !combined(col) {
			c.common(4, http.StatusBadRequest)
			return
		}
		reply := airsync.EstimateReply{}
		n, status := c.estimateOf(col)
		reply.Status = &status
		if status == 1 {
			reply.Collection = &airsync.EstimateReplyBody{CollectionID: col.value(wbxml.GetItemEstimateCollectionId), Estimate: &n}
			if !c.version.AtLeast(eas.Version140) {
				reply.Collection.Class = col.value(wbxml.GetItemEstimateClass)
			}
		}
		out.Response = append(out.Response, reply)
	}
	c.answer(out)
}

// estimateOf counts what a device lacks of one collection, by the filter of the request.
func (c *call) estimateOf(col *node) (n, status int) {
	id := eas.FolderID(col.value(wbxml.GetItemEstimateCollectionId))
	f := c.box.folder(id)
	state := c.dev.collections[id]
	key := col.value(wbxml.AirSyncSyncKey)
	switch {
	case f == nil:
		return 0, 2
	case col.child(wbxml.AirSyncConversationMode) != nil && f.Type.Class() != eas.ClassEmail:
		return 0, 103
	case state == nil:
		return 0, 3
	case key == "", state.key != key && state.before != key:
		return 0, 4
	}
	asked := col
	if !c.version.AtLeast(eas.Version140) { // FilterType stands in the collection itself
		asked = &node{kids: []*node{{tag: wbxml.AirSyncOptions, kids: col.kids}}}
	}
	for _, o := range asked.all(wbxml.AirSyncOptions) {
		if o.child(wbxml.AirSyncFilterType) == nil {
			continue
		}
		kind, ok := o.number(wbxml.AirSyncFilterType)
		switch class := f.Type.Class(); {
		case !ok, kind < 0, kind > 8:
			return 0, 103
		case class != eas.ClassEmail && class != eas.ClassCalendar && class != eas.ClassTasks: // which have none, and ignore it
		case c.windowOf(f, kind).kind != kind:
			return 0, 110
		}
	}
	view := *state // with another filter
	view.filter = c.filterOf(f, asked)
	if !view.filter.as(state.filter) {
		view.cursor = 0
	}
	n = len(view.hidden(c.box))
	for range view.lacking(c.box, f) {
		n++
	}
	return n, 1
}

// combined reports whether the classes of a collection's Options are each there once, and can be
// synchronized together, which email and SMS alone can. [MS-ASCMD] 2.2.3.27.3, 2.2.3.27.5
func combined(col *node) bool {
	seen := map[string]bool{}
	other := false
	for _, o := range col.all(wbxml.AirSyncOptions) {
		class := o.value(wbxml.AirSyncClass)
		if class == "" {
			continue
		}
		if seen[class] {
			return false
		}
		seen[class] = true
		other = other || class != "Email" && class != "SMS"
	}
	return len(seen) < 2 || !other
}
