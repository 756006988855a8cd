package eastest

import (
	"crypto"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"sync"
	"time"
)

// NewCA returns a new certificate authority for [Options.CA], valid for ten years, for programs
// whose clients must trust it before the tenant starts.
func NewCA() *tls.Certificate {
	c := newCA(nil, newChance(0))
	return &tls.Certificate{Certificate: [][]byte{c.cert.Raw}, PrivateKey: c.key, Leaf: c.cert}
}

// A ca signs a certificate for each name that a client asks for.
type ca struct {
	cert   *x509.Certificate
	key    crypto.Signer
	chance *chance

	mu     sync.Mutex
	leaves map[string]*tls.Certificate
}

// caLifetime outlasts any test that turns the clock forward.
const caLifetime = 10 * 365 * 24 * time.Hour

// newCA returns the authority of given, or a new one.
func newCA(given *tls.Certificate, chance *chance) *ca {
	c := &ca{chance: chance, leaves: map[string]*tls.Certificate{}}
	if given != nil {
		if len(given.Certificate) == 0 {
			panic("eastest: CA: no certificate")
		}
		cert, err := x509.ParseCertificate(given.Certificate[0])
		if err != nil {
			panic("eastest: CA: " + err.Error())
		}
		key, ok := given.PrivateKey.(crypto.Signer)
		if !ok || !cert.IsCA {
			panic("eastest: CA: not an authority's certificate with its key")
		}
		c.cert, c.key = cert, key
		return c
	}
	key := chance.ecKey("the authority")
	c.key = key
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "eastest, a fake tenant for tests"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(caLifetime),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), chance.signer(key))
	if err != nil {
		panic("eastest: CA: " + err.Error())
	}
	if c.cert, err = x509.ParseCertificate(der); err != nil {
		panic("eastest: CA: " + err.Error())
	}
	return c
}

func (c *ca) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(c.cert)
	return p
}

// leaf returns a certificate for name.
func (c *ca) leaf(name string) (*tls.Certificate, error) {
	if name == "" {
		return nil, errors.New("eastest: a client that names no server")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if l := c.leaves[name]; l != nil {
		return l, nil
	}
	key := c.chance.ecKey(name)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(int64(len(c.leaves) + 2)), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: c.cert.NotBefore, NotAfter: c.cert.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, c.cert, key.Public(), c.chance.signer(c.key))
	if err != nil {
		return nil, err
	}
	l := &tls.Certificate{Certificate: [][]byte{der, c.cert.Raw}, PrivateKey: key}
	c.leaves[name] = l
	return l, nil
}
