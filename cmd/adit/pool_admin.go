package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aditmine/adit/pool/api"
	"github.com/aditmine/adit/pool/config"
)

// adminClient asks the API of a running pool, as its configuration says it is
// served.
type adminClient struct {
	base, token string
	http        http.Client
}

// maxAdminAnswer bounds what is read of an answer.
const maxAdminAnswer = 16 << 20

func newAdminClient(cfg config.Config) (*adminClient, error) {
	if cfg.API.Listen == "" || cfg.API.TokenFile == "" {
		return nil, errors.New("this asks the running pool: set listen and token_file in [api], and restart the pool")
	}
	token, err := os.ReadFile(cfg.API.TokenFile)
	if err != nil {
		return nil, fmt.Errorf("reading the administrator's token: %w", err)
	}
	host, port, err := net.SplitHostPort(cfg.API.Listen)
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1" // it listens everywhere, so here too
	}
	c := &adminClient{base: "http://" + net.JoinHostPort(host, port), token: strings.TrimSpace(string(token))}
	c.http.Timeout = 20 * time.Second
	if cfg.API.TLS {
		c.base = "https" + strings.TrimPrefix(c.base, "http")
		if c.http.Transport, err = pinned(cfg.TLS.Certificate); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// pinned trusts exactly the certificate that the configuration names: its name
// need not be the one that the pool is reached by from here.
func pinned(file string) (http.RoundTripper, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the pool's certificate: %w", err)
	}
	want, err := firstCertificate(text)
	if err != nil {
		return nil, fmt.Errorf("reading the pool's certificate %s: %w", file, err)
	}
	return &http.Transport{TLSClientConfig: &tls.Config{
		InsecureSkipVerify: true, // VerifyConnection compares the whole certificate instead
		VerifyConnection: func(state tls.ConnectionState) error {
			if len(state.PeerCertificates) == 0 || !bytes.Equal(state.PeerCertificates[0].Raw, want) {
				return errors.New("whoever answers has another certificate than the pool")
			}
			return nil
		},
	}}, nil
}

// firstCertificate is the first certificate of a PEM file, which is the one a
// server shows as its own.
func firstCertificate(text []byte) ([]byte, error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			return block.Bytes, nil
		}
	}
	return nil, errors.New("there is no certificate in it")
}

// ask sends a request and reads the answer into one of the API's types.
func (c *adminClient) ask(ctx context.Context, method, path string, order, into any) error {
	var body io.Reader
	if order != nil {
		text, err := json.Marshal(order)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+"/api/v1/admin/"+path, body)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	response, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("the pool does not answer at %s: is it running? (%w)", c.base, err)
	}
	defer response.Body.Close()
	answer := json.NewDecoder(io.LimitReader(response.Body, maxAdminAnswer))
	if response.StatusCode != http.StatusOK {
		var problem api.Problem
		if answer.Decode(&problem) != nil || problem.Error == "" {
			problem.Error = response.Status
		}
		return fmt.Errorf("the pool says: %s", problem.Error)
	}
	if err := answer.Decode(into); err != nil {
		return fmt.Errorf("reading the pool's answer: %w", err)
	}
	return nil
}
