package eastest_test

import (
	"net/url"
	"testing"

	"github.com/easoauth/easoauth/eas/eastest"
)

// A policy about users or locations does not touch an application that acts by itself; one about
// the application does.
func TestPoliciesOfApplications(t *testing.T) {
	for _, tt := range []struct {
		name   string
		policy eastest.Policy
		want   string // number of the refusal; "" granted
	}{
		{"for everybody", eastest.Policy{Control: eastest.Block}, "53003"},
		{"for the application", eastest.Policy{Clients: []string{service}, Control: eastest.Block}, "53003"},
		{"for another application", eastest.Policy{Clients: []string{"other"}, Control: eastest.Block}, ""},
		{"for users", eastest.Policy{Users: []string{ada}, Control: eastest.Block}, ""},
		{"for no user", eastest.Policy{Users: []string{}, Control: eastest.Block}, ""},
		{"at locations", eastest.Policy{Locations: []string{"abroad"}, Control: eastest.Block}, ""},
		{"for sign-ins", eastest.Policy{Flows: []eastest.Flow{eastest.FlowDeviceCode}, Control: eastest.Block}, ""},
	} {
		tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, Apps: []eastest.App{{ID: service, Secret: serviceSecret}}, Policies: []eastest.Policy{tt.policy}})
		tn.AddMailbox(ada)
		_, m := post(t, tn, "/oauth2/v2.0/token", url.Values{"client_id": {service}, "client_secret": {serviceSecret}, "grant_type": {"client_credentials"}, "scope": {"https://mail.contoso.com/.default"}})
		if granted := m["access_token"] != nil; granted != (tt.want == "") || !granted && number(m) != tt.want {
			t.Errorf("%s: %v, want %q", tt.name, m, tt.want)
		}
	}
}
