package nodes

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/pool/coin"
)

var errDown = errors.New("connection refused")

// fakeNode is a node whose every answer a test sets.
type fakeNode struct {
	mu        sync.Mutex
	height    uint64
	branch    string
	unsynced  bool
	fail      error         // of all questions
	noWork    error         // of templates alone
	hang      bool          // no answer before the asker gives up
	submit    error         // answer to a block
	slow      time.Duration // before a block is answered
	late      bool          // a block takes effect, and then the answer is lost
	templates int
	blocks    []string
	closed    bool
}

func (n *fakeNode) set(f func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f()
}

func (n *fakeNode) answer(ctx context.Context) error {
	n.mu.Lock()
	fail, hang := n.fail, n.hang
	n.mu.Unlock()
	if hang {
		<-ctx.Done()
		return ctx.Err()
	}
	return fail
}

func (n *fakeNode) tip() coin.Tip {
	return coin.Tip{Height: n.height, Hash: fmt.Sprint(n.height, n.branch)}
}

func (n *fakeNode) Algorithm() *hash.Algorithm { return nil }
func (n *fakeNode) CheckLogin(string) error    { return nil }
func (n *fakeNode) Close()                     { n.set(func() { n.closed = true }) }

func (n *fakeNode) Status(ctx context.Context) (coin.Status, error) {
	err := n.answer(ctx)
	n.mu.Lock()
	defer n.mu.Unlock()
	return coin.Status{Synced: !n.unsynced, Detail: fmt.Sprintf("height %d", n.height)}, err
}

func (n *fakeNode) Tip(ctx context.Context) (coin.Tip, error) {
	err := n.answer(ctx)
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.tip(), err
}

func (n *fakeNode) Template(ctx context.Context) (*coin.Template, error) {
	err := n.answer(ctx)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.templates++
	if err == nil {
		err = n.noWork
	}
	return &coin.Template{Height: n.height + 1, Parent: n.tip().Hash}, err
}

func (n *fakeNode) Submit(ctx context.Context, b coin.Block) error {
	n.mu.Lock()
	slow, err, late := n.slow, n.submit, n.late
	n.mu.Unlock()
	select {
	case <-time.After(slow):
	case <-ctx.Done():
		return ctx.Err()
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.blocks = append(n.blocks, b.Hash)
	if late {
		n.late = false
		return errDown
	}
	return err
}

func (n *fakeNode) got() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.blocks)
}

// lab is a set of fakes in virtual time, looked at every second.
type lab struct {
	*Set
	nodes []*fakeNode
	news  int
	mu    sync.Mutex
}

func (l *lab) told() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.news
}

// virtually runs a test on n nodes at height 100, all well.
func virtually(t *testing.T, n int, test func(t *testing.T, l *lab)) {
	synctest.Test(t, func(t *testing.T) {
		l := &lab{}
		var members []Member
		for i := range n {
			node := &fakeNode{height: 100}
			l.nodes = append(l.nodes, node)
			members = append(members, Member{URL: string(rune('a' + i)), Coin: node})
		}
		l.Set = New(Config{Name: "c", Members: members, Poll: time.Second, Log: slog.New(slog.DiscardHandler), Now: time.Now})
		l.Start(func() {
			l.mu.Lock()
			l.news++
			l.mu.Unlock()
		})
		defer func() {
			l.Set.Close()
			for _, node := range l.nodes {
				require.True(t, node.closed)
			}
		}()
		synctest.Wait()
		test(t, l)
	})
}

// used is the URL of the node in use, "" for none.
func (l *lab) usedNode() string {
	for _, s := range l.States() {
		if s.Used {
			return s.URL
		}
	}
	return ""
}
