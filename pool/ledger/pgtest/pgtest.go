//go:build unix

// Package pgtest runs a real PostgreSQL server for tests, from Debian's
// package postgresql. It imports nothing of adit, and only tests import it.
package pgtest

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
)

// patience is how long a server may take to start or stop, on a slow machine.
const patience = 2 * time.Minute

// Server is a PostgreSQL server with data of its own, on a Unix socket. The
// zero value starts at the first use of Database; Close ends it.
type Server struct {
	mu        sync.Mutex
	bin, dir  string
	as        *syscall.Credential // whom the server runs as; nil: as we do
	process   *exec.Cmd
	output    bytes.Buffer
	databases int
}

// Database makes an empty database and returns its URL. Without PostgreSQL the
// test is skipped, or fails when ADIT_REQUIRE_REAL is 1.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dir == "" {
		s.find(t)
		if err := s.prepare(); err != nil {
			t.Fatalf("preparing a PostgreSQL server: %v", err)
		}
	}
	if s.process == nil {
		if err := s.start(); err != nil {
			t.Fatalf("starting a PostgreSQL server: %v", err)
		}
	}
	s.databases++
	name := fmt.Sprintf("adit%d", s.databases)
	if err := s.exec(`CREATE DATABASE ` + name + ` TEMPLATE template0`); err != nil {
		t.Fatalf("making a database: %v", err)
	}
	return s.url(name)
}

// find looks for the server's programs.
func (s *Server) find(t testing.TB) {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if path, err := exec.LookPath("initdb"); err == nil {
		found = append(found, path)
	}
	switch {
	case len(found) > 0:
		slices.Sort(found)
		s.bin = filepath.Dir(found[len(found)-1])
	case os.Getenv("ADIT_REQUIRE_REAL") == "1":
		t.Fatal("no PostgreSQL server is installed, and ADIT_REQUIRE_REAL=1 wants one: apt-get install postgresql")
	default:
		t.Skip("no PostgreSQL server is installed: apt-get install postgresql")
	}
}

// prepare makes the data folder. The server refuses to run as root, and is
// another user then.
func (s *Server) prepare() error {
	dir, err := os.MkdirTemp("", "adit-pg")
	if err != nil {
		return err
	}
	s.dir = dir
	if os.Getuid() == 0 {
		if s.as, err = unprivileged(); err != nil {
			return err
		}
		if err := os.Chown(dir, int(s.as.Uid), int(s.as.Gid)); err != nil {
			return err
		}
	}
	initdb := s.command("initdb", "-D", s.data(), "-U", "adit", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	return nil
}

func unprivileged() (*syscall.Credential, error) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, _ := strconv.ParseUint(u.Uid, 10, 32)
		gid, _ := strconv.ParseUint(u.Gid, 10, 32)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid), NoSetGroups: true}, nil
	}
	return nil, fmt.Errorf("there is neither a user postgres nor nobody to run the server as")
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) url(database string) string {
	return fmt.Sprintf("postgres:///%s?host=%s&user=adit", database, s.dir)
}

func (s *Server) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, program), args...)
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.as}
	return cmd
}

func (s *Server) start() error {
	s.process = s.command("postgres", "-D", s.data(), "-k", s.dir, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "full_page_writes=off",
		"-c", "max_connections=100", "-c", "shared_buffers=16MB")
	s.process.Stdout, s.process.Stderr = &s.output, &s.output
	if err := s.process.Start(); err != nil {
		s.process = nil
		return err
	}
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if err = s.exec(`SELECT 1`); err == nil {
			return nil
		}
	}
	s.stop()
	return fmt.Errorf("it does not answer: %w: %s", err, &s.output)
}

// exec runs a statement in the database that always exists.
func (s *Server) exec(statement string) error {
	db, err := sql.Open("pgx", s.url("postgres"))
	if err != nil {
		return err
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, err = db.ExecContext(ctx, statement)
	return err
}

// Exec runs a statement as the server's administrator.
func (s *Server) Exec(t testing.TB, statement string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.exec(statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// Stop ends the server and every connection to it; its data stay.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stop()
}

// Start starts a stopped server.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.start(); err != nil {
		t.Fatalf("starting the PostgreSQL server again: %v", err)
	}
}

func (s *Server) stop() {
	if s.process == nil {
		return
	}
	s.process.Process.Signal(syscall.SIGINT) // "fast": no waiting for clients
	s.process.Wait()
	s.process = nil
}

// Close ends the server and removes its data.
func (s *Server) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stop()
	if s.dir != "" {
		os.RemoveAll(s.dir)
	}
}
