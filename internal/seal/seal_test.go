package seal_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/easoauth/easoauth/internal/seal"
)

func TestS104Seal(t *testing.T) {
	key, other := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	plain := []byte("a refresh token")
	sealed, err := seal.Seal(key, plain, "ada")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, plain) {
		t.Error("the sealed record holds the plain one")
	}
	if again, _ := seal.Seal(key, plain, "ada"); bytes.Equal(again, sealed) {
		t.Error("two seals of one record are equal: the nonce is not random")
	}
	if got, err := seal.Open(key, sealed, "ada"); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("Open = %q, %v", got, err)
	}
	for n := range sealed {
		changed := bytes.Clone(sealed)
		changed[n] ^= 1
		if _, err := seal.Open(key, changed, "ada"); !errors.Is(err, seal.ErrOpen) {
			t.Errorf("Open with byte %d changed = %v, want ErrOpen", n, err)
		}
		if _, err := seal.Open(key, sealed[:n], "ada"); !errors.Is(err, seal.ErrOpen) {
			t.Errorf("Open of the first %d bytes = %v, want ErrOpen", n, err)
		}
	}
	if _, err := seal.Open(other, sealed, "ada"); !errors.Is(err, seal.ErrOpen) {
		t.Errorf("Open with another key = %v, want ErrOpen", err)
	}
	if _, err := seal.Open(key, sealed, "bob"); !errors.Is(err, seal.ErrOpen) {
		t.Errorf("Open at another place = %v, want ErrOpen", err)
	}
	for _, n := range []int{0, 16, 24, 31, 33} {
		if _, err := seal.Seal(make([]byte, n), plain, "ada"); !errors.Is(err, seal.ErrKeySize) {
			t.Errorf("Seal with a key of %d bytes = %v, want ErrKeySize", n, err)
		}
		if _, err := seal.Open(make([]byte, n), sealed, "ada"); !errors.Is(err, seal.ErrKeySize) {
			t.Errorf("Open with a key of %d bytes = %v, want ErrKeySize", n, err)
		}
	}
}
