package main

import (
	"context"
	"net/http"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
)

// The query of an ActiveSync request names the user, and so does that of AutoDetect. Spans are
// made of requests without it: it is taken off before the instrumentation and put back behind
// it.

type queryKey struct{}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// hide returns the request without its query, which restore puts back.
func hide(r *http.Request) *http.Request {
	r2 := r.WithContext(context.WithValue(r.Context(), queryKey{}, r.URL.RawQuery))
	u := *r.URL
	u.RawQuery = ""
	r2.URL = &u
	return r2
}

func restore(r *http.Request) *http.Request {
	r2 := r.WithContext(r.Context())
	u := *r.URL
	u.RawQuery, _ = r.Context().Value(queryKey{}).(string)
	r2.URL = &u
	return r2
}

// traced returns a transport whose requests are spans of OpenTelemetry, if a provider has been
// set.
func traced(base http.RoundTripper) http.RoundTripper {
	inner := otelhttp.NewTransport(roundTripper(func(r *http.Request) (*http.Response, error) { return base.RoundTrip(restore(r)) }))
	return roundTripper(func(r *http.Request) (*http.Response, error) { return inner.RoundTrip(hide(r)) })
}

// tracedHandler does the same for a server.
func tracedHandler(name string, h http.Handler) http.Handler {
	inner := otelhttp.NewHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, restore(r)) }), name)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { inner.ServeHTTP(w, hide(r)) })
}
