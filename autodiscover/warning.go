package autodiscover

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/easoauth/easoauth/internal/fault"
	"github.com/easoauth/easoauth/internal/safehttp"
)

// expiresSoon is how long before its end a certificate is reported.
const expiresSoon = 14 * 24 * time.Hour

// warnings gathers what the responses of a look-up show on the side.
type warnings struct {
	wmu  sync.Mutex
	list []Warning
}

func (w *warnings) taken() []Warning {
	w.wmu.Lock()
	defer w.wmu.Unlock()
	return slices.Clone(w.list)
}

// warn looks at the certificate and the build behind a response.
func (w *warnings) warn(resp *http.Response) {
	host := safehttp.Host(resp.Request.URL)
	add := func(id fault.ID, fact string) {
		f := fault.Get(id)
		v := Warning{Fault: string(id), Host: host, Text: fact + f.String()}
		w.wmu.Lock()
		defer w.wmu.Unlock()
		if !slices.Contains(w.list, v) {
			w.list = append(w.list, v)
		}
	}
	if resp.TLS != nil && len(resp.TLS.PeerCertificates) > 0 {
		if end := resp.TLS.PeerCertificates[0].NotAfter; time.Until(end) < expiresSoon {
			add("TLS_CERT_EXPIRING", "on "+end.UTC().Format(time.DateOnly)+", ")
		}
	}
	if id := buildFault(resp.Header.Get("X-OWA-Version")); id != "" {
		add(id, "")
	}
}

// firstSE is the first build of Exchange SE, 15.2.2562. Exchange 2013 is 15.0, 2016 is 15.1,
// 2019 is 15.2 with lower builds; Exchange Online is 15.20.
const firstSE = 2562

// buildFault returns what is to be said about a build of Exchange.
func buildFault(version string) fault.ID {
	var major, minor, build int
	n, _ := fmt.Sscanf(version, "%d.%d.%d", &major, &minor, &build)
	switch {
	case n != 3:
	case major == 14:
		return "E2010_PRESENT"
	case major == 15 && (minor < 2 || minor == 2 && build < firstSE):
		return "BUILD_UNSUPPORTED"
	}
	return ""
}

// warnEndpoint looks at where the endpoint is.
func warnEndpoint(e *Endpoint) []Warning {
	host := safehttp.Host(e.URL)
	if strings.HasSuffix(host, ".msappproxy.net") {
		return []Warning{{Fault: "HYBRID_AGENT", Host: host, Text: fault.Get("HYBRID_AGENT").String()}}
	}
	return nil
}
