package eastest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"io"
	"math/big"
	mrand "math/rand/v2"
	"sync"
)

// A chance is where a tenant takes what is random: from the machine, or, with a seed, from a
// sequence that repeats. It is safe for concurrent use.
type chance struct {
	seed uint64

	mu  sync.Mutex
	src io.Reader // of codes and tokens
}

func newChance(seed uint64) *chance {
	c := &chance{seed: seed, src: rand.Reader}
	if seed != 0 {
		c.src = sequence(seed, "text")
	}
	return c
}

// sequence returns the bytes that a seed means for a purpose.
func sequence(seed uint64, purpose string) io.Reader {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], seed)
	return mrand.NewChaCha8(sha256.Sum256(append(b[:], purpose...)))
}

// text returns a text of 26 letters and digits, as [rand.Text] does.
func (c *chance) text() string {
	if c.seed == 0 {
		return rand.Text()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var b [20]byte
	_, _ = io.ReadFull(c.src, b[:]) // it never fails
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:])[:26]
}

// ecKey returns a key for certificates; purpose tells those of one seed apart.
func (c *chance) ecKey(purpose string) *ecdsa.PrivateKey {
	if c.seed == 0 {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			panic("eastest: key: " + err.Error())
		}
		return k
	}
	src := sequence(c.seed, "key of "+purpose)
	for {
		var b [32]byte
		_, _ = io.ReadFull(src, b[:])
		if k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), b[:]); err == nil { // else the number is not below the order
			return k
		}
	}
}

// signer returns a key for x509, whose signatures repeat with a seed. RFC 6979
func (c *chance) signer(k crypto.Signer) crypto.Signer {
	if ec, ok := k.(*ecdsa.PrivateKey); ok && c.seed != 0 {
		return steadySigner{ec}
	}
	return k
}

type steadySigner struct{ *ecdsa.PrivateKey }

func (s steadySigner) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return s.PrivateKey.Sign(nil, digest, opts)
}

// signingKeys are the keys with which authorities sign tokens, by seed and number: functions that
// make each once. Making one takes longer than most tests, so that the tenants of a process share
// them.
var signingKeys sync.Map

// keysPerSeed is how many signing keys there are in turn.
const keysPerSeed = 3

// signingKey returns the key of the authority with a number, from 0.
func (c *chance) signingKey(n int) *rsa.PrivateKey {
	id := [2]uint64{c.seed, uint64(n % keysPerSeed)}
	get, _ := signingKeys.LoadOrStore(id, sync.OnceValue(func() *rsa.PrivateKey { return newSigningKey(id[0], id[1]) }))
	return get.(func() *rsa.PrivateKey)()
}

// newSigningKey makes a key of 2048 bits. With a seed it finds the primes itself, since package
// rsa takes randomness from the machine alone. Such a key guards nothing but tests.
func newSigningKey(seed, n uint64) *rsa.PrivateKey {
	if seed == 0 {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic("eastest: key: " + err.Error())
		}
		return k
	}
	src := sequence(seed, fmt.Sprint("signing key ", n))
	e, one := big.NewInt(65537), big.NewInt(1)
	for {
		p, q := prime(src), prime(src)
		phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
		d := new(big.Int).ModInverse(e, phi)
		k := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: 65537}, D: d, Primes: []*big.Int{p, q}}
		if d == nil || p.Cmp(q) == 0 {
			continue
		}
		if k.Precompute(); k.Validate() == nil {
			return k
		}
	}
}

// prime returns the next prime of 1024 bits, with the two highest bits set, so that the product
// of two has 2048.
func prime(src io.Reader) *big.Int {
	var b [128]byte
	_, _ = io.ReadFull(src, b[:])
	b[0] |= 0xC0
	b[127] |= 1
	p, two := new(big.Int).SetBytes(b[:]), big.NewInt(2)
	for !p.ProbablyPrime(20) {
		p.Add(p, two)
	}
	return p
}
