package nodes

import (
	"context"

	"github.com/aditmine/adit/pool/coin"
	"github.com/aditmine/adit/pool/unlock"
)

// Chain is the nodes of a set as the unlocking of blocks sees them: it asks the
// best one, and the next when that cannot answer. It implements unlock.Chain.
type Chain struct {
	set    *Set
	chains []unlock.Chain
}

// NewChain joins the chains of a set's members, in their order. Closing it
// closes them, and not the set.
func NewChain(s *Set, chains []unlock.Chain) *Chain { return &Chain{set: s, chains: chains} }

// ask tries f on the nodes that are well, in their order.
func ask[T any](ctx context.Context, c *Chain, f func(unlock.Chain) (T, error)) (T, error) {
	var nothing T
	c.set.mu.Lock()
	ranked, err := c.set.ranked(), c.set.noNode()
	c.set.mu.Unlock()
	if err != nil {
		return nothing, err
	}
	var failed []error
	for _, i := range ranked {
		got, err := f(c.chains[i])
		if err == nil {
			return got, nil
		}
		failed = append(failed, c.set.at(i, err))
		if ctx.Err() != nil {
			break
		}
	}
	return nothing, join(failed)
}

// Look implements unlock.Chain.
func (c *Chain) Look(ctx context.Context, hash string, height uint64) (unlock.Sight, error) {
	return ask(ctx, c, func(n unlock.Chain) (unlock.Sight, error) { return n.Look(ctx, hash, height) })
}

// Price implements unlock.Chain.
func (c *Chain) Price(ctx context.Context, height uint64) (unlock.Price, bool, error) {
	known := false
	price, err := ask(ctx, c, func(n unlock.Chain) (p unlock.Price, err error) {
		p, known, err = n.Price(ctx, height)
		return p, err
	})
	return price, known, err
}

// Tip implements unlock.Chain.
func (c *Chain) Tip(ctx context.Context) (coin.Tip, error) {
	return ask(ctx, c, func(n unlock.Chain) (coin.Tip, error) { return n.Tip(ctx) })
}

// Close implements unlock.Chain.
func (c *Chain) Close() {
	for _, n := range c.chains {
		n.Close()
	}
}
