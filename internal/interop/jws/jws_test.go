// Package jws holds the test vectors of Project Wycheproof to token.Verifier: signatures
// that are valid, and those that verifiers have been fooled with.
package jws

import (
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/c2sp/wycheproof"

	"github.com/easoauth/easoauth/token"
)

// exceptions are the vectors on which the Verifier differs from Wycheproof's verdict.
var exceptions = map[int]string{
	346: "the key says PS256 and the header PS384: alg must be the key's",
	347: "the key says PS256 and the header PS384: alg must be the key's",
	350: "the key says ES521, which is no algorithm",
	351: "the key says ES521, which is no algorithm",
}

func TestWycheproof(t *testing.T) {
	data, err := fs.ReadFile(wycheproof.TestVectors, "json_web_signature_test.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		TestGroups []struct {
			Comment string
			Public  json.RawMessage
			Tests   []struct {
				TcID    int
				Comment string
				Flags   []string
				JWS     string
				Result  string
			}
		}
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	right, all, rs256, rs256All, symmetric := 0, 0, 0, 0, 0
	for _, g := range file.TestGroups {
		if g.Public == nil {
			// A shared secret is never a key of an authority; its tokens must all fail, also
			// with the secret published by mistake.
			symmetric += len(g.Tests)
			v := verifier(`{"keys":[]}`)
			for _, tt := range g.Tests {
				if _, err := v.VerifySignature(t.Context(), tt.JWS); err == nil {
					t.Errorf("%d %s: accepted although the key is a shared secret", tt.TcID, tt.Comment)
				}
			}
			continue
		}
		v := verifier(`{"keys":[` + string(g.Public) + `]}`)
		for _, tt := range g.Tests {
			all++
			_, err := v.VerifySignature(t.Context(), tt.JWS)
			ok := (err == nil) == (tt.Result == "valid")
			if ok {
				right++
			}
			if g.Comment == "rs256" || g.Comment == "rsa_encryption" {
				rs256All++
				if ok {
					rs256++
				}
			}
			reason := exceptions[tt.TcID]
			switch {
			case !ok && reason == "":
				t.Errorf("%d %s %s %v: error %v, want %s", tt.TcID, g.Comment, tt.Comment, tt.Flags, err, tt.Result)
			case ok && reason != "":
				t.Errorf("%d is no exception any more", tt.TcID)
			}
		}
	}
	t.Logf("RS256: %d of %d; asymmetric: %d of %d; symmetric, all refused: %d", rs256, rs256All, right, all, symmetric)
	if rs256 != rs256All || rs256All != 233 {
		t.Errorf("RS256: %d of %d", rs256, rs256All)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func verifier(keys string) *token.Verifier {
	u := &url.URL{Scheme: "https", Host: "login.example", Path: "/keys"}
	return &token.Verifier{
		Authority: &token.Authority{Kind: token.OpenID, Host: u.Host, Issuer: "https://login.example", KeysEndpoint: u},
		HTTPClient: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}},
				Body: io.NopCloser(strings.NewReader(keys)), Request: r}, nil
		})},
	}
}
