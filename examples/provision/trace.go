package main

import (
	"context"
	"net/http"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
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

// startTracing has spans go to a collector, if OpenTelemetry's variables of the environment
// name one (OTEL_EXPORTER_OTLP_ENDPOINT). stop sends what is left.
func startTracing(ctx context.Context, process string, getenv func(string) string) (stop func(context.Context) error, err error) {
	if getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" && getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == "" {
		return func(context.Context) error { return nil }, nil
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, err
	}
	about := resource.NewSchemaless(attribute.String("service.name", "easoauth-provision"), attribute.String("service.instance.id", process))
	provider := trace.NewTracerProvider(trace.WithBatcher(exporter), trace.WithResource(about))
	otel.SetTracerProvider(provider)
	return provider.Shutdown, nil
}
