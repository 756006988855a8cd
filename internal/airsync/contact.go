package airsync

import "github.com/easoauth/easoauth/internal/wbxml"

// ContactData is a contact. [MS-ASCNTC] 2.2
type ContactData struct {
	_                  struct{}           `wbxml:"AirSync:ApplicationData"`
	Body               *Body              `wbxml:"AirSyncBase:Body"`
	NativeBodyType     *int               `wbxml:"AirSyncBase:NativeBodyType"`
	Anniversary        string             `wbxml:"Contacts:Anniversary"`
	AssistantName      string             `wbxml:"Contacts:AssistantName"`
	AssistantPhone     string             `wbxml:"Contacts:AssistantPhoneNumber"`
	Birthday           string             `wbxml:"Contacts:Birthday"`
	BusinessPhone2     string             `wbxml:"Contacts:Business2PhoneNumber"`
	BusinessCity       string             `wbxml:"Contacts:BusinessAddressCity"`
	BusinessPhone      string             `wbxml:"Contacts:BusinessPhoneNumber"`
	WebPage            string             `wbxml:"Contacts:WebPage"`
	BusinessCountry    string             `wbxml:"Contacts:BusinessAddressCountry"`
	Department         string             `wbxml:"Contacts:Department"`
	Email1             string             `wbxml:"Contacts:Email1Address"`
	Email2             string             `wbxml:"Contacts:Email2Address"`
	Email3             string             `wbxml:"Contacts:Email3Address"`
	BusinessFax        string             `wbxml:"Contacts:BusinessFaxNumber"`
	FileAs             string             `wbxml:"Contacts:FileAs"`
	Alias              string             `wbxml:"Contacts:Alias"`
	WeightedRank       string             `wbxml:"Contacts:WeightedRank"`
	FirstName          string             `wbxml:"Contacts:FirstName"`
	MiddleName         string             `wbxml:"Contacts:MiddleName"`
	HomeCity           string             `wbxml:"Contacts:HomeAddressCity"`
	HomeCountry        string             `wbxml:"Contacts:HomeAddressCountry"`
	HomeFax            string             `wbxml:"Contacts:HomeFaxNumber"`
	HomePhone          string             `wbxml:"Contacts:HomePhoneNumber"`
	HomePhone2         string             `wbxml:"Contacts:Home2PhoneNumber"`
	HomePostalCode     string             `wbxml:"Contacts:HomeAddressPostalCode"`
	HomeState          string             `wbxml:"Contacts:HomeAddressState"`
	HomeStreet         string             `wbxml:"Contacts:HomeAddressStreet"`
	MobilePhone        string             `wbxml:"Contacts:MobilePhoneNumber"`
	Suffix             string             `wbxml:"Contacts:Suffix"`
	CompanyName        string             `wbxml:"Contacts:CompanyName"`
	OtherCity          string             `wbxml:"Contacts:OtherAddressCity"`
	OtherCountry       string             `wbxml:"Contacts:OtherAddressCountry"`
	CarPhone           string             `wbxml:"Contacts:CarPhoneNumber"`
	OtherPostalCode    string             `wbxml:"Contacts:OtherAddressPostalCode"`
	OtherState         string             `wbxml:"Contacts:OtherAddressState"`
	OtherStreet        string             `wbxml:"Contacts:OtherAddressStreet"`
	Pager              string             `wbxml:"Contacts:PagerNumber"`
	Title              string             `wbxml:"Contacts:Title"`
	BusinessPostalCode string             `wbxml:"Contacts:BusinessAddressPostalCode"`
	LastName           string             `wbxml:"Contacts:LastName"`
	Spouse             string             `wbxml:"Contacts:Spouse"`
	BusinessState      string             `wbxml:"Contacts:BusinessAddressState"`
	BusinessStreet     string             `wbxml:"Contacts:BusinessAddressStreet"`
	JobTitle           string             `wbxml:"Contacts:JobTitle"`
	YomiFirstName      string             `wbxml:"Contacts:YomiFirstName"`
	YomiLastName       string             `wbxml:"Contacts:YomiLastName"`
	YomiCompanyName    string             `wbxml:"Contacts:YomiCompanyName"`
	OfficeLocation     string             `wbxml:"Contacts:OfficeLocation"`
	RadioPhone         string             `wbxml:"Contacts:RadioPhoneNumber"`
	Picture            string             `wbxml:"Contacts:Picture"`
	Categories         *ContactCategories `wbxml:"Contacts:Categories"`
	Children           *ContactChildren   `wbxml:"Contacts:Children"`
	CustomerID         string             `wbxml:"Contacts2:CustomerId"`
	GovernmentID       string             `wbxml:"Contacts2:GovernmentId"`
	IMAddress          string             `wbxml:"Contacts2:IMAddress"`
	IMAddress2         string             `wbxml:"Contacts2:IMAddress2"`
	IMAddress3         string             `wbxml:"Contacts2:IMAddress3"`
	ManagerName        string             `wbxml:"Contacts2:ManagerName"`
	CompanyMainPhone   string             `wbxml:"Contacts2:CompanyMainPhone"`
	AccountName        string             `wbxml:"Contacts2:AccountName"`
	NickName           string             `wbxml:"Contacts2:NickName"`
	MMS                string             `wbxml:"Contacts2:MMS"`
	Other              []wbxml.Raw        `wbxml:",any"`
}

// ContactCategories lists categories.
type ContactCategories struct {
	Category []string `wbxml:"Contacts:Category"`
}

// ContactChildren lists names.
type ContactChildren struct {
	Child []string `wbxml:"Contacts:Child"`
}
