package eas

import (
	"encoding/base64"
	"fmt"
	"time"

	"github.com/easoauth/easoauth/internal/airsync"
)

// A Contact is a contact. See [MS-ASCNTC] 2.2. [Update] sends the whole contact, except a body and
// a picture that have not changed: empty fields are removed on the server, unless
// [SyncOptions.Supported] leaves out their elements.
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

	Birthday, Anniversary time.Time // UTC, as the server has them; zero if not sent
	Children, Categories  []string
	Picture               []byte // of about 36 KB at most
	WeightedRank          int    // in the recipient cache
	Body                  *Body  // notes; nil: not requested

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

// readTexts sets the texts of c to those of d.
func (c *Contact) readTexts(d *airsync.ContactData) {
	c.FileAs, c.Title, c.FirstName, c.MiddleName = d.FileAs, d.Title, d.FirstName, d.MiddleName
	c.LastName, c.Suffix, c.NickName, c.Alias = d.LastName, d.Suffix, d.NickName, d.Alias
	c.YomiFirstName, c.YomiLastName, c.YomiCompanyName, c.CompanyName = d.YomiFirstName, d.YomiLastName, d.YomiCompanyName, d.CompanyName
	c.Department, c.JobTitle, c.OfficeLocation, c.ManagerName = d.Department, d.JobTitle, d.OfficeLocation, d.ManagerName
	c.AssistantName, c.Spouse, c.AccountName, c.CustomerID = d.AssistantName, d.Spouse, d.AccountName, d.CustomerID
	c.GovernmentID, c.WebPage, c.MMS, c.MobilePhone = d.GovernmentID, d.WebPage, d.MMS, d.MobilePhone
	c.BusinessFax, c.HomeFax, c.AssistantPhone, c.CompanyMainPhone = d.BusinessFax, d.HomeFax, d.AssistantPhone, d.CompanyMainPhone
	c.CarPhone, c.RadioPhone, c.Pager, c.Emails[0] = d.CarPhone, d.RadioPhone, d.Pager, d.Email1
	c.Emails[1], c.Emails[2], c.IMs[0], c.IMs[1] = d.Email2, d.Email3, d.IMAddress, d.IMAddress2
	c.IMs[2], c.BusinessPhones[0], c.BusinessPhones[1], c.HomePhones[0] = d.IMAddress3, d.BusinessPhone, d.BusinessPhone2, d.HomePhone
	c.HomePhones[1], c.BusinessAddress.Street, c.BusinessAddress.City, c.BusinessAddress.State = d.HomePhone2, d.BusinessStreet, d.BusinessCity, d.BusinessState
	c.BusinessAddress.PostalCode, c.BusinessAddress.Country, c.HomeAddress.Street, c.HomeAddress.City = d.BusinessPostalCode, d.BusinessCountry, d.HomeStreet, d.HomeCity
	c.HomeAddress.State, c.HomeAddress.PostalCode, c.HomeAddress.Country, c.OtherAddress.Street = d.HomeState, d.HomePostalCode, d.HomeCountry, d.OtherStreet
	c.OtherAddress.City, c.OtherAddress.State, c.OtherAddress.PostalCode, c.OtherAddress.Country = d.OtherCity, d.OtherState, d.OtherPostalCode, d.OtherCountry
}

// writeTexts is the inverse of readTexts.
func (c *Contact) writeTexts(d *airsync.ContactData) {
	d.FileAs, d.Title, d.FirstName, d.MiddleName = c.FileAs, c.Title, c.FirstName, c.MiddleName
	d.LastName, d.Suffix, d.NickName, d.Alias = c.LastName, c.Suffix, c.NickName, c.Alias
	d.YomiFirstName, d.YomiLastName, d.YomiCompanyName, d.CompanyName = c.YomiFirstName, c.YomiLastName, c.YomiCompanyName, c.CompanyName
	d.Department, d.JobTitle, d.OfficeLocation, d.ManagerName = c.Department, c.JobTitle, c.OfficeLocation, c.ManagerName
	d.AssistantName, d.Spouse, d.AccountName, d.CustomerID = c.AssistantName, c.Spouse, c.AccountName, c.CustomerID
	d.GovernmentID, d.WebPage, d.MMS, d.MobilePhone = c.GovernmentID, c.WebPage, c.MMS, c.MobilePhone
	d.BusinessFax, d.HomeFax, d.AssistantPhone, d.CompanyMainPhone = c.BusinessFax, c.HomeFax, c.AssistantPhone, c.CompanyMainPhone
	d.CarPhone, d.RadioPhone, d.Pager, d.Email1 = c.CarPhone, c.RadioPhone, c.Pager, c.Emails[0]
	d.Email2, d.Email3, d.IMAddress, d.IMAddress2 = c.Emails[1], c.Emails[2], c.IMs[0], c.IMs[1]
	d.IMAddress3, d.BusinessPhone, d.BusinessPhone2, d.HomePhone = c.IMs[2], c.BusinessPhones[0], c.BusinessPhones[1], c.HomePhones[0]
	d.HomePhone2, d.BusinessStreet, d.BusinessCity, d.BusinessState = c.HomePhones[1], c.BusinessAddress.Street, c.BusinessAddress.City, c.BusinessAddress.State
	d.BusinessPostalCode, d.BusinessCountry, d.HomeStreet, d.HomeCity = c.BusinessAddress.PostalCode, c.BusinessAddress.Country, c.HomeAddress.Street, c.HomeAddress.City
	d.HomeState, d.HomePostalCode, d.HomeCountry, d.OtherStreet = c.HomeAddress.State, c.HomeAddress.PostalCode, c.HomeAddress.Country, c.OtherAddress.Street
	d.OtherCity, d.OtherState, d.OtherPostalCode, d.OtherCountry = c.OtherAddress.City, c.OtherAddress.State, c.OtherAddress.PostalCode, c.OtherAddress.Country
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
	c.readTexts(d)
	c.Birthday, c.Anniversary = r.at("Contacts:Birthday", d.Birthday), r.at("Contacts:Anniversary", d.Anniversary)
	c.Body, c.Other = body(&block.body, d.Body), others(d.Other)
	if d.Categories != nil {
		c.Categories = d.Categories.Category
	}
	if d.Children != nil {
		c.Children = d.Children.Child
	}
	c.WeightedRank = r.integer("Contacts:WeightedRank", d.WeightedRank)
	if d.Picture == "" {
	} else if picture, err := base64.StdEncoding.DecodeString(d.Picture); err != nil {
		r.note("Contacts:Picture", d.Picture)
	} else if len(picture) > 0 {
		c.Picture = picture
	}
	c.Odd = r.odd
	return c, nil
}

func (c *Contact) encode(Version, time.Time) (any, error) {
	d := &airsync.ContactData{
		Birthday: extended(c.Birthday), Anniversary: extended(c.Anniversary), Other: raws(c.Other),
	}
	c.writeTexts(d)
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
