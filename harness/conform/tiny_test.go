package conform

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
)

// The servers in these tests know the wire alone. They share no code with any
// pool, so that the suite is held to the protocol and to no pool's habits, and
// each can be broken in one way at a time.

// cheap is a hasher that costs nothing: what it computes does not matter as
// long as both sides agree.
type cheap struct{ a *hash.Algorithm }

func newCheap(a *hash.Algorithm) (hash.Hasher, error) { return cheap{a}, nil }

func (c cheap) Algorithm() *hash.Algorithm { return c.a }
func (c cheap) Impl() string               { return "sha256" }
func (c cheap) Lanes() int                 { return 4 }
func (c cheap) Close() error               { return nil }

func (c cheap) Hash(out []hash.Digest, in []hash.Input) error {
	for i := range in {
		out[i] = sha256.Sum256(in[i].Blob)
	}
	return nil
}

// tinyListener serves connections until the test ends.
func tinyListener(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var mu sync.Mutex
	open := map[net.Conn]bool{}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open[nc] = true
			mu.Unlock()
			all.Go(func() {
				serve(nc)
				nc.Close()
				mu.Lock()
				delete(open, nc)
				mu.Unlock()
			})
		}
	})
	t.Cleanup(func() {
		ln.Close()
		mu.Lock()
		for nc := range open {
			nc.Close()
		}
		mu.Unlock()
		all.Wait()
	})
	return ln.Addr().String()
}

// tinyLines calls each for every line until it says stop. A line of more than
// 16 KiB, or one that is no JSON object, ends the connection with an error.
func tinyLines(nc net.Conn, write func(string), each func(tinyRequest) bool) {
	r := bufio.NewReaderSize(nc, 16<<10)
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			if err != io.EOF {
				write(`{"id":null,"error":{"code":-1,"message":"too long"}}`)
			}
			return
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var req tinyRequest
		req.raw = string(line)
		if !utf8.Valid(line) || json.Unmarshal(line, &req) != nil || req.Method == "" {
			write(`{"id":null,"error":{"code":-1,"message":"not JSON"}}`)
			return
		}
		if !each(req) {
			return
		}
	}
}

type tinyRequest struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	raw    string
}

// id is the request's id as JSON.
func (r *tinyRequest) id() string {
	if r.ID == nil {
		return "null"
	}
	return string(r.ID)
}

// tinyChain is the part of a tiny server that the suite steers as its node.
type tinyChain struct {
	mu         sync.Mutex
	height     uint64
	salt       int
	difficulty uint64
	handed     int
	changed    func() // tells the sessions; mu is held
}

func (c *tinyChain) advance(n int, salt int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for range n {
		c.height++
		c.salt += salt
		c.changed()
	}
	return nil
}

func (c *tinyChain) Height() uint64     { c.mu.Lock(); defer c.mu.Unlock(); return c.height }
func (c *tinyChain) Difficulty() uint64 { c.mu.Lock(); defer c.mu.Unlock(); return c.difficulty }
func (c *tinyChain) Mine(n int) error   { return c.advance(n, 0) }
func (c *tinyChain) Reorg(int) error    { return c.advance(1, 1) }
func (c *tinyChain) FailNext(int)       {}
func (c *tinyChain) Recover()           {}
func (c *tinyChain) Handed() (taken, refused int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.handed, 0
}
func (c *tinyChain) SetDifficulty(d uint64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.difficulty = d
	return nil
}
func (c *tinyChain) parent() [32]byte { return sha256.Sum256(fmt.Append(nil, c.height, c.salt)) }

// findings runs checks and returns those that found something, as ids, and all
// that ended otherwise than they should against a working server.
func findings(t *testing.T, cfg Config, checks []Check) (found, odd []string) {
	t.Helper()
	report, err := Run(t.Context(), cfg, checks)
	require.NoError(t, err)
	for _, r := range report.Results {
		switch {
		case r.Got != "":
			found = append(found, r.ID)
			t.Logf("%s got %s", r.ID, r.Got)
		case r.Verdict != Pass:
			odd = append(odd, fmt.Sprintf("%s %s: %s", r.Verdict, r.ID, r.Reason))
		}
	}
	return found, odd
}

// implemented are the checks of a profile that can be carried out.
func implemented(t *testing.T, profile Profile) []Check {
	t.Helper()
	sel := Selection{}
	all, err := sel.Choose(Catalogue(), profile)
	require.NoError(t, err)
	var runnable []Check
	for _, c := range all {
		if c.Implemented {
			runnable = append(runnable, c)
		}
	}
	return runnable
}

// runEach runs the suite against a server for each defect, many at a time: they
// mostly wait. It returns what was found in each.
func runEach(t *testing.T, defects map[string]string, prepare func(defect string) (Config, []Check)) map[string][]string {
	t.Helper()
	if testing.Short() {
		t.Skip("tens of runs of the whole suite")
	}
	var mu sync.Mutex
	got := map[string][]string{}
	var all sync.WaitGroup
	places := make(chan struct{}, 16)
	for defect := range defects {
		cfg, checks := prepare(defect)
		all.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			report, err := Run(t.Context(), cfg, checks)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
				return
			}
			for _, r := range report.Results {
				if r.Got != "" {
					got[defect] = append(got[defect], r.ID)
					t.Logf("%s: %s got %s", defect, r.ID, r.Got)
				}
			}
		})
	}
	all.Wait()
	return got
}
