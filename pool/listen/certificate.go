package listen

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Certificate is a certificate with its key in two PEM files, which may be
// replaced while it is in use.
type Certificate struct {
	certFile, keyFile string

	config  *tls.Config
	mu      sync.Mutex // one reload at a time
	read    []byte     // what both files held, hashed
	current atomic.Pointer[tls.Certificate]
}

// LoadCertificate reads both files.
func LoadCertificate(certFile, keyFile string) (*Certificate, error) {
	c := &Certificate{certFile: certFile, keyFile: keyFile}
	c.config = &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current.Load(), nil },
	}
	_, err := c.Reload()
	return c, err
}

// Reload reads the files again and reports whether they hold another
// certificate than before. On an error the one in use stays.
func (c *Certificate) Reload() (changed bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	certPEM, err := os.ReadFile(c.certFile)
	if err != nil {
		return false, fmt.Errorf("reading the TLS certificate: %w", err)
	}
	keyPEM, err := os.ReadFile(c.keyFile)
	if err != nil {
		return false, fmt.Errorf("reading the TLS key: %w", err)
	}
	sum := sha256.Sum256(append(append(certPEM[:len(certPEM):len(certPEM)], 0), keyPEM...))
	if bytes.Equal(sum[:], c.read) {
		return false, nil
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return false, fmt.Errorf("TLS certificate %s with key %s: %w", c.certFile, c.keyFile, err)
	}
	c.read = sum[:]
	c.current.Store(&pair)
	return true, nil
}

// Config is a server's configuration that always shows the certificate loaded
// last. Connections that exist are not touched by a reload.
func (c *Certificate) Config() *tls.Config { return c.config }

// Fingerprint is the SHA-256 of the certificate in use, in hex: what miners
// pin (XMRig's tls-fingerprint).
func (c *Certificate) Fingerprint() string {
	sum := sha256.Sum256(c.current.Load().Certificate[0])
	return hex.EncodeToString(sum[:])
}

// selfSignedLife is how long a certificate made by SelfSigned is valid.
const selfSignedLife = 10 * 365 * 24 * time.Hour

// SelfSigned makes a certificate for these host names and IP addresses, signed
// by nobody else: miners have to pin its fingerprint.
func SelfSigned(random io.Reader, now time.Time, hosts []string) (certPEM, keyPEM []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), random)
	if err != nil {
		return nil, nil, fmt.Errorf("making a TLS key: %w", err)
	}
	serial := make([]byte, 16)
	if _, err := io.ReadFull(random, serial); err != nil {
		return nil, nil, fmt.Errorf("making a TLS certificate: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(append([]byte{1}, serial[1:]...)),
		Subject:      pkix.Name{CommonName: "adit pool"},
		NotBefore:    now.Add(-time.Hour), NotAfter: now.Add(selfSignedLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(random, template, template, key.Public(), key)
	if err != nil {
		return nil, nil, fmt.Errorf("making a TLS certificate: %w", err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, fmt.Errorf("making a TLS key: %w", err)
	}
	certPEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return certPEM, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), nil
}
