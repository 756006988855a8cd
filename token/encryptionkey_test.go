package token_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/token"
)

// The stores hold keys and refresh tokens, and none of them prints: by pointer, in a struct,
// under any verb, in JSON or in a log.
func TestStoresDoNotPrint(t *testing.T) {
	key := token.EncryptionKey(strings.Repeat("k", 32))
	memory := &token.MemoryStore{}
	if _, err := memory.Save(t.Context(), "ada@contoso.com", token.Record{Lineage: "l", RefreshToken: "rt-secret",
		Account: token.Account{Username: "ada@contoso.com"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := memory.Lock(t.Context(), "ada@contoso.com"); err != nil {
		t.Fatal(err)
	}
	type private struct {
		name  string
		store token.Store
	}
	file := &token.FileStore{Dir: "dir", EncryptionKey: key}
	numbers := strings.Trim(strings.Repeat("107 ", 3), " ")
	for _, v := range []any{
		key, &key, []token.EncryptionKey{key}, map[string]token.EncryptionKey{"k": key}, struct{ Key token.EncryptionKey }{key},
		file, private{"f", file}, struct{ *token.FileStore }{file}, struct{ Store token.Store }{file}, []token.Store{file},
		memory, &private{"m", memory}, struct{ *token.MemoryStore }{memory}, []token.Store{memory}, map[string]token.Store{"m": memory},
	} {
		var log strings.Builder
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		j, _ := json.Marshal(v)
		verbs := []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%b"}
		if p, ok := v.(private); ok && p.store == file {
			verbs = verbs[:3] // fmt calls no methods below an unexported field
		}
		for _, verb := range verbs {
			text := fmt.Sprintf(verb, v) + string(j) + log.String()
			for _, secret := range []string{"kkk", "6b6b6b", "6B6B6B", numbers, "0x6b, 0x6b", "1101011 1101011", "rt-secret", "ada@",
				base64.StdEncoding.EncodeToString(key[:30])} {
				if strings.Contains(text, secret) {
					t.Errorf("%T under %s prints %q: %s", v, verb, secret, text)
				}
			}
		}
	}
	if b, err := json.Marshal(&token.FileStore{Dir: "d"}); err != nil || strings.Contains(string(b), "redacted") {
		t.Errorf("a store without a key: %s, %v; want nothing that looks like one", b, err)
	}
	if s := fmt.Sprintf("%+v", file); !strings.Contains(s, "dir, encrypted true") {
		t.Errorf("%s does not say that there is a key", s)
	}
}

func TestNewEncryptionKey(t *testing.T) {
	a, b := token.NewEncryptionKey(), token.NewEncryptionKey()
	if len(a) != 32 || len(b) != 32 || string(a) == string(b) || string(a) == string(make([]byte, 32)) {
		t.Error("keys must be 32 random bytes")
	}
}
