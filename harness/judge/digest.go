package judge

import (
	"context"
	"fmt"
	"math"
	"sync"

	"github.com/aditmine/adit/hash"
)

// hashAll computes the digest of every share that can have one, and notes why
// of those that cannot.
func hashAll(ctx context.Context, shares []*share, opts *Options) error {
	groups := make(map[*hash.Algorithm]*group)
	for _, s := range shares {
		s.unknown = s.unhashable()
		if s.unknown != "" || s.submit.Malformed != nil || s.submit.Job == nil {
			continue
		}
		a := s.submit.Job.Algo
		if groups[a] == nil {
			groups[a] = &group{algorithm: a}
		}
		groups[a].shares = append(groups[a].shares, s)
	}
	for _, g := range groups {
		g.hash(ctx, opts)
	}
	return ctx.Err()
}

// group is the shares of one algorithm that have not been hashed yet.
type group struct {
	algorithm *hash.Algorithm

	mu     sync.Mutex
	shares []*share
}

// take removes up to n shares.
func (g *group) take(n int) []*share {
	g.mu.Lock()
	defer g.mu.Unlock()
	n = min(n, len(g.shares))
	taken := g.shares[:n]
	g.shares = g.shares[n:]
	return taken
}

// hash works through the group with as many hashers as there are workers.
func (g *group) hash(ctx context.Context, opts *Options) {
	var workers sync.WaitGroup
	for range min(opts.Workers, len(g.shares)) {
		workers.Go(func() {
			h, err := opts.Hasher(g.algorithm)
			if err != nil {
				g.giveUp(err)
				return
			}
			defer h.Close()
			for ctx.Err() == nil {
				batch := g.take(h.Lanes())
				if len(batch) == 0 {
					return
				}
				hashBatch(h, batch)
			}
		})
	}
	workers.Wait()
}

// giveUp leaves what is left unhashed.
func (g *group) giveUp(err error) {
	for _, s := range g.take(math.MaxInt) {
		s.unknown = fmt.Sprintf("it cannot be hashed here: %v", err)
	}
}

// hashBatch hashes as many shares as the hasher has lanes. Where one is an
// input that the algorithm does not take, each is tried alone.
func hashBatch(h hash.Hasher, batch []*share) {
	in, out := make([]hash.Input, len(batch)), make([]hash.Digest, len(batch))
	for i, s := range batch {
		in[i] = hash.Input{Blob: s.submit.Job.Message(s.submit.Nonce), Height: s.submit.Job.Height}
	}
	if err := h.Hash(out, in); err != nil {
		if len(batch) == 1 {
			batch[0].unknown = fmt.Sprintf("it cannot be hashed here: %v", err)
			return
		}
		for i := range batch {
			hashBatch(h, batch[i:i+1])
		}
		return
	}
	for i, s := range batch {
		s.digest, s.hashed = out[i], true
	}
}
