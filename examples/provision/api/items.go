package api

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/easoauth/easoauth/eas"
)

func (s *Server) folders(w http.ResponseWriter, r *http.Request, u *user) error {
	m, err := s.mailbox(r, u)
	if err != nil {
		return err
	}
	all, err := s.Store.Folders(r.Context(), m.ID)
	if err != nil {
		return err
	}
	type folder struct {
		ID     eas.FolderID `json:"id"`
		Parent eas.FolderID `json:"parent"`
		Name   string       `json:"name"`
		Class  eas.Class    `json:"class"`
		Synced *time.Time   `json:"synced,omitempty"`
	}
	views := []folder{}
	for _, f := range all {
		v := folder{f.ID, f.Parent, f.Name, f.Type.Class(), nil}
		if !f.Synced.IsZero() {
			v.Synced = &f.Synced
		}
		views = append(views, v)
	}
	return respond(w, http.StatusOK, map[string]any{"folders": views})
}

// An item is what a list shows of one.
type item struct {
	ID      string       `json:"id"`
	Folder  eas.FolderID `json:"folder,omitempty"`
	Class   eas.Class    `json:"class"`
	Subject string       `json:"subject,omitempty"` // or the name of a contact
	From    string       `json:"from,omitempty"`
	At      *time.Time   `json:"at,omitempty"` // received, or the start of an event
	Read    *bool        `json:"read,omitempty"`
	Local   bool         `json:"local"` // in the copy, and not at the server alone
}

func viewItem(id string, folder eas.FolderID, i eas.Item) item {
	v := item{ID: id, Folder: folder, Local: folder != ""}
	if i == nil {
		return v
	}
	v.Class = i.Class()
	switch i := i.(type) {
	case *eas.Email:
		v.Subject, v.From, v.Read = i.Subject, i.From, i.Read
		if !i.Received.IsZero() {
			v.At = &i.Received
		}
	case *eas.Event:
		v.Subject = i.Subject
		if !i.Start.IsZero() {
			v.At = &i.Start
		}
	case *eas.Contact:
		v.Subject = i.FileAs
	}
	return v
}

// number reads a number of the query.
func number(r *http.Request, name string, otherwise, most int) (int, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > most {
		return 0, bad("%s is not a number from 0 to %d", name, most)
	}
	return n, nil
}

func (s *Server) items(w http.ResponseWriter, r *http.Request, u *user) error {
	m, err := s.mailbox(r, u)
	if err != nil {
		return err
	}
	limit, err := number(r, "limit", 100, 1000)
	if err != nil {
		return err
	}
	offset, err := number(r, "offset", 0, 1<<30)
	if err != nil {
		return err
	}
	folder := eas.FolderID(r.URL.Query().Get("folder"))
	all, err := s.Store.Items(r.Context(), m.ID, folder, offset, limit)
	if err != nil {
		return err
	}
	total, err := s.Store.CountItems(r.Context(), m.ID, folder)
	if err != nil {
		return err
	}
	views := []item{}
	for _, i := range all {
		decoded, err := eas.Decode("", i.Raw)
		if err != nil {
			decoded = nil
		}
		views = append(views, viewItem(string(i.ID), i.Folder, decoded))
	}
	return respond(w, http.StatusOK, map[string]any{"items": views, "total": total})
}

// search searches the copy and the server.
func (s *Server) search(w http.ResponseWriter, r *http.Request, u *user) error {
	m, err := s.mailbox(r, u)
	if err != nil {
		return err
	}
	text := strings.TrimSpace(r.URL.Query().Get("q"))
	if n := len([]rune(text)); n < 2 || n > 200 {
		return bad("q has 2 to 200 characters")
	}
	limit, err := number(r, "limit", 100, 100)
	if err != nil {
		return err
	}
	hits, remote, err := s.Engine.Search(r.Context(), m, text, limit)
	if err != nil {
		return err
	}
	views := []item{}
	for _, h := range hits {
		views = append(views, viewItem(h.ID, h.Folder, h.Item))
	}
	out := map[string]any{"items": views}
	if remote != nil {
		out["serverError"] = explain(remote).Title
		if s.Logger != nil {
			s.Logger.WarnContext(r.Context(), "the server did not search", "mailbox", m.ID, "error", remote)
		}
	}
	return respond(w, http.StatusOK, out)
}
