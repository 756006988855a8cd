package eastest

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/fault"
)

// A Product is a server product. It determines which versions the server supports and how it responds.
type Product int

// The products. The zero Product is [ExchangeSE] on-premises; in the cloud every server is
// Exchange Online.
const (
	ExchangeSE     Product = iota // Subscription Edition, RTM
	Exchange2013                  // 2013 CU23; ActiveSync up to 14.1
	Exchange2016                  // 2016 CU23
	Exchange2019                  // 2019 CU12
	Exchange2019CU                // 2019 CU15, as every one from CU13 on
	exchangeOnline
)

// Products lists the products that run on-premises.
func Products() []Product {
	return []Product{Exchange2013, Exchange2016, Exchange2019, Exchange2019CU, ExchangeSE}
}

func (p Product) String() string { return p.model().name }

// A model is what is known of a product.
type model struct {
	name     string
	build    string // X-OWA-Version
	server   string // MS-Server-ActiveSync
	versions string // MS-ASProtocolVersions, all of them
	// guarded products offer Bearer only to those who ask for it with an empty token, and name the
	// authority only where X-User-Identity names a user of theirs (2019 CU13 and later).
	guarded bool
	kind    string // issuer_kind in the challenge
}

var models = map[Product]model{
	Exchange2013: {name: "Exchange 2013", build: "15.0.1497.48", server: "15.0", versions: "2.0,2.1,2.5,12.0,12.1,14.0,14.1"},
	Exchange2016: {name: "Exchange 2016", build: "15.1.2507.55", server: "15.1", versions: "2.0,2.1,2.5,12.0,12.1,14.0,14.1,16.0,16.1"},
	Exchange2019: {name: "Exchange 2019 CU12", build: "15.2.1118.40", server: "15.2", versions: "2.0,2.1,2.5,12.0,12.1,14.0,14.1,16.0,16.1"},
	Exchange2019CU: {name: "Exchange 2019 CU15", build: "15.2.1748.24", server: "15.2", guarded: true,
		versions: "2.0,2.1,2.5,12.0,12.1,14.0,14.1,16.0,16.1"},
	ExchangeSE: {name: "Exchange SE", build: "15.2.2562.17", server: "15.2", guarded: true, kind: "AzureAD",
		versions: "2.0,2.1,2.5,12.0,12.1,14.0,14.1,16.0,16.1"},
	exchangeOnline: {name: "Exchange Online", build: "15.20.9000.0", server: "15.20", versions: "16.1"},
}

func (p Product) model() model {
	m, ok := models[p]
	if !ok {
		return model{name: "unknown product"}
	}
	return m
}

// product returns what runs at a host.
func (tn *Tenant) product(host string) Product {
	if tn.isPremises(host) {
		return tn.at.Product
	}
	return exchangeOnline
}

// offered lists the versions that the server at host offers to the user, as
// MS-ASProtocolVersions does. Of versions before 12.1 the tenant knows the names alone. Call it
// once a request: it shows faults. The caller holds tn.mu.
func (tn *Tenant) offered(r *http.Request, host, user string) string {
	if tn.faulty(host) {
		for _, f := range []struct {
			id       fault.ID
			versions string
		}{{"EAS_VERSION_138", "2.5,12.0"}, {"EXO_161_ONLY", string(eas.Version161)}} {
			if value, ok := tn.shows(f.id, host, user); ok {
				because(r, "fault %s", f.id)
				return cmp.Or(value, f.versions)
			}
		}
	}
	if tn.o.Versions == nil {
		return tn.product(host).model().versions
	}
	var list []string
	for _, v := range tn.o.Versions {
		list = append(list, string(v))
	}
	return strings.Join(list, ",")
}

// speaks reports whether the tenant speaks a version that is on the list of the server.
func speaks(list string, v eas.Version) bool {
	return slices.Contains(versions, v) && slices.Contains(strings.Split(list, ","), string(v))
}

// protocolHeaders lists versions and commands, as an OPTIONS response does.
func protocolHeaders(w http.ResponseWriter, versions string) {
	w.Header().Set("MS-ASProtocolVersions", versions)
	w.Header().Set("MS-ASProtocolCommands", commands)
}

// mark sets the header fields by which Exchange is known. The caller holds tn.mu.
func (tn *Tenant) mark(w http.ResponseWriter, host string) {
	p := tn.product(host)
	h := w.Header()
	h.Set("request-id", tn.guid("request"))
	h.Set("Server", "Microsoft-IIS/10.0")
	h.Set("X-Powered-By", "ASP.NET")
	if p == exchangeOnline {
		h.Set("X-FEServer", "AM0PR01CA0001")
		h.Set("X-BEServer", "AM0PR01MB0001")
		h.Set("X-CalculatedBETarget", "AM0PR01MB0001.EURPRD01.PROD.OUTLOOK.COM")
		h.Set("X-DiagInfo", "AM0PR01MB0001")
		return
	}
	h.Set("X-FEServer", "FE01")
	h.Set("X-BEServer", "BE01")
	h.Set("X-CalculatedBETarget", "be01."+tn.at.Domain)
	h.Set("X-DiagInfo", "BE01")
	h.Set("X-OWA-Version", p.model().build)
	if value, ok := tn.shows("BUILD_UNSUPPORTED", host, ""); ok {
		h.Set("X-OWA-Version", cmp.Or(value, Exchange2019CU.model().build))
	}
}
