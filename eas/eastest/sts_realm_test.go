package eastest_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas/eastest"
)

// Who checks the password, in every form that clients ask for, byte for byte.
func TestUserRealm(t *testing.T) {
	const passive = `https://adfs.contoso.com/adfs/ls/?username=ada%40contoso.com\u0026wa=wsignin1.0\u0026wctx=\u0026wtrealm=urn%3Afederation%3AMicrosoftOnline`
	managed, federated := eastest.Options{Topology: eastest.Hybrid}, eastest.Options{Topology: eastest.Hybrid, Identity: eastest.Federated}
	for _, tt := range []struct {
		options eastest.Options
		path    string
		want    string
	}{
		{managed, "common/userrealm/ada@contoso.com?api-version=1.0",
			`{"account_type":"Managed","cloud_audience_urn":"urn:federation:MicrosoftOnline","cloud_instance_name":"microsoftonline.com","domain_name":"contoso.com","ver":"1.0"}`},
		{federated, "common/UserRealm/ada@contoso.com?api-version=1.0",
			`{"account_type":"Federated","cloud_audience_urn":"urn:federation:MicrosoftOnline","cloud_instance_name":"microsoftonline.com","domain_name":"contoso.com",` +
				`"federation_active_auth_url":"https://adfs.contoso.com/adfs/services/trust/2005/usernamemixed","federation_metadata_url":"https://adfs.contoso.com/adfs/services/trust/mex","federation_protocol":"WSTrust","ver":"1.0"}`},
		{managed, "common/userrealm/ada@contoso.com?api-version=2.0",
			`{"DomainName":"contoso.com","FederationBrandName":"Contoso","Login":"ada@contoso.com","NameSpaceType":"Managed","TenantBrandingInfo":null,"cloud_instance_name":"microsoftonline.com"}`},
		{federated, "common/userrealm/ada@contoso.com?api-version=2.1",
			`{"AuthURL":"` + passive + `","DomainName":"contoso.com","FederationBrandName":"Contoso","Login":"ada@contoso.com","NameSpaceType":"Federated","TenantBrandingInfo":null,"cloud_instance_name":"microsoftonline.com","federation_protocol":"WSTrust"}`},
		{managed, "common/userrealm/eve@fabrikam.com?api-version=2.0", `{"Login":"eve@fabrikam.com","NameSpaceType":"Unknown","cloud_instance_name":"microsoftonline.com"}`},
		{managed, "GetUserRealm.srf?login=ada@contoso.com",
			`{"State":4,"UserState":1,"Login":"ada@contoso.com","NameSpaceType":"Managed","DomainName":"contoso.com","FederationBrandName":"Contoso","CloudInstanceName":"microsoftonline.com","CloudInstanceIssuerUri":"urn:federation:MicrosoftOnline"}`},
		{federated, "getuserrealm.srf?login=ada@contoso.com&json=1",
			`{"State":3,"UserState":2,"Login":"ada@contoso.com","NameSpaceType":"Federated","DomainName":"contoso.com","AuthURL":"` + passive + `","FederationBrandName":"Contoso","CloudInstanceName":"microsoftonline.com","CloudInstanceIssuerUri":"urn:federation:MicrosoftOnline"}`},
		{managed, "GetUserRealm.srf?Login=ada@contoso.com&xml=1",
			`<RealmInfo Success="true"><State>4</State><UserState>1</UserState><Login>ada@contoso.com</Login><NameSpaceType>Managed</NameSpaceType><DomainName>contoso.com</DomainName><IsFederatedNS>false</IsFederatedNS>` +
				`<FederationBrandName>Contoso</FederationBrandName><CloudInstanceName>microsoftonline.com</CloudInstanceName><CloudInstanceIssuerUri>urn:federation:MicrosoftOnline</CloudInstanceIssuerUri></RealmInfo>`},
		{federated, "GetUserRealm.srf?login=ada@contoso.com&xml=1",
			`<RealmInfo Success="true"><State>3</State><UserState>2</UserState><Login>ada@contoso.com</Login><NameSpaceType>Federated</NameSpaceType><DomainName>contoso.com</DomainName><IsFederatedNS>true</IsFederatedNS>` +
				`<STSAuthURL>https://adfs.contoso.com/adfs/services/trust/2005/usernamemixed</STSAuthURL><AuthURL>` + strings.ReplaceAll(passive, `\u0026`, "&amp;") + `</AuthURL>` +
				`<FederationBrandName>Contoso</FederationBrandName><CloudInstanceName>microsoftonline.com</CloudInstanceName><CloudInstanceIssuerUri>urn:federation:MicrosoftOnline</CloudInstanceIssuerUri></RealmInfo>`},
		{eastest.Options{Topology: eastest.OnPremises}, "GetUserRealm.srf?login=ada@contoso.com", `{"State":4,"UserState":1,"Login":"ada@contoso.com","NameSpaceType":"Unknown"}`},
		{managed, "GetUserRealm.srf", `{"State":4,"UserState":1,"Login":"","NameSpaceType":"Unknown"}`},
	} {
		tn := eastest.New(t, &tt.options)
		status, _, body := ask(t, tn, "GET", "https://login.microsoftonline.com/"+tt.path)
		if diff := cmp.Diff(tt.want, strings.TrimSpace(body)); status != 200 || diff != "" {
			t.Errorf("%s: status %d (-want +got):\n%s", tt.path, status, diff)
		}
	}
}
