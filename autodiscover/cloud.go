package autodiscover

// The clouds, from Microsoft's table of service endpoints (CSS-Exchange,
// Get-CloudServiceEndpoint, April 2026).
var (
	Worldwide = Cloud{"worldwide", "outlook.office365.com", []string{"outlook.office365.com", "outlook.office.com", "autodiscover-s.outlook.com", ".outlook.com"}}
	GCCHigh   = Cloud{"GCC High", "outlook.office365.us", []string{"outlook.office365.us", "autodiscover-s.office365.us"}}
	DoD       = Cloud{"DoD", "outlook-dod.office365.us", []string{"outlook-dod.office365.us", "autodiscover-s-dod.office365.us"}}
	China     = Cloud{"21Vianet", "partner.outlook.cn", []string{"partner.outlook.cn", "autodiscover-s.partner.outlook.cn"}}
	Bleu      = Cloud{"Bleu", "outlook.sovcloud.fr", []string{"outlook.sovcloud.fr", "autodiscover-s.outlook.sovcloud.fr"}}
	Delos     = Cloud{"Delos", "outlook.sovcloud.de", []string{"outlook.sovcloud.de", "autodiscover-s.outlook.sovcloud.de"}}
)
