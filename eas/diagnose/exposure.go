package diagnose

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/easoauth/easoauth/internal/front"
)

// passwords looks for doors that are open to passwords, to which policies of Conditional Access
// do not apply. No password is sent: a server says what it takes.
func (c *check) passwords(ctx context.Context) {
	c.probe(ctx, probePasswords, "EWS offers no Basic", func(ctx context.Context, s *step) {
		_, domain, _ := strings.Cut(c.address, "@")
		doors := []struct {
			name, method string
			u            *url.URL
			resp         *http.Response
			body         []byte
		}{
			{name: "EWS", method: http.MethodGet, u: &url.URL{Scheme: "https", Host: c.endpoint.Host, Path: "/EWS/Exchange.asmx"}},
			{name: "ActiveSync", method: http.MethodOptions, u: c.endpoint},
			{name: "AutoDiscover v1", method: http.MethodGet, u: &url.URL{Scheme: "https", Host: "autodiscover." + domain, Path: "/autodiscover/autodiscover.xml"}},
		}
		if !c.o.Security { // that these two offer Basic is the default, and a policy may refuse it
			doors = doors[:1]
		}
		var all sync.WaitGroup
		for i := range doors {
			d := &doors[i]
			all.Go(func() { d.resp, d.body, _ = c.get(ctx, d.method, d.u, nil) })
		}
		all.Wait()
		var said, open []string
		for _, d := range doors {
			if d.resp == nil {
				said = append(said, d.name+" does not respond")
				continue
			}
			s.Evidence = append(s.Evidence, d.method+" "+d.u.Host+d.u.Path)
			w := s.note(d.resp, d.body)
			text := seen(d.resp)
			if len(doors) > 1 {
				text = d.name + " " + text
			}
			said = append(said, text)
			if !slices.ContainsFunc(schemes(d.resp), func(s string) bool { return strings.EqualFold(s, "Basic") }) {
				continue
			}
			switch {
			case d.name == "EWS":
				s.wrong("EXPOSED_BASIC", "EWS offers Basic")
			case w.Kind == front.Exchange && w.Name != "Exchange Online":
				open = append(open, d.name)
			}
		}
		s.Seen = strings.Join(said, "; ")
		if doors[0].resp == nil && len(doors) == 1 {
			s.skip("EWS does not respond")
		}
		if len(open) > 0 {
			s.wrong("AUTODETECT_BYPASSED", "Basic is offered at "+strings.Join(open, " and ")+"; whether an authentication policy or a device access rule refuses it does not show from outside")
		}
	})
}

// forged presents a token that nobody signed.
func (c *check) forged(ctx context.Context) {
	if !c.o.Security {
		return
	}
	c.probe(ctx, probeForged, "401", func(ctx context.Context, s *step) {
		const none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJub2JvZHkifQ."
		resp, body, err := c.get(ctx, http.MethodOptions, c.endpoint, http.Header{"Authorization": {"Bearer " + none}})
		if err != nil {
			s.skip("no response")
			return
		}
		w := s.note(resp, body)
		s.Seen = seen(resp)
		if resp.StatusCode == http.StatusOK && w.Kind == front.Exchange { // a page of a device accepts nothing
			s.wrong("EAS_FORGED_ACCEPTED", "")
		}
	})
}
