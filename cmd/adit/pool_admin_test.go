package main

import (
	"context"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/pool/api"
	"github.com/aditmine/adit/pool/config"
)

const adminToken = "0123456789abcdef0123"

// adminConfig is that of a pool whose API a test serves.
func adminConfig(t *testing.T, server *httptest.Server) config.Config {
	cfg := config.Default()
	cfg.API.Listen = server.Listener.Addr().String()
	cfg.API.TokenFile = filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(cfg.API.TokenFile, []byte(adminToken+"\n"), 0o600))
	return cfg
}

func answering(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+adminToken {
			status, text = 401, `{"error":"wrong"}`
		}
		w.WriteHeader(status)
		w.Write([]byte(text))
	}
}

func TestAdminClient(t *testing.T) {
	for _, tc := range []struct {
		status     int
		text, want string
	}{
		{200, `[{"login":"bob","balance":"18446744073709551615"}]`, ""},
		{404, `{"error":"there is no such ban"}`, "the pool says: there is no such ban"},
		{502, `<html>`, "the pool says: 502 Bad Gateway"},
		{200, `{"login"`, "reading the pool's answer"},
	} {
		server := httptest.NewServer(answering(tc.status, tc.text))
		client, err := newAdminClient(adminConfig(t, server))
		require.NoError(t, err)
		var users []api.User
		err = client.ask(context.Background(), "GET", "users", nil, &users)
		if tc.want == "" {
			require.NoError(t, err)
			require.Equal(t, api.Atomic(1<<64-1), users[0].Balance)
		} else {
			require.ErrorContains(t, err, tc.want)
		}
		server.Close()
		require.ErrorContains(t, client.ask(context.Background(), "GET", "users", nil, &users), "is it running?")
	}
	_, err := newAdminClient(config.Default())
	require.ErrorContains(t, err, "set listen and token_file in [api]")
}

// Only the certificate of the configuration is shown the token.
func TestAdminClientPinsTheCertificate(t *testing.T) {
	server := httptest.NewTLSServer(answering(200, `[]`))
	defer server.Close()
	cfg := adminConfig(t, server)
	cfg.API.TLS, cfg.TLS.Certificate = true, filepath.Join(t.TempDir(), "cert.pem")
	ask := func() error {
		client, err := newAdminClient(cfg)
		if err != nil {
			return err
		}
		var users []api.User
		return client.ask(t.Context(), "GET", "users", nil, &users)
	}
	write := func(der []byte) {
		text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
		require.NoError(t, os.WriteFile(cfg.TLS.Certificate, text, 0o600))
	}
	write(server.Certificate().Raw)
	require.NoError(t, ask())
	write([]byte("another"))
	require.ErrorContains(t, ask(), "another certificate than the pool")
	require.NoError(t, os.WriteFile(cfg.TLS.Certificate, nil, 0o600))
	require.ErrorContains(t, ask(), "no certificate in it")
}

func TestBanCommandLines(t *testing.T) {
	for _, tc := range []struct{ args, want string }{
		{"pool ban --address 192.0.2.1", "--reason is missing"},
		{"pool ban --address 192.0.2.1 --reason x --for 1ms", "a second at least"},
		{"pool unban", "say which ban"},
		{"pool users --limit 0", "from 1 to 200"},
	} {
		cmd := newRootCmd()
		cmd.SetArgs(strings.Fields(tc.args))
		err := cmd.ExecuteContext(t.Context())
		require.ErrorContains(t, err, tc.want)
	}
}
