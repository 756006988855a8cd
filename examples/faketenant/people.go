package main

import (
	"net/http"
	"slices"
	"strings"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

// A Mailbox is what the API says of one.
type Mailbox struct {
	Address string    `json:"address"`
	Inbox   []Message `json:"inbox"`
}

// A Message is a mail.
type Message struct {
	From    string `json:"from,omitempty"`
	Subject string `json:"subject"`
	Body    string `json:"body,omitempty"`
}

// A Person is a user to be, or what changes about one. What is left out stays as it is.
type Person struct {
	Address         string  `json:"address,omitempty"`
	Password        string  `json:"password,omitempty"` // another one ends the sign-ins
	PasswordExpired bool    `json:"password_expired,omitempty"`
	Account         string  `json:"account,omitempty"` // enabled, disabled, locked, deleted, unlicensed
	Administrator   *bool   `json:"administrator,omitempty"`
	Location        *string `json:"location,omitempty"` // for policies
	Compliant       bool    `json:"compliant,omitempty"`
}

// accounts are the states of an account by their names.
var accounts = map[string]eastest.AccountState{
	"enabled": eastest.AccountEnabled, "disabled": eastest.AccountDisabled, "locked": eastest.AccountLocked,
	"deleted": eastest.AccountDeleted, "unlicensed": eastest.AccountUnlicensed,
}

// A Policy is one of Conditional Access: if all that it names fits, its control holds.
type Policy struct {
	Users     []string `json:"users,omitempty"`
	Clients   []string `json:"clients,omitempty"`
	Flows     []string `json:"flows,omitempty"` // browser, device code, refresh, on behalf of, app
	Locations []string `json:"locations,omitempty"`
	Control   string   `json:"control"` // block, mfa, compliant, claims
}

var controls = map[string]eastest.Control{"block": eastest.Block, "mfa": eastest.MFA, "compliant": eastest.Compliant, "claims": eastest.Claims}

var flows = []eastest.Flow{eastest.FlowBrowser, eastest.FlowDeviceCode, eastest.FlowRefresh, eastest.FlowOnBehalfOf, eastest.FlowApp}

// handlePeople adds what is about users and policies to the page's routes.
func (p *page) handlePeople(mux *http.ServeMux) {
	mux.Handle("GET /api/mailboxes", api(200, func(*http.Request) (any, error) { return p.mailboxes(), nil }))
	mux.Handle("POST /api/mailboxes", api(201, func(r *http.Request) (any, error) {
		var u Person
		if err := decode(r, &u); err != nil {
			return nil, err
		}
		if err := u.check(); err != nil {
			return nil, err
		}
		if err := addUser(p.tenant, u.Address); err != nil {
			return nil, wrong("%v", err)
		}
		box := p.tenant.Mailbox(u.Address)
		u.change(box)
		return User{Address: box.Address(), Password: box.Password()}, nil
	}))
	mux.Handle("PATCH /api/mailboxes/{address}", api(204, func(r *http.Request) (any, error) {
		var u Person
		if err := decode(r, &u); err != nil {
			return nil, err
		}
		if u.Address != "" {
			return nil, wrong("an address does not change")
		}
		if err := u.check(); err != nil {
			return nil, err
		}
		box, err := p.person(r.PathValue("address"))
		if err != nil {
			return nil, err
		}
		u.change(box)
		return nil, nil
	}))
	mux.Handle("PUT /api/policies", api(204, func(r *http.Request) (any, error) {
		var list []Policy
		if err := decode(r, &list); err != nil {
			return nil, err
		}
		var out []eastest.Policy
		for _, x := range list {
			policy, err := x.policy()
			if err != nil {
				return nil, err
			}
			out = append(out, policy)
		}
		p.tenant.Change(func(o *eastest.Options) { o.Policies = out })
		return nil, nil
	}))
	mux.Handle("POST /api/keys", api(204, func(*http.Request) (any, error) {
		p.tenant.RollKeys()
		return nil, nil
	}))
}

func (u *Person) check() error {
	if _, ok := accounts[u.Account]; u.Account != "" && !ok {
		return wrong("an account is enabled, disabled, locked, deleted or unlicensed, not %q", u.Account)
	}
	return nil
}

func (u *Person) change(m *eastest.Mailbox) {
	if u.Password != "" {
		m.ChangePassword(u.Password)
	}
	if u.PasswordExpired {
		m.ExpirePassword()
	}
	if u.Account != "" {
		m.SetAccount(accounts[u.Account])
	}
	if u.Administrator != nil {
		m.SetAdministrator(*u.Administrator)
	}
	if u.Location != nil {
		m.SetLocation(*u.Location, u.Compliant)
	}
}

// person is mailbox for users whose account may be deleted.
func (p *page) person(addr string) (*eastest.Mailbox, error) {
	m, err := p.mailbox(addr)
	p.peopleMu.Lock()
	defer p.peopleMu.Unlock()
	addr = strings.ToLower(addr)
	if err != nil {
		if m = p.people[addr]; m == nil {
			return nil, err
		}
	}
	if p.people == nil {
		p.people = map[string]*eastest.Mailbox{}
	}
	p.people[addr] = m
	return m, nil
}

func (x Policy) policy() (eastest.Policy, error) {
	out := eastest.Policy{Users: x.Users, Clients: x.Clients, Locations: x.Locations}
	control, ok := controls[x.Control]
	if !ok {
		return out, wrong("a control is block, mfa, compliant or claims, not %q", x.Control)
	}
	out.Control = control
	for _, f := range x.Flows {
		if !slices.Contains(flows, eastest.Flow(f)) {
			return out, wrong("there is no flow %q", f)
		}
		out.Flows = append(out.Flows, eastest.Flow(f))
	}
	return out, nil
}

func (p *page) mailboxes() []Mailbox {
	out := []Mailbox{}
	for _, m := range p.tenant.Mailboxes() {
		box := Mailbox{Address: m.Address(), Inbox: []Message{}}
		for _, mail := range m.Messages(eas.FolderInbox) {
			box.Inbox = append(box.Inbox, Message{From: mail.From, Subject: mail.Subject})
		}
		out = append(out, box)
	}
	return out
}
