package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/pool/listen"
)

const poolCertificateLong = `Makes a self-signed TLS certificate for the stratum ports, OUT.crt, with its
key, OUT.key, and prints what belongs into the configuration and the
fingerprint by which miners recognise the pool.

Nobody vouches for such a certificate: miners have to be told its fingerprint
(XMRig: "tls-fingerprint"; adit mine: --tls-fingerprint). With a certificate of
an authority, such as Let's Encrypt, they need nothing.`

func newPoolCertificateCmd() *cobra.Command {
	var hosts []string
	var out string
	cmd := &cobra.Command{
		Use:   "certificate",
		Short: "Make a self-signed TLS certificate",
		Long:  poolCertificateLong,
		Example: `  adit pool certificate --host pool.example
  adit pool certificate --host pool.example --host 192.0.2.1 -o /etc/adit/pool`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if len(hosts) == 0 {
				return usagef("give the name or address that miners connect to with --host")
			}
			return poolCertificate(cmd.OutOrStdout(), hosts, out)
		},
	}
	cmd.Flags().StringArrayVar(&hosts, "host", nil, "host `name` or IP address of the pool (may be repeated)")
	cmd.Flags().StringVarP(&out, "output", "o", "pool", "`path` of both files, without .crt and .key")
	return cmd
}

func poolCertificate(w io.Writer, hosts []string, out string) error {
	certPEM, keyPEM, err := listen.SelfSigned(rand.Reader, time.Now(), hosts)
	if err != nil {
		return err
	}
	certFile, keyFile := out+".crt", out+".key"
	if err := writePEM(keyFile, keyPEM, 0o600); err != nil {
		return err
	}
	if err := writePEM(certFile, certPEM, 0o644); err != nil {
		return errors.Join(err, os.Remove(keyFile))
	}
	cert, err := listen.LoadCertificate(certFile, keyFile)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "[tls]\ncertificate = %q\nkey = %q\n\nSHA-256 fingerprint: %s\n", certFile, keyFile, cert.Fingerprint())
	return nil
}

// writePEM writes a file that must not exist yet, with the rights given.
func writePEM(file string, content []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists already: choose another name with -o", file)
	}
	if err != nil {
		return fmt.Errorf("writing the certificate: %w", err)
	}
	_, err = f.Write(content)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("writing the certificate: %w", err)
	}
	return nil
}
