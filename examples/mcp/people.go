package main

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/easoauth/easoauth/eas"
)

type personInput struct {
	Name  string `json:"name" jsonschema:"the beginning of a name, an alias or a mail address, of three characters at least"`
	Limit int    `json:"limit,omitempty" jsonschema:"how many; 20 if it is left out, and 100 at most"`
}

type personList struct {
	Warning string   `json:"warning"`
	People  []person `json:"people"`
	More    int      `json:"more" jsonschema:"how many more there are that the limit leaves out"`
}

type person struct {
	Name    string `json:"name"`
	Email   string `json:"email,omitempty"`
	Phone   string `json:"phone,omitempty"`
	Mobile  string `json:"mobile,omitempty"`
	Office  string `json:"office,omitempty"`
	Title   string `json:"title,omitempty"`
	Company string `json:"company,omitempty"`
}

func (m *mailbox) findPerson(ctx context.Context, in personInput) (*personList, error) {
	if utf8.RuneCountInString(strings.TrimSpace(in.Name)) < 3 {
		return nil, errors.New("name has fewer than three characters")
	}
	n := limit(in.Limit, 20, eas.MaxFound)
	r, err := m.client.SearchPeople(ctx, strings.TrimSpace(in.Name), &eas.SearchOptions{Limit: n})
	if err != nil {
		return nil, err
	}
	out := &personList{Warning: warning, People: []person{}}
	for _, p := range r.People[:min(n, len(r.People))] {
		out.People = append(out.People, person{line(p.Name), line(p.Email), line(p.Phone), line(p.MobilePhone), line(p.Office), line(p.Title), line(p.Company)})
	}
	out.More = max(r.Total-len(out.People), 0)
	return out, nil
}

type absence struct {
	Warning  string `json:"warning"`
	State    string `json:"state" jsonschema:"off, on, or scheduled"`
	Active   bool   `json:"active" jsonschema:"mail is answered at this moment"`
	Start    string `json:"start,omitempty"`
	End      string `json:"end,omitempty"`
	Internal string `json:"internal,omitempty" jsonschema:"the reply to people of the organization"`
	External string `json:"external,omitempty" jsonschema:"the reply to others"`
}

func (m *mailbox) getOutOfOffice(ctx context.Context, _ nothing) (*absence, error) {
	o, err := m.client.OutOfOffice(ctx, eas.BodyPlain)
	if err != nil {
		return nil, err
	}
	text := func(x *eas.OutOfOfficeMessage) string {
		if x == nil || !x.Enabled {
			return ""
		}
		s := x.Text
		if x.Type == eas.BodyHTML {
			s = textOf(s)
		}
		s, _ = cut(visible(s), 20000)
		return s
	}
	out := &absence{Warning: warning, State: "off", Internal: text(o.Internal), External: text(o.Known)}
	if out.External == "" {
		out.External = text(o.Unknown)
	}
	switch o.State {
	case eas.OutOfOfficeOn:
		out.State, out.Active = "on", true
	case eas.OutOfOfficeTimed:
		now := time.Now()
		out.State, out.Start, out.End = "scheduled", m.show(o.Start), m.show(o.End)
		out.Active = !now.Before(o.Start) && now.Before(o.End)
	}
	return out, nil
}
