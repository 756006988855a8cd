package wbxml_test

import (
	"encoding/hex"
	"testing"

	"github.com/easoauth/easoauth/internal/wbxml"
)

type fsync struct {
	_       struct{} `wbxml:"FolderHierarchy:FolderSync"`
	Status  int      `wbxml:"FolderHierarchy:Status"`
	SyncKey string   `wbxml:"FolderHierarchy:SyncKey"`
}

func TestSmoke(t *testing.T) {
	b, err := wbxml.Marshal(&fsync{SyncKey: "0"})
	if err != nil || hex.EncodeToString(b) != "03016a00000756520330000101" {
		t.Fatalf("%x %v", b, err)
	}
	var v fsync
	if err := wbxml.Unmarshal(b, &v); err != nil || v.SyncKey != "0" {
		t.Fatal(v, err)
	}
}
