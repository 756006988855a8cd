package main

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/mail"
	"strings"
	"time"

	"github.com/emersion/go-vcard"

	"github.com/easoauth/easoauth/eas"
)

// contactCard returns a contact as a vCard of version 3.0 (RFC 2426), which is the one that every
// address book imports. What it has no property for is under the names that others use for it.
func contactCard(c *eas.Contact, uid string) vcard.Card {
	card := vcard.Card{}
	add := func(name, value string, types ...string) {
		if name != vcard.FieldNote {
			value = oneLine(value)
		}
		if value = plainText(value); value != "" {
			f := &vcard.Field{Value: value, Params: vcard.Params{}}
			for _, t := range types {
				f.Params.Add(vcard.ParamType, t)
			}
			card.Add(name, f)
		}
	}
	// structured adds a property of several values, which semicolons separate.
	structured := func(name string, values []string, types ...string) {
		empty := true
		for i, v := range values {
			values[i] = strings.ReplaceAll(oneLine(v), ";", ",")
			empty = empty && values[i] == ""
		}
		if !empty {
			add(name, strings.Join(values, ";"), types...)
		}
	}
	address := func(a eas.Address, office string, types ...string) {
		structured(vcard.FieldAddress, []string{"", office, a.Street, a.City, a.State, a.PostalCode, a.Country}, types...)
	}
	add(vcard.FieldVersion, "3.0")
	add(vcard.FieldUID, uid)
	add(vcard.FieldFormattedName, displayName(c))
	if structured(vcard.FieldName, []string{c.LastName, c.FirstName, c.MiddleName, c.Title, c.Suffix}); card.Get(vcard.FieldName) == nil {
		card.Set(vcard.FieldName, &vcard.Field{Value: ";;;;"}) // which is required
	}
	add("SORT-STRING", c.FileAs)
	add(vcard.FieldNickname, c.NickName)
	structured(vcard.FieldOrganization, trimmed(c.CompanyName, c.Department))
	add(vcard.FieldTitle, c.JobTitle)
	for _, e := range c.Emails {
		if a, err := mail.ParseAddress(e); err == nil {
			e = a.Address
		}
		add(vcard.FieldEmail, e, "INTERNET")
	}
	for _, p := range []struct {
		number string
		types  []string
	}{
		{c.BusinessPhones[0], []string{"WORK", "VOICE"}}, {c.BusinessPhones[1], []string{"WORK", "VOICE"}},
		{c.HomePhones[0], []string{"HOME", "VOICE"}}, {c.HomePhones[1], []string{"HOME", "VOICE"}},
		{c.MobilePhone, []string{"CELL"}}, {c.BusinessFax, []string{"WORK", "FAX"}}, {c.HomeFax, []string{"HOME", "FAX"}},
		{c.CarPhone, []string{"CAR"}}, {c.Pager, []string{"PAGER"}}, {c.CompanyMainPhone, []string{"WORK", "PREF"}},
		{c.RadioPhone, []string{"VOICE"}}, {c.MMS, []string{"MSG"}},
	} {
		add(vcard.FieldTelephone, p.number, p.types...)
	}
	address(c.BusinessAddress, c.OfficeLocation, "WORK")
	address(c.HomeAddress, "", "HOME")
	address(c.OtherAddress, "", "POSTAL")
	add(vcard.FieldURL, c.WebPage)
	add(vcard.FieldBirthday, day(c.Birthday))
	add("X-ANNIVERSARY", day(c.Anniversary))
	for _, s := range c.Categories {
		add(vcard.FieldCategories, s) // the encoder would escape the commas of a list
	}
	for _, s := range c.IMs {
		add("X-MS-IMADDRESS", s)
	}
	for _, s := range c.Children {
		add("X-MS-CHILD", s)
	}
	for name, value := range map[string]string{
		"X-PHONETIC-FIRST-NAME": c.YomiFirstName, "X-PHONETIC-LAST-NAME": c.YomiLastName, "X-PHONETIC-ORG": c.YomiCompanyName,
		"X-MS-SPOUSE": c.Spouse, "X-MS-MANAGER": c.ManagerName, "X-MS-ASSISTANT": c.AssistantName, "X-MS-ASSISTANT-TEL": c.AssistantPhone,
		"X-ACCOUNT": c.AccountName, "X-CUSTOMER-ID": c.CustomerID, "X-GOVERNMENT-ID": c.GovernmentID, "X-ALIAS": c.Alias,
	} {
		add(name, value)
	}
	if c.Body != nil && c.Body.Type != eas.BodyRTF {
		add(vcard.FieldNote, c.Body.Data)
	}
	if kind, ok := strings.CutPrefix(http.DetectContentType(c.Picture), "image/"); ok {
		card.Set(vcard.FieldPhoto, &vcard.Field{
			Value: base64.StdEncoding.EncodeToString(c.Picture), Params: vcard.Params{"ENCODING": {"b"}, vcard.ParamType: {strings.ToUpper(kind)}},
		})
	}
	return card
}

// displayName returns the name of a contact, or else what it is filed under or reached by. A card
// must have one.
func displayName(c *eas.Contact) string {
	name := strings.Join([]string{c.Title, c.FirstName, c.MiddleName, c.LastName, c.Suffix}, " ")
	for _, s := range []string{name, c.FileAs, c.CompanyName, c.NickName, c.Emails[0], c.MobilePhone} {
		if s = oneLine(s); s != "" {
			return s
		}
	}
	return "unnamed"
}

// trimmed leaves out empty values at the end.
func trimmed(values ...string) []string {
	for len(values) > 0 && values[len(values)-1] == "" {
		values = values[:len(values)-1]
	}
	return values
}

// day returns the date of a birthday. Servers write it as an instant: midnight of the user's clock,
// wherever that is, or noon, less a minute, of UTC. The nearest midnight of UTC is the date of both.
func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Add(12 * time.Hour).Format(time.DateOnly)
}

func writeCard(w io.Writer, card vcard.Card) error {
	f := &folder{w: w}
	if err := vcard.NewEncoder(f).Encode(card); err != nil {
		return err
	}
	return f.err
}
