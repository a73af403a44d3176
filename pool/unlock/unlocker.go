package unlock

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"time"

	"github.com/aditmine/adit/pool/coin"
	"github.com/aditmine/adit/pool/ledger"
)

// keepShares is how long shares are kept one by one.
const keepShares = time.Minute

// stepTime bounds what is asked about one block.
const stepTime = time.Minute

// Config is an unlocker of one coin. Every field must be set.
type Config struct {
	Coin  string
	Chain Chain
	// Submit hands a block to the node.
	Submit func(ctx context.Context, b coin.Block) error
	Store  ledger.Accountant
	// Settle records what the node says of a block that is handed in again.
	Settle func(ctx context.Context, id int64, state ledger.BlockState, detail string, at time.Time) error
	// Confirmations is how many blocks must lie above one, to count it as well
	// as to write it off.
	Confirmations uint64
	// Interval is the time between two looks.
	Interval time.Duration
	// Window is the size of a PPLNS window, in hundredths of the network's
	// difficulty at the block.
	Window int
	Log    *slog.Logger
	Now    func() time.Time
}

// Unlocker follows the blocks of one coin.
type Unlocker struct {
	cfg Config
}

// New makes an unlocker.
func New(cfg Config) *Unlocker { return &Unlocker{cfg: cfg} }

// Run looks after blocks until ctx ends. before are the candidates that were
// there when the pool started: they are reconciled first.
func (u *Unlocker) Run(ctx context.Context, before []ledger.Block) {
	for {
		before = u.reconcile(ctx, before)
		if err := u.Pass(ctx); err != nil && ctx.Err() == nil {
			u.cfg.Log.Warn("blocks could not all be looked after; trying again", "coin", u.cfg.Coin, "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(u.cfg.Interval):
		}
	}
}

// Pass looks at every block whose fate is open, pays PPS shares that are due,
// and rolls up old shares. One block's trouble does not keep the others; the
// error is of all that failed.
func (u *Unlocker) Pass(ctx context.Context) error {
	tip, err := u.cfg.Chain.Tip(ctx)
	if err != nil {
		return fmt.Errorf("asking for the tip: %w", err)
	}
	lostFrom := tip.Height - min(tip.Height, 3*u.cfg.Confirmations)
	blocks, err := u.cfg.Store.Candidates(ctx, u.cfg.Coin, lostFrom)
	if err != nil {
		return err
	}
	var failed []error
	for _, b := range blocks {
		if b.State == ledger.BlockFound && tip.Height < b.Height+u.cfg.Confirmations {
			continue // on its way to the node, or waiting to be reconciled
		}
		if err := u.look(ctx, b); err != nil {
			failed = append(failed, fmt.Errorf("block %s at height %d: %w", b.Hash, b.Height, err))
		}
	}
	failed = append(failed, u.payShares(ctx, tip.Height), u.cfg.Store.RollUp(ctx, u.cfg.Now().Add(-keepShares)))
	return errors.Join(failed...)
}

// look finds out where a block is and acts on it.
func (u *Unlocker) look(ctx context.Context, b ledger.Block) error {
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	sight, err := u.cfg.Chain.Look(ctx, b.Hash, b.Height)
	if err != nil {
		return err
	}
	deep := sight.Depth >= u.cfg.Confirmations
	switch sight.Place {
	case InChain:
		if deep && sight.Mature {
			return u.unlock(ctx, b, sight)
		}
		return u.cfg.Store.NoteDepth(ctx, b.ID, sight.Depth, u.cfg.Now())
	case Beside, Unknown:
		if deep && b.State != ledger.BlockOrphaned && b.State != ledger.BlockRefused {
			return u.orphan(ctx, b, sight)
		}
	}
	return nil
}

// unlock has the reward divided.
func (u *Unlocker) unlock(ctx context.Context, b ledger.Block, s Sight) error {
	window, ok := new(big.Int).SetString(b.Difficulty, 10)
	if !ok {
		return fmt.Errorf("its difficulty %q is not a number", b.Difficulty)
	}
	window.Mul(window, big.NewInt(int64(u.cfg.Window))).Quo(window, big.NewInt(100))
	if window.Sign() == 0 {
		window.SetInt64(1)
	}
	err := u.cfg.Store.UnlockBlock(ctx, b.ID, ledger.Unlock{Reward: s.Reward, Depth: s.Depth, Window: window, At: u.cfg.Now()})
	if err != nil {
		return err
	}
	u.cfg.Log.Info("block unlocked", "coin", u.cfg.Coin, "height", b.Height, "hash", b.Hash, "reward", s.Reward, "depth", s.Depth, "scheme", b.Scheme)
	return nil
}

func (u *Unlocker) orphan(ctx context.Context, b ledger.Block, s Sight) error {
	detail := fmt.Sprintf("the chain has %s at its height, %d deep", s.Other, s.Depth)
	if err := u.cfg.Store.OrphanBlock(ctx, b.ID, detail, u.cfg.Now()); err != nil {
		return err
	}
	u.cfg.Log.Warn("block orphaned", "coin", u.cfg.Coin, "height", b.Height, "hash", b.Hash, "instead", s.Other)
	return nil
}

// payShares pays the PPS shares of heights that are deep enough.
func (u *Unlocker) payShares(ctx context.Context, tip uint64) error {
	if tip < u.cfg.Confirmations {
		return nil
	}
	heights, err := u.cfg.Store.PendingPPS(ctx, u.cfg.Coin, tip-u.cfg.Confirmations)
	if err != nil {
		return err
	}
	for _, height := range heights {
		price, known, err := u.cfg.Chain.Price(ctx, height)
		if err != nil {
			return fmt.Errorf("asking what height %d was worth: %w", height, err)
		}
		if !known {
			continue
		}
		err = u.cfg.Store.SettlePPS(ctx, ledger.PPSPrice{
			Coin: u.cfg.Coin, Height: height, Hash: price.Hash, Reward: price.Reward, Difficulty: price.Difficulty, At: u.cfg.Now(),
		})
		if err != nil {
			return err
		}
	}
	return nil
}
