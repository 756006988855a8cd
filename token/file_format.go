package token

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/easoauth/easoauth/internal/seal"
)

// A file is a line, and then the body:
//
//	easoauth-token-1 plain SHA256      the encoded record
//	easoauth-token-1 aes-256-gcm       the same, sealed for the name of the file
//	easoauth-token-1 deleted SHA256    the last generation
const (
	fileMagic   = "easoauth-token-1"
	filePlain   = "plain"
	fileSealed  = "aes-256-gcm"
	fileDeleted = "deleted"

	maxFile = 2 * maxRecord
)

// The files of a key, after its hash. What was kept aside has tokenSuffix, a number and
// asideSuffix.
const (
	tokenSuffix = ".token"
	tempSuffix  = ".tmp"
	asideSuffix = ".bad"
	renewLock   = ".lock"  // held for as long as a renewal takes
	writeLock   = ".write" // held for a compare and swap
)

func fileName(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

func (s *FileStore) path(key, suffix string) string {
	return filepath.Join(s.Dir, fileName(key)+suffix)
}

func (s *FileStore) asidePath(key string, n int) string {
	return s.path(key, tokenSuffix) + "." + strconv.Itoa(n) + asideSuffix
}

// read returns the record, and the last generation even if the record was deleted.
func (s *FileStore) read(key string) (Record, uint64, error) {
	name := s.path(key, tokenSuffix)
	data, info, err := s.readFile(name, s.rule())
	if errors.Is(err, fs.ErrNotExist) {
		return Record{}, 0, ErrNotFound
	}
	if err != nil {
		return Record{}, 0, err
	}
	bad := func(reason string) (Record, uint64, error) {
		return Record{}, 0, fmt.Errorf("%w: %s: %s", ErrRecord, name, reason)
	}
	header, body, ok := bytes.Cut(data, []byte("\n"))
	magic, kind, _ := strings.Cut(string(header), " ")
	if !ok || magic != fileMagic {
		return bad("the file is empty or belongs to another program")
	}
	kind, sum, _ := strings.Cut(kind, " ")
	switch kind {
	case filePlain, fileDeleted:
		if sum != checksum(body) {
			return bad("the file is torn or was changed")
		}
	case fileSealed:
		if body, err = seal.Open(s.EncryptionKey, body, fileName(key)); errors.Is(err, seal.ErrKeySize) {
			return bad("the file is encrypted: set FileStore.EncryptionKey to the 32 bytes that it was written with")
		} else if err != nil {
			return bad(err.Error())
		}
	default:
		return bad("the file is of another version")
	}
	if kind == fileDeleted {
		generation, err := strconv.ParseUint(string(body), 10, 64)
		if err != nil {
			return bad("the file is torn")
		}
		return Record{}, generation, ErrNotFound
	}
	if kind == filePlain && s.EncryptionKey != nil {
		if err := s.checkPlain(name, info); err != nil {
			return Record{}, 0, err
		}
	}
	r, err := DecodeRecord(body)
	if err != nil {
		return Record{}, 0, fmt.Errorf("%s: %w", name, err)
	}
	return r, r.Generation, nil
}

// encode returns the file of an encoded record.
func (s *FileStore) encode(key string, body []byte) ([]byte, error) {
	if s.EncryptionKey == nil {
		return join(filePlain+" "+checksum(body), body), nil
	}
	sealed, err := seal.Seal(s.EncryptionKey, body, fileName(key))
	if err != nil {
		return nil, fileError("encrypt", err)
	}
	return join(fileSealed, sealed), nil
}

// encodeDeleted returns the file that remembers a generation.
func encodeDeleted(generation uint64) []byte {
	body := strconv.AppendUint(nil, generation, 10)
	return join(fileDeleted+" "+checksum(body), body)
}

func join(kind string, body []byte) []byte {
	return append([]byte(fileMagic+" "+kind+"\n"), body...)
}

func isSealed(data []byte) bool {
	return bytes.HasPrefix(data, []byte(fileMagic+" "+fileSealed+"\n"))
}

func checksum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func fileError(what string, err error) error {
	return fmt.Errorf("token: file store: %s: %w", what, err)
}
