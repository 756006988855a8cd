package archive

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// maxBody bounds what is kept of a body, in bytes.
const maxBody = 256 << 10

// A Recorder is a transport that keeps what passes through it, for [Recorder.Write]. It is safe
// for concurrent use.
type Recorder struct {
	Base http.RoundTripper
	// Fault names the fault that an exchange without a response shows, or returns "".
	Fault func(ctx context.Context, err error) string

	mu        sync.Mutex
	exchanges []*exchange
}

// An exchange is a request and what came back. Recorder.mu guards it.
type exchange struct {
	req     *http.Request // without a body
	host    string
	sent    []byte
	status  int // 0 if no response came
	header  http.Header
	got     bytes.Buffer
	cut     string    // the fault, if no response came
	expires time.Time // of the server's certificate
}

// RoundTrip implements [http.RoundTripper].
func (r *Recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	e := &exchange{req: &http.Request{Method: req.Method, URL: req.URL, Header: req.Header.Clone()}, host: req.URL.Host}
	if req.Method == "" {
		e.req.Method = http.MethodGet
	}
	if req.Body != nil && req.Body != http.NoBody {
		var start bytes.Buffer
		if _, err := io.Copy(&start, io.LimitReader(req.Body, maxBody+1)); err != nil {
			req.Body.Close()
			return nil, err
		}
		if start.Len() <= maxBody { // of a longer one nothing is kept
			e.sent = bytes.Clone(start.Bytes())
		}
		body := req.Body
		req = req.Clone(req.Context())
		req.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(start.Bytes()), body), body}
	}
	r.mu.Lock()
	r.exchanges = append(r.exchanges, e)
	r.mu.Unlock()
	base := r.Base
	if base == nil {
		base = http.DefaultTransport
	}
	resp, err := base.RoundTrip(req)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		if r.Fault != nil {
			e.cut = r.Fault(req.Context(), err)
		}
		return resp, err
	}
	e.status, e.header = resp.StatusCode, resp.Header.Clone()
	if resp.TLS != nil && len(resp.TLS.PeerCertificates) > 0 {
		e.expires = resp.TLS.PeerCertificates[0].NotAfter
	}
	resp.Body = &tee{ReadCloser: resp.Body, r: r, e: e}
	return resp, nil
}

// A tee keeps what is read of a body.
type tee struct {
	io.ReadCloser
	r *Recorder
	e *exchange
}

func (t *tee) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	t.r.mu.Lock()
	defer t.r.mu.Unlock()
	t.e.got.Write(p[:min(n, maxBody-t.e.got.Len())])
	return n, err
}

// Has reports whether the body of a request holds a text.
func (r *Recorder) Has(text string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.exchanges, func(e *exchange) bool { return bytes.Contains(e.sent, []byte(text)) })
}
