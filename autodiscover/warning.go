package autodiscover

import (
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
	switch build := resp.Header.Get("X-OWA-Version"); {
	case strings.HasPrefix(build, "14."):
		add("E2010_PRESENT", "")
	case strings.HasPrefix(build, "15.0."), strings.HasPrefix(build, "15.1."):
		add("BUILD_UNSUPPORTED", "")
	}
}

// warnEndpoint looks at where the endpoint is.
func warnEndpoint(e *Endpoint) []Warning {
	host := safehttp.Host(e.URL)
	if strings.HasSuffix(host, ".msappproxy.net") {
		return []Warning{{Fault: "HYBRID_AGENT", Host: host, Text: fault.Get("HYBRID_AGENT").String()}}
	}
	return nil
}
