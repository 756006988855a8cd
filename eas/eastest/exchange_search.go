package eastest

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// bounds cuts n results to a range such as "0-99".
func bounds(text string, n int) (first, last int, ok bool) {
	if text == "" {
		return 0, min(n, 100) - 1, true
	}
	if _, err := fmt.Sscanf(text, "%d-%d", &first, &last); err != nil || first < 0 || last < first {
		return 0, 0, false
	}
	return first, min(last, n-1), true
}

// A found is an item that a search found.
type found struct {
	folder *folder
	item   *item
}

// matches returns the items in which all words stand, in the folders that are named or in
// all.
func (c *call) matches(text string, folders map[string]bool, classes map[string]bool, after, before time.Time, conversation string) []found {
	var out []found
	for _, f := range c.box.folders {
		if len(folders) > 0 && !folders[string(f.ID)] {
			continue
		}
		for it := range f.all() {
			if len(classes) > 0 && !classes[string(it.class())] {
				continue
			}
			hay := strings.ToLower(string(it.raw))
			if it.raw == nil {
				m := it.mail
				hay = strings.ToLower(m.Subject + " " + m.From + " " + m.To)
				if m.Body != nil {
					hay += " " + strings.ToLower(m.Body.Data)
				}
			}
			ok := conversation == "" || it.raw == nil && c.conversation(it) == conversation
			for w := range strings.FieldsSeq(strings.ToLower(text)) {
				ok = ok && strings.Contains(hay, w)
			}
			if !after.IsZero() || !before.IsZero() {
				at := it.mail.Received
				ok = ok && it.raw == nil && (after.IsZero() || at.After(after)) && (before.IsZero() || at.Before(before))
			}
			if ok {
				out = append(out, found{f, it})
			}
		}
	}
	return out
}

// people returns the users whose address begins with the text.
func (c *call) people(text string) []string {
	var out []string
	for addr := range c.users {
		if strings.HasPrefix(addr, strings.ToLower(strings.TrimSpace(text))) {
			out = append(out, addr)
		}
	}
	sort.Strings(out)
	return out
}

func galEntry(addr string, picture bool) airsync.Person {
	name, _, _ := strings.Cut(addr, "@")
	p := airsync.Person{DisplayName: strings.ToUpper(name[:1]) + name[1:], Alias: name, EmailAddress: addr}
	if picture {
		p.Picture = &airsync.PersonPicture{Status: intp(173)}
	}
	return p
}

// searchProperties is raw properties under Search's element.
func (c *call) searchProperties(it *item, want bodyChoice) *wbxml.Raw {
	n, err := parseTree(*c.properties(it, want))
	if err != nil {
		panic("eastest: " + err.Error())
	}
	n.tag = wbxml.SearchProperties
	r := wbxml.Raw(n.document())
	return &r
}

// search serves Search. [MS-ASCMD] 2.2.1.16
func (c *call) search() {
	store := c.root.child(wbxml.SearchStore)
	options := store.child(wbxml.SearchOptions)
	out := &airsync.SearchFound{Status: intp(1)}
	query := store.child(wbxml.SearchQuery)
	add := func(n int, each func(i int)) {
		first, last, ok := bounds(options.value(wbxml.SearchRange), n)
		switch {
		case !ok:
			out.Status = intp(2)
		case n == 0:
			out.Result = []airsync.SearchResult{{}} // as Exchange answers for none
		case first >= n:
			out.Status = intp(12)
		default:
			for i := first; i <= last; i++ {
				each(i)
			}
			out.Range, out.Total = fmt.Sprintf("%d-%d", first, last), &n
		}
	}
	switch name := store.value(wbxml.SearchName); {
	case query == nil:
		out.Status = intp(2)
	case c.bodyStatus(options, 2) != 0:
		out.Status = intp(c.bodyStatus(options, 2))
	case name == "GAL":
		all := c.people(query.text)
		add(len(all), func(i int) {
			p := galEntry(all[i], options.child(wbxml.SearchPicture) != nil)
			out.Result = append(out.Result, airsync.SearchResult{Properties: raw(&airsync.SearchPerson{Person: p})})
		})
	case name == "Mailbox" && queryStatus(query) != 1:
		out.Status = intp(queryStatus(query))
	case name == "Mailbox":
		and := query.child(wbxml.SearchAnd)
		folders, classes := map[string]bool{}, map[string]bool{}
		for _, n := range and.all(wbxml.AirSyncCollectionId) {
			folders[n.text] = true
		}
		if options.child(wbxml.SearchDeepTraversal) != nil {
			c.box.below(folders)
		}
		for _, n := range and.all(wbxml.AirSyncClass) {
			classes[n.text] = true
		}
		conversation := ""
		if n := and.child(wbxml.SearchConversationId); n != nil {
			conversation = n.text
		}
		date := func(t wbxml.Tag) time.Time {
			at, _ := time.Parse("2006-01-02T15:04:05.000Z", and.child(t).value(wbxml.SearchValue))
			return at
		}
		all := c.matches(and.value(wbxml.SearchFreeText), folders, classes, date(wbxml.SearchGreaterThan), date(wbxml.SearchLessThan), conversation)
		want := choiceOf(options)
		add(len(all), func(i int) {
			f := all[i]
			out.Result = append(out.Result, airsync.SearchResult{
				Class: string(f.item.class()), LongID: base64.StdEncoding.EncodeToString([]byte(f.item.id)), CollectionID: string(f.folder.ID),
				Properties: c.searchProperties(f.item, want),
			})
		})
	default:
		out.Status = intp(6) // no document library
	}
	c.answer(&airsync.SearchResponse{Status: intp(1), Response: &airsync.SearchReply{Store: out}})
}

// find serves Find of version 16.1. [MS-ASCMD] 2.2.1.2
func (c *call) find() {
	if !c.version.AtLeast(eas.Version161) {
		c.common(138, http.StatusBadRequest)
		return
	}
	execute := c.root.child(wbxml.FindExecuteSearch)
	out := &airsync.FindReply{Status: intp(1)}
	if c.root.value(wbxml.FindSearchId) == "" || execute == nil {
		c.answer(&airsync.FindResponse{Status: intp(2)})
		return
	}
	take := func(criterion *node, n int, each func(i int)) {
		first, last, ok := bounds(criterion.child(wbxml.FindOptions).value(wbxml.FindRange), n)
		if !ok || first != 0 {
			out.Status = intp(4)
			return
		}
		for i := first; i <= last; i++ {
			each(i)
		}
		out.Range, out.Total = fmt.Sprintf("0-%d", max(last, 0)), &n
	}
	if m := execute.child(wbxml.FindMailBoxSearchCriterion); m != nil {
		q := m.child(wbxml.FindQuery)
		folders := map[string]bool{}
		if id := q.value(wbxml.AirSyncCollectionId); id != "" {
			folders[id] = true
		}
		if !c.box.hasFolders(folders) {
			c.answer(&airsync.FindResponse{Status: intp(3)})
			return
		}
		all := c.matches(q.value(wbxml.FindFreeText), folders, map[string]bool{"Email": true}, time.Time{}, time.Time{}, "")
		out.Store = "Mailbox"
		take(m, len(all), func(i int) {
			f, it := all[i].folder, all[i].item
			d := c.mailData(it, bodyChoice{prefs: []preference{{kind: eas.BodyPlain, limit: 255}}})
			p := &airsync.FoundMail{Subject: d.Subject, DateReceived: d.DateReceived, DisplayTo: d.DisplayTo, Importance: d.Importance,
				Read: d.Read, HasAttachments: d.Attachments != nil, From: d.From}
			if d.Body != nil && d.Body.Data != nil {
				p.Preview = *d.Body.Data
			}
			out.Result = append(out.Result, airsync.FindResult{Class: "Email", ServerID: string(it.id), CollectionID: string(f.ID), Properties: raw(p)})
		})
	} else if g := execute.child(wbxml.FindGalSearchCriterion); g != nil {
		all := c.people(g.value(wbxml.FindQuery))
		out.Store = "GAL"
		take(g, len(all), func(i int) {
			p := galEntry(all[i], g.child(wbxml.FindOptions).child(wbxml.FindPicture) != nil)
			out.Result = append(out.Result, airsync.FindResult{Properties: raw(&airsync.FindPerson{Person: p})})
		})
	} else {
		out.Status = intp(2)
	}
	c.answer(&airsync.FindResponse{Status: intp(1), Response: out})
}

// settings serves Settings. [MS-ASCMD] 2.2.1.18
func (c *call) settings() {
	out := &airsync.SettingsResponse{Status: intp(1)}
	for _, k := range c.root.kids {
		switch k.tag {
		case wbxml.SettingsOof:
			out.Oof = c.oof(k)
		case wbxml.SettingsDeviceInformation:
			c.setDevice(k.child(wbxml.SettingsSet))
			out.DeviceInformation = &airsync.SettingsResult{Status: intp(1)}
		case wbxml.SettingsDevicePassword:
			set := k.child(wbxml.SettingsSet)
			switch password := set.value(wbxml.SettingsPassword); {
			case set.child(wbxml.SettingsPassword) == nil:
				c.answer(&airsync.SettingsResponse{Status: intp(2)})
				return
			case len(password) > maxPassword:
				out.DevicePassword = &airsync.SettingsResult{Status: intp(5)}
			default:
				c.box.password = password
				out.DevicePassword = &airsync.SettingsResult{Status: intp(1)}
			}
		case wbxml.SettingsUserInformation:
			a := &airsync.UserAddresses{SMTP: []string{c.box.addr}}
			get := &airsync.UserGet{Addresses: a}
			if c.version.AtLeast(eas.Version141) {
				a.Primary = c.box.addr
				get = &airsync.UserGet{Accounts: &airsync.UserAccounts{Account: []airsync.UserAccount{{Addresses: a}}}}
			}
			out.UserInformation = &airsync.UserReply{Status: intp(1), Get: get}
		case wbxml.SettingsRightsManagementInformation:
			out.RightsManagement = &airsync.RightsReply{Status: intp(1), Get: &airsync.RightsGet{Templates: &airsync.RightsTemplates{}}}
		default:
			c.answer(&airsync.SettingsResponse{Status: intp(2)})
			return
		}
	}
	c.answer(out)
}

func (n *node) children() []*node {
	if n == nil {
		return nil
	}
	return n.kids
}

// resolve serves ResolveRecipients. [MS-ASCMD] 2.2.1.15
func (c *call) resolve() {
	to := c.root.all(wbxml.ResolveRecipientsTo)
	if len(to) == 0 || len(to) > 100 || slices.ContainsFunc(to, func(n *node) bool { return len(n.text) > 256 }) {
		c.answer(&airsync.ResolveRecipientsResponse{Status: intp(5)})
		return
	}
	options := c.root.child(wbxml.ResolveRecipientsOptions)
	out := &airsync.ResolveRecipientsResponse{Status: intp(1)}
	for _, n := range to {
		all := c.people(n.text)
		reply := airsync.ResolveReply{To: n.text, Status: intp(min(len(all), 2))}
		if len(all) == 0 {
			reply.Status = intp(4)
		} else {
			count := len(all)
			reply.RecipientCount = &count
		}
		for _, addr := range all {
			p := galEntry(addr, false)
			r := airsync.Recipient{Type: intp(1), DisplayName: p.DisplayName, EmailAddress: addr}
			if a := options.child(wbxml.ResolveRecipientsAvailability); a != nil && len(all) == 1 {
				start, err1 := time.Parse("2006-01-02T15:04:05.000Z", a.value(wbxml.ResolveRecipientsStartTime))
				end, err2 := start.AddDate(0, 0, 7), error(nil) // [MS-ASCMD] 2.2.3.61.1
				if a.child(wbxml.ResolveRecipientsEndTime) != nil {
					end, err2 = time.Parse("2006-01-02T15:04:05.000Z", a.value(wbxml.ResolveRecipientsEndTime))
				}
				if err1 != nil || err2 != nil || end.Sub(start) < slot || end.Sub(start) > 42*24*time.Hour {
					c.answer(&airsync.ResolveRecipientsResponse{Status: intp(5)})
					return
				}
				slots := int((end.Sub(start) + 30*time.Minute - 1) / (30 * time.Minute))
				r.Availability = &airsync.Availability{Status: intp(1), MergedFreeBusy: c.freeBusy(c.users[strings.ToLower(addr)], start, slots)}
			}
			if options.child(wbxml.ResolveRecipientsPicture) != nil {
				r.Picture = []airsync.ResolvedPicture{{Status: intp(173)}} // nobody has one
			}
			if kind, _ := options.number(wbxml.ResolveRecipientsCertificateRetrieval); kind > 1 {
				none := 0
				r.Certificates = &airsync.RecipientCertificates{Status: intp(7), CertificateCount: &none}
			}
			reply.Recipient = append(reply.Recipient, r)
		}
		out.Response = append(out.Response, reply)
	}
	c.answer(out)
}

// validateCert serves ValidateCert. Certificates are good if they are certificates of today; the
// signature of one that signs itself is verified. [MS-ASCMD] 2.2.1.22
func (c *call) validateCert() {
	all := c.root.child(wbxml.ValidateCertCertificates).all(wbxml.ValidateCertCertificate)
	if len(all) == 0 || len(all) > 100 {
		c.answer(&airsync.ValidateCertResponse{Status: intp(2)})
		return
	}
	out := &airsync.ValidateCertResponse{Status: intp(1)}
	for _, n := range all {
		status := 3
		if der, err := base64.StdEncoding.DecodeString(n.text); err == nil {
			if cert, err := x509.ParseCertificate(der); err == nil {
				now := c.now()
				switch {
				case bytes.Equal(cert.RawIssuer, cert.RawSubject) && cert.CheckSignatureFrom(cert) != nil:
				case now.Before(cert.NotBefore) || now.After(cert.NotAfter):
					status = 7
				default:
					status = 1
				}
			}
		}
		out.Certificate = append(out.Certificate, airsync.CertificateInfo{Status: &status})
	}
	c.answer(out)
}
