package eastest

import (
	"net/http"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// What Exchange allows by default.
const (
	minHeartbeat   = 60
	maxHeartbeat   = 3540
	maxPingFolders = 200
)

// ping serves Ping. [MS-ASCMD] 2.2.1.13
func (c *call) ping() {
	status := func(n int) { c.answer(&airsync.PingResponse{Status: intp(n)}) }
	if c.root != nil {
		if !c.root.inOrder(wbxml.PingHeartbeatInterval, wbxml.PingFolders) {
			status(4)
			return
		}
		if h := c.root.child(wbxml.PingHeartbeatInterval); h != nil {
			n, ok := c.root.number(wbxml.PingHeartbeatInterval)
			switch {
			case !ok:
				status(4)
				return
			case n < minHeartbeat || n > maxHeartbeat:
				c.answer(&airsync.PingResponse{Status: intp(5), HeartbeatInterval: intp(min(max(n, minHeartbeat), maxHeartbeat))})
				return
			}
			c.dev.pingHeartbeat = n
		}
		if folders := c.root.child(wbxml.PingFolders); folders != nil {
			c.dev.pingFolders = nil
			for _, f := range folders.all(wbxml.PingFolder) {
				id := f.value(wbxml.PingId)
				if id == "" || f.value(wbxml.PingClass) == "" {
					status(4)
					return
				}
				c.dev.pingFolders = append(c.dev.pingFolders, eas.FolderID(id))
			}
		}
	}
	switch {
	case c.dev.pingHeartbeat == 0 || len(c.dev.pingFolders) == 0:
		status(3)
		return
	case len(c.dev.pingFolders) > maxPingFolders:
		c.answer(&airsync.PingResponse{Status: intp(6), MaxFolders: intp(maxPingFolders)})
		return
	}
	for _, id := range c.dev.pingFolders {
		if c.box.folder(id) == nil {
			status(7)
			return
		}
	}
	timer := time.NewTimer(time.Duration(c.dev.pingHeartbeat) * time.Second)
	defer timer.Stop()
	for {
		if !c.mayGoOn() {
			return
		}
		if c.stale() {
			status(7)
			return
		}
		if ids := c.news(c.dev.pingFolders); len(ids) > 0 {
			c.answer(&airsync.PingResponse{Status: intp(2), Folders: &airsync.PingChanged{Folder: ids}})
			return
		}
		if !c.wait(timer.C) {
			status(1)
			return
		}
	}
}

// wait waits for a change of the mailbox, without holding the tenant. It reports false when
// the time is over.
func (c *call) wait(over <-chan time.Time) bool {
	changed := c.box.changed
	c.mu.Unlock()
	defer c.mu.Lock()
	select {
	case <-changed:
		return true
	case <-over:
		return false
	case <-c.r.Context().Done():
		panic(http.ErrAbortHandler)
	}
}

// news returns the folders that hold what the device does not have.
func (c *call) news(folders []eas.FolderID) []string {
	var out []string
	for _, id := range folders {
		f, col := c.box.folder(id), c.dev.collections[id]
		if f == nil {
			continue
		}
		if col == nil {
			col = newCollection("") // the device knows nothing of this folder
			col.filter = c.filterOf(f, &node{})
		}
		// What leaves the window as time passes does not wake anybody.
		for range col.lacking(c.box, f) {
			out = append(out, string(id))
			break
		}
	}
	return out
}
