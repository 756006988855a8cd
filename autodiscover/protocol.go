package autodiscover

//go:generate go run ./gen

import "strings"

// A Protocol is what is looked for at a mailbox. The set is open; names are compared without
// regard to case, and servers echo the case they were asked in.
type Protocol string

// The protocols that Exchange Online listed as supported in October 2022. On-premises servers
// know a few of them.
const (
	ActiveSync                       Protocol = "ActiveSync"
	REST                             Protocol = "Rest"
	EWS                              Protocol = "Ews"
	Substrate                        Protocol = "Substrate"
	SubstrateSearchService           Protocol = "SubstrateSearchService"
	AutodiscoverV1                   Protocol = "AutodiscoverV1"
	SubstrateNotificationService     Protocol = "SubstrateNotificationService"
	OutlookMeetingScheduler          Protocol = "OutlookMeetingScheduler"
	OutlookPay                       Protocol = "OutlookPay"
	Actions                          Protocol = "Actions"
	Connectors                       Protocol = "Connectors"
	ConnectorsProcessors             Protocol = "ConnectorsProcessors"
	ConnectorsWebhook                Protocol = "ConnectorsWebhook"
	NotesClient                      Protocol = "NotesClient"
	OWAPoweredExperience             Protocol = "OwaPoweredExperience"
	ToDo                             Protocol = "ToDo"
	Weve                             Protocol = "Weve"
	OutlookLocationsService          Protocol = "OutlookLocationsService"
	OutlookCloudSettingsService      Protocol = "OutlookCloudSettingsService"
	OutlookTailoredExperiences       Protocol = "OutlookTailoredExperiences"
	OWAPoweredExperienceV2           Protocol = "OwaPoweredExperienceV2"
	Speedway                         Protocol = "Speedway"
	SpeechAndLanguagePersonalization Protocol = "SpeechAndLanguagePersonalization"
	SubstrateSignalService           Protocol = "SubstrateSignalService"
	CompliancePolicyService          Protocol = "CompliancePolicyService"
)

// Is reports whether p and q are the same protocol.
func (p Protocol) Is(q Protocol) bool { return strings.EqualFold(string(p), string(q)) }
