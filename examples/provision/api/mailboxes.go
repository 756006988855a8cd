package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/examples/provision/lifecycle"
	"github.com/easoauth/easoauth/examples/provision/store"
)

// A mailbox is what a client sees of one.
type mailbox struct {
	ID       int64      `json:"id"`
	Endpoint string     `json:"endpoint"`
	URL      string     `json:"url"` // where it is now
	State    string     `json:"state"`
	Created  time.Time  `json:"created"`
	Used     time.Time  `json:"used"`
	Expires  time.Time  `json:"expires"` // when it is removed unless it is used
	Synced   *time.Time `json:"synced,omitempty"`
	Progress *progress  `json:"progress,omitempty"`
	Error    string     `json:"error,omitempty"`
	Remedy   string     `json:"remedy,omitempty"`
	Away     *bool      `json:"outOfOffice,omitempty"`
}

// A progress is how far the first synchronization is.
type progress struct {
	Folders  int `json:"folders"`
	Done     int `json:"done"`
	Items    int `json:"items"`
	Received int `json:"received"`
}

func (s *Server) view(ctx context.Context, m *store.Mailbox) (*mailbox, error) {
	v := &mailbox{ID: m.ID, Endpoint: m.Endpoint, URL: m.URL, State: string(m.State), Created: m.Created, Used: m.Used, Expires: m.Used.Add(lifecycle.Idle),
		Error: m.Error, Remedy: m.Remedy}
	if m.Client.URL != "" {
		v.URL = m.Client.URL
	}
	if !m.Synced.IsZero() {
		v.Synced = &m.Synced
	} else if m.State == store.Active {
		p, err := s.Store.Progress(ctx, m.ID)
		if err != nil {
			return nil, err
		}
		v.Progress = &progress{p.Folders, p.Done, p.Total, p.Received}
	}
	if m.Away != nil {
		away := m.Away.State != eas.OutOfOfficeOff
		v.Away = &away
	}
	return v, nil
}

// create provisions the mailbox of a user at an endpoint. It may be repeated: the same user
// and endpoint are the same mailbox.
func (s *Server) create(w http.ResponseWriter, r *http.Request, u *user) error {
	var in struct {
		Endpoint string `json:"endpoint"`
		Address  string `json:"address"`
	}
	if err := decode(r, &in); err != nil {
		return err
	}
	if in.Address == "" {
		in.Address = u.name
	}
	if _, domain, ok := strings.Cut(in.Address, "@"); !ok || domain == "" || len(in.Address) > 320 {
		return bad("the address is not a mail address, and the token has none")
	}
	endpoint, err := url.Parse(in.Endpoint)
	if err != nil || endpoint.Scheme != "https" || endpoint.Host == "" || endpoint.User != nil || endpoint.RawQuery != "" || endpoint.Fragment != "" || len(in.Endpoint) > 500 {
		return bad("the endpoint is not an https URL without a query")
	}
	endpoint.Host = strings.ToLower(endpoint.Host)
	m, err := s.provision(r.Context(), u, endpoint, in.Address)
	if err != nil {
		return err
	}
	before := m.State
	if before != store.Paused { // that is for the user to change
		if _, err := s.Store.Activate(r.Context(), m.ID); err != nil {
			return err
		}
	} else if err := s.Store.Touch(r.Context(), m.ID, time.Now()); err != nil {
		return err
	}
	if m, err = s.Store.Mailbox(r.Context(), m.ID); err != nil {
		return err
	}
	v, err := s.view(r.Context(), m)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if before == store.Creating {
		status = http.StatusCreated
	}
	return respond(w, status, v)
}

// provision signs the user in at the endpoint, unless that has been done, and returns the
// mailbox. If that fails for a new mailbox, nothing of it is left.
func (s *Server) provision(ctx context.Context, u *user, endpoint *url.URL, address string) (*store.Mailbox, error) {
	m, err := s.Store.Find(ctx, u.tid, u.oid, endpoint.String())
	if errors.Is(err, store.ErrNotFound) {
		id, _, err := s.Engine.Configure(ctx, u.tid, endpoint, address)
		if err != nil {
			return nil, err
		}
		m, err = s.Store.Create(ctx, &store.Mailbox{TID: u.tid, OID: u.oid, Endpoint: endpoint.String(), URL: endpoint.String(), Address: address,
			Name: u.tid + "/" + u.oid + "/" + endpoint.String(), Config: id, Device: eas.NewDeviceID()})
		if err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, err
	}
	if err := s.Engine.SignIn(ctx, m, u.token); err != nil {
		if m.State == store.Creating {
			if _, err := s.Store.Remove(context.WithoutCancel(ctx), m.ID); err != nil && !errors.Is(err, store.ErrNotFound) {
				return nil, err
			}
		}
		return nil, err
	}
	return m, nil
}

func (s *Server) list(w http.ResponseWriter, r *http.Request, u *user) error {
	all, err := s.Store.Of(r.Context(), u.tid, u.oid)
	if err != nil {
		return err
	}
	views := []*mailbox{}
	for _, m := range all {
		v, err := s.view(r.Context(), m)
		if err != nil {
			return err
		}
		views = append(views, v)
	}
	return respond(w, http.StatusOK, map[string]any{"mailboxes": views})
}

func (s *Server) show(w http.ResponseWriter, r *http.Request, u *user) error {
	m, err := s.mailbox(r, u)
	if err != nil {
		return err
	}
	v, err := s.view(r.Context(), m)
	if err != nil {
		return err
	}
	return respond(w, http.StatusOK, v)
}

// change pauses a mailbox, or lets it go on.
func (s *Server) change(w http.ResponseWriter, r *http.Request, u *user) error {
	var in struct {
		Paused *bool `json:"paused"`
	}
	m, err := s.mailbox(r, u)
	if err != nil {
		return err
	}
	if err := decode(r, &in); err != nil {
		return err
	}
	switch {
	case in.Paused == nil:
		return bad("there is nothing to change")
	case *in.Paused && m.State == store.Active:
		_, err = s.Store.Pause(r.Context(), m.ID)
	case !*in.Paused && m.State == store.Paused:
		_, err = s.Store.Activate(r.Context(), m.ID)
	case *in.Paused != (m.State == store.Paused):
		return &problem{Status: http.StatusConflict, Title: "The mailbox is in the state " + string(m.State) + ".", Detail: "Provision it again first."}
	}
	if err != nil {
		return err
	}
	return s.show(w, r, u)
}

// remove deletes a mailbox with all that is kept of it, and says how much that was and how
// much is left.
func (s *Server) remove(w http.ResponseWriter, r *http.Request, u *user) error {
	m, err := s.mailbox(r, u)
	if err != nil {
		return err
	}
	ctx := context.WithoutCancel(r.Context()) // not half of it
	signedIn, err := s.Engine.SignedIn(ctx, m)
	if err != nil {
		return err
	}
	if err := s.Engine.SignOut(ctx, m); err != nil {
		return err
	}
	rows, err := s.Store.Remove(ctx, m.ID)
	if err != nil {
		return err
	}
	left, err := s.Store.Count(ctx, m.ID)
	if err != nil {
		return err
	}
	stillIn, err := s.Engine.SignedIn(ctx, m)
	if err != nil {
		return err
	}
	count := func(b bool) int64 {
		if b {
			return 1
		}
		return 0
	}
	return respond(w, http.StatusOK, map[string]any{
		"removed": withTokens{rows, count(signedIn)}, "left": withTokens{left, count(stillIn)},
	})
}

type withTokens struct {
	store.Rows
	Tokens int64 `json:"tokens"`
}
