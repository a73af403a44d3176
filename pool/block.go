package pool

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aditmine/adit/pool/coin"
	"github.com/aditmine/adit/pool/ledger"
)

// How a block is handed in: so long per attempt, so often while it is not
// known whether the node has it, waiting twice as long each time.
const (
	blockTimeout  = 30 * time.Second
	blockAttempts = 5
	blockBackoff  = 250 * time.Millisecond
)

// solved handles a share that solves its block: it is written down, sent to
// the node. Its share is booked together with the candidate. A stale one counts
// only if the node takes the block.
func (sub *submission) solved() {
	p, r := sub.session.pool, sub.job.round
	block, err := r.Work.Block(sub.job.extra, sub.nonce[:sub.size])
	if err != nil {
		p.log.Error("a block was found but cannot be put together", "coin", sub.miner.Coin, "height", r.Height, "err", err)
		sub.record(true)
		return
	}
	row := p.writeDown(sub, block)
	sent := make(chan ledger.BlockState, 1)
	p.spawn(func() { sent <- p.handIn(sub, block, row) })
	if sub.stale {
		if state := <-sent; state != ledger.BlockAccepted {
			sub.settle(Stale)
			return
		}
	} else if row != 0 {
		sub.settle(accepted) // it is in the ledger with its block
		return
	}
	sub.record(true)
}

// writeDown puts the candidate into the ledger and returns its row there, 0
// when that failed: the block is worth more than its record, so it is sent all
// the same, and is in the log.
func (p *Pool) writeDown(sub *submission, b coin.Block) int64 {
	r, share := sub.job.round, sub.share(true)
	candidate := ledger.Block{
		Miner: sub.miner, Height: r.Height, Hash: b.Hash, Parent: r.Parent, Template: r.id,
		Difficulty: r.Difficulty.String(), Payload: b.Payload, Found: share.Time, Terms: share.Terms,
	}
	if !sub.stale {
		candidate.Share = &share
	}
	row, err := p.store.AddBlock(context.Background(), candidate)
	if err != nil {
		p.log.Error("a block candidate is not in the ledger", "coin", sub.miner.Coin, "height", r.Height, "hash", b.Hash, "payload", b.Payload, "err", err)
	}
	p.log.Info("block found", "coin", sub.miner.Coin, "height", r.Height, "hash", b.Hash, "login", sub.miner.Login, "worker", sub.miner.Worker, "stale", sub.stale)
	sub.session.port.counters.block(ledger.BlockFound)
	p.deps.Observe(&BlockFound{Coin: sub.miner.Coin, Height: r.Height, Hash: b.Hash, Miner: sub.miner})
	return row
}

// handIn sends a block to the node until it is known what became of it.
func (p *Pool) handIn(sub *submission, b coin.Block, row int64) ledger.BlockState {
	feed := sub.session.feed
	state, detail := p.tryBlock(feed, sub.job.round, b)
	if state == ledger.BlockAccepted {
		feed.solved(sub.job.round)
		p.log.Info("block accepted", "coin", sub.miner.Coin, "height", sub.job.round.Height, "hash", b.Hash)
	} else {
		p.log.Warn("block not accepted", "coin", sub.miner.Coin, "height", sub.job.round.Height, "hash", b.Hash, "state", state, "detail", detail)
	}
	if row != 0 {
		if err := p.store.SettleBlock(context.Background(), row, state, detail, p.deps.Now()); err != nil {
			p.log.Error("the outcome of a block is not in the ledger", "hash", b.Hash, "state", state, "err", err)
		}
	}
	sub.session.port.counters.block(state)
	p.deps.Observe(&BlockSettled{Coin: sub.miner.Coin, Height: sub.job.round.Height, Hash: b.Hash, State: state, Detail: detail})
	return state
}

// tryBlock submits a block, again and again while the answer is lost.
func (p *Pool) tryBlock(f *feed, r *round, b coin.Block) (ledger.BlockState, string) {
	var lost error
	for attempt := range blockAttempts {
		err := p.submitBlock(f, r, b)
		var refused *coin.RefusedError
		switch {
		case err == nil:
			return ledger.BlockAccepted, ""
		case errors.As(err, &refused) && lost == nil:
			return ledger.BlockRefused, refused.Reason
		case errors.As(err, &refused):
			return ledger.BlockUnsure, refused.Reason + "; before that: " + lost.Error()
		}
		if lost == nil || p.hard.Err() == nil { // that the pool ends says nothing of the node
			lost = err
		}
		p.log.Warn("handing in a block failed", "hash", b.Hash, "attempt", attempt+1, "err", err)
		if f.hasBlockOn(r.Parent) {
			break // one in the chain is enough: do not burden a slow node further
		}
		select {
		case <-time.After(blockBackoff << attempt):
		case <-p.hard.Done():
			return ledger.BlockUnsure, lost.Error()
		}
	}
	return ledger.BlockUnsure, lost.Error()
}

// submitBlock hands a block to the node once, when it is this block's turn.
func (p *Pool) submitBlock(f *feed, r *round, b coin.Block) error {
	if !f.handIns.take(p.hard, r.tip) {
		return fmt.Errorf("waiting for the node to take a block: %w", p.hard.Err())
	}
	defer f.handIns.give()
	ctx, cancel := context.WithTimeout(p.hard, blockTimeout)
	defer cancel()
	return f.coin.Submit(ctx, b)
}
