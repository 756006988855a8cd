package eas

import (
	"encoding/base64"
	"fmt"
	"time"

	"github.com/easoauth/easoauth/internal/airsync"
)

// A Contact is a contact. See [MS-ASCNTC] 2.2. [Update] sends it whole, but for a body and a
// picture that stay as they are: what is empty is removed on the server, unless the elements
// were left out of [SyncOptions].Supported.
type Contact struct {
	FileAs                                              string // the name under which it is sorted
	Title, FirstName, MiddleName, LastName, Suffix      string
	NickName, Alias                                     string
	YomiFirstName, YomiLastName, YomiCompanyName        string // phonetic, of Japanese names
	CompanyName, Department, JobTitle, OfficeLocation   string
	ManagerName, AssistantName, Spouse                  string
	AccountName, CustomerID, GovernmentID, WebPage, MMS string

	Emails                                            [3]string // as an address or as "Ada" <ada@contoso.com>
	IMs                                               [3]string
	BusinessPhones                                    [2]string
	HomePhones                                        [2]string
	MobilePhone, BusinessFax, HomeFax, AssistantPhone string
	CompanyMainPhone, CarPhone, RadioPhone, Pager     string

	BusinessAddress, HomeAddress, OtherAddress Address

	Birthday, Anniversary time.Time // UTC, as the server has them; zero if not said
	Children, Categories  []string
	Picture               []byte // of about 36 KB at most
	WeightedRank          int    // in the recipient cache
	Body                  *Body  // notes; nil: not asked for

	// Other holds the elements that this type has no field for, each as a WBXML document.
	Other [][]byte
	// Odd lists the values that could not be read.
	Odd []OddValue
}

// An Address is a postal address.
type Address struct {
	Street, City, State, PostalCode, Country string
}

// Class returns [ClassContacts].
func (*Contact) Class() Class { return ClassContacts }

// contactStrings is how many texts a contact has.
const contactStrings = 56

// strings pairs the texts of a contact with those of the wire.
func (c *Contact) strings(d *airsync.ContactData) [contactStrings][2]*string {
	return [contactStrings][2]*string{
		{&c.FileAs, &d.FileAs},
		{&c.Title, &d.Title},
		{&c.FirstName, &d.FirstName},
		{&c.MiddleName, &d.MiddleName},
		{&c.LastName, &d.LastName},
		{&c.Suffix, &d.Suffix},
		{&c.NickName, &d.NickName},
		{&c.Alias, &d.Alias},
		{&c.YomiFirstName, &d.YomiFirstName},
		{&c.YomiLastName, &d.YomiLastName},
		{&c.YomiCompanyName, &d.YomiCompanyName},
		{&c.CompanyName, &d.CompanyName},
		{&c.Department, &d.Department},
		{&c.JobTitle, &d.JobTitle},
		{&c.OfficeLocation, &d.OfficeLocation},
		{&c.ManagerName, &d.ManagerName},
		{&c.AssistantName, &d.AssistantName},
		{&c.Spouse, &d.Spouse},
		{&c.AccountName, &d.AccountName},
		{&c.CustomerID, &d.CustomerID},
		{&c.GovernmentID, &d.GovernmentID},
		{&c.WebPage, &d.WebPage},
		{&c.MMS, &d.MMS},
		{&c.MobilePhone, &d.MobilePhone},
		{&c.BusinessFax, &d.BusinessFax},
		{&c.HomeFax, &d.HomeFax},
		{&c.AssistantPhone, &d.AssistantPhone},
		{&c.CompanyMainPhone, &d.CompanyMainPhone},
		{&c.CarPhone, &d.CarPhone},
		{&c.RadioPhone, &d.RadioPhone},
		{&c.Pager, &d.Pager},
		{&c.Emails[0], &d.Email1},
		{&c.Emails[1], &d.Email2},
		{&c.Emails[2], &d.Email3},
		{&c.IMs[0], &d.IMAddress},
		{&c.IMs[1], &d.IMAddress2},
		{&c.IMs[2], &d.IMAddress3},
		{&c.BusinessPhones[0], &d.BusinessPhone},
		{&c.BusinessPhones[1], &d.BusinessPhone2},
		{&c.HomePhones[0], &d.HomePhone},
		{&c.HomePhones[1], &d.HomePhone2},
		{&c.BusinessAddress.Street, &d.BusinessStreet},
		{&c.BusinessAddress.City, &d.BusinessCity},
		{&c.BusinessAddress.State, &d.BusinessState},
		{&c.BusinessAddress.PostalCode, &d.BusinessPostalCode},
		{&c.BusinessAddress.Country, &d.BusinessCountry},
		{&c.HomeAddress.Street, &d.HomeStreet},
		{&c.HomeAddress.City, &d.HomeCity},
		{&c.HomeAddress.State, &d.HomeState},
		{&c.HomeAddress.PostalCode, &d.HomePostalCode},
		{&c.HomeAddress.Country, &d.HomeCountry},
		{&c.OtherAddress.Street, &d.OtherStreet},
		{&c.OtherAddress.City, &d.OtherCity},
		{&c.OtherAddress.State, &d.OtherState},
		{&c.OtherAddress.PostalCode, &d.OtherPostalCode},
		{&c.OtherAddress.Country, &d.OtherCountry},
	}
}

func decodeContact(r *reader, raw []byte) (Item, error) {
	d, err := read(r, raw, &r.contact)
	if err != nil {
		return nil, fmt.Errorf("eas: contact: %w", err)
	}
	block := &struct { // one allocation
		Contact
		body Body
	}{}
	c := &block.Contact
	*c = Contact{
		Birthday: r.at("Contacts:Birthday", d.Birthday), Anniversary: r.at("Contacts:Anniversary", d.Anniversary), Body: body(&block.body, d.Body), Other: others(d.Other),
	}
	for _, p := range c.strings(d) {
		*p[0] = *p[1]
	}
	if d.Categories != nil {
		c.Categories = d.Categories.Category
	}
	if d.Children != nil {
		c.Children = d.Children.Child
	}
	c.WeightedRank = r.integer("Contacts:WeightedRank", d.WeightedRank)
	if picture, err := base64.StdEncoding.DecodeString(d.Picture); err != nil {
		r.note("Contacts:Picture", d.Picture)
	} else if len(picture) > 0 {
		c.Picture = picture
	}
	c.Odd = r.odd
	return c, nil
}

func (c *Contact) encode(Version) (any, error) {
	d := &airsync.ContactData{
		Birthday: extended(c.Birthday), Anniversary: extended(c.Anniversary), Other: raws(c.Other),
	}
	for _, p := range c.strings(d) {
		*p[1] = *p[0]
	}
	if len(c.Categories) > 0 {
		d.Categories = &airsync.ContactCategories{Category: c.Categories}
	}
	if len(c.Children) > 0 {
		d.Children = &airsync.ContactChildren{Child: c.Children}
	}
	if len(c.Picture) > 0 {
		d.Picture = base64.StdEncoding.EncodeToString(c.Picture)
	}
	return d, nil
}
