package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace/noop"
)

// Spans hold no query: the handler and the server at the other end get it all the same.
func TestTrace(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)))
	defer otel.SetTracerProvider(noop.NewTracerProvider())
	var seen string
	srv := httptest.NewServer(tracedHandler("api", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r.URL.RawQuery })))
	defer srv.Close()
	client := &http.Client{Transport: traced(http.DefaultTransport)}
	resp, err := client.Get(srv.URL + "/autodetect?email=ada@contoso.com")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if seen != "email=ada@contoso.com" {
		t.Errorf("the server got the query %q", seen)
	}
	ended := spans.Ended()
	if len(ended) != 2 {
		t.Errorf("%d spans, want one of the client and one of the server", len(ended))
	}
	for _, s := range ended {
		for _, a := range s.Attributes() {
			if strings.Contains(a.Value.String(), "ada") {
				t.Errorf("the attribute %s of a span holds the address: %s", a.Key, a.Value.String())
			}
		}
		if strings.Contains(s.Name(), "ada") {
			t.Errorf("the name of a span holds the address: %s", s.Name())
		}
	}
}

// Spans go to a collector that the environment names, and nowhere without one.
func TestTracing(t *testing.T) {
	defer otel.SetTracerProvider(noop.NewTracerProvider())
	got := make(chan string, 10)
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got <- r.URL.Path }))
	defer srv.Close()
	for _, set := range []bool{false, true} {
		if set {
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", srv.URL)
		}
		stop, err := startTracing(t.Context(), "p-1", os.Getenv)
		if err != nil {
			t.Fatal(err)
		}
		_, span := otel.Tracer("test").Start(t.Context(), "span")
		span.End()
		if err := stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := len(got); (n == 1) != set {
			t.Errorf("with a collector %v: %d requests to it", set, n)
		}
	}
	if path := <-got; path != "/v1/traces" {
		t.Errorf("the collector got %s", path)
	}
}
