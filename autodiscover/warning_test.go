package autodiscover_test

import (
	"net/http"
	"testing"

	"github.com/easoauth/easoauth/autodiscover"
)

// A build that cannot use OAuth, or is out of support, is told beside the endpoint.
func TestBuilds(t *testing.T) {
	for build, want := range map[string]string{
		"14.3.513.0": "E2010_PRESENT", "15.0.1497.48": "BUILD_UNSUPPORTED", "15.1.2507.55": "BUILD_UNSUPPORTED", "15.2.1748.24": "BUILD_UNSUPPORTED",
		"15.2.2562.17": "", "15.2.3000.1": "", "15.20.8769.25": "", "15": "", "": "", "x": "", "15.2": "",
	} {
		w := &world{hosts: map[string]http.HandlerFunc{own: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-OWA-Version", build)
			jsonAnswer(200, found)(w, r)
		}}}
		e, err := (&autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true}).Lookup(t.Context(), "ada@contoso.com")
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, w := range e.Warnings {
			got += w.Fault
		}
		if got != want {
			t.Errorf("build %q warns of %q, want %q", build, got, want)
		}
	}
}
