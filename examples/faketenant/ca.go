package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/easoauth/easoauth/eas/eastest"
)

// authority reads the certificate authority from files, makes it there, or makes one whose
// certificate alone goes to a temporary folder. It returns the certificate's file.
func authority(certFile, keyFile string) (ca *tls.Certificate, file string, remove func(), err error) {
	if certFile == "" {
		dir, remove, err := temporary()
		if err != nil {
			return nil, "", nil, err
		}
		ca := eastest.NewCA()
		file := filepath.Join(dir, "ca.pem")
		if err := writePEM(file, "CERTIFICATE", ca.Certificate[0], 0o644); err != nil {
			remove()
			return nil, "", nil, err
		}
		return ca, file, remove, nil
	}
	_, err = os.Stat(certFile)
	if errors.Is(err, fs.ErrNotExist) {
		ca := eastest.NewCA()
		key, err := x509.MarshalPKCS8PrivateKey(ca.PrivateKey)
		if err != nil {
			return nil, "", nil, err
		}
		if err := writePEM(keyFile, "PRIVATE KEY", key, 0o600); err != nil {
			return nil, "", nil, err
		}
		if err := writePEM(certFile, "CERTIFICATE", ca.Certificate[0], 0o644); err != nil {
			return nil, "", nil, err
		}
		return ca, certFile, func() {}, nil
	}
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, "", nil, fmt.Errorf("the certificate authority cannot be read: %w", err)
	}
	if pair.Leaf == nil || !pair.Leaf.IsCA {
		return nil, "", nil, fmt.Errorf("%s is not the certificate of an authority", certFile)
	}
	return &pair, certFile, func() {}, nil
}

func writePEM(file, kind string, der []byte, mode fs.FileMode) error {
	return os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), mode)
}
