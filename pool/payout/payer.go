package payout

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/aditmine/adit/chain/cryptonote"
	"github.com/aditmine/adit/pool/ledger"
)

const (
	// followEvery is the longest time between two looks at payouts under way.
	followEvery = 30 * time.Second
	// stepTime bounds what is asked of the wallet about one payout.
	stepTime = 5 * time.Minute
	// maxAttempts is how often a transaction is handed out that the history
	// does not show, before a person is asked.
	maxAttempts = 20
	// forgetAfter is how long networks keep a transaction that is in no block.
	forgetAfter = 24 * time.Hour
	// refusedFor is how long a payee is left out whom the wallet refused.
	refusedFor = time.Hour
)

// Config is a payer of one coin. Wallet, Store, Payee, Log and Now must be set.
type Config struct {
	Coin   string
	Wallet Wallet
	Store  ledger.PayoutStore
	Rules  Rules
	// Payee reads a login.
	Payee func(login string) (cryptonote.Payee, error)
	// MinersPayFees takes the network's fee from what is sent, not from the
	// pool's fees.
	MinersPayFees bool
	// Confirmations is how deep in the chain a payout counts as paid.
	Confirmations uint64
	// Interval is the time between two runs.
	Interval time.Duration
	Log      *slog.Logger
	Now      func() time.Time
}

// Payer pays the miners of one coin. Its methods are for one goroutine.
type Payer struct {
	cfg Config

	unfinished bool                 // the last run has left somebody waiting
	targets    int                  // payees of a transaction in this run
	most       uint64               // amount of a transaction in this run, 0 is any
	refused    map[string]time.Time // logins that the wallet refused, until when
	said       string               // the last reason for waiting, to say it once

	unlocked uint64   // what the wallet could spend when it was asked last
	poor     struct { // when it had not enough: for so much, having so much unlocked
		amount, unlocked uint64
	}
}

// New makes a payer.
func New(cfg Config) *Payer { return &Payer{cfg: cfg, refused: make(map[string]time.Time)} }

// Run pays until ctx ends.
func (p *Payer) Run(ctx context.Context) {
	for {
		if err := p.Pass(ctx); err != nil && ctx.Err() == nil {
			p.cfg.Log.Warn("payouts could not all be looked after; trying again", "coin", p.cfg.Coin, "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(min(p.cfg.Interval, followEvery)):
		}
	}
}

// Pass follows the payouts that are under way, and begins new ones when they
// are due.
func (p *Payer) Pass(ctx context.Context) error {
	if err := p.Follow(ctx); err != nil {
		return err
	}
	due, err := p.due(ctx)
	if err != nil || !due {
		return err
	}
	return p.Pay(ctx)
}

// due reports whether it is time for a run. The time of the last one is in the
// ledger, so that a restart is no reason to pay.
func (p *Payer) due(ctx context.Context) (bool, error) {
	if p.unfinished {
		return true, nil
	}
	last, err := p.cfg.Store.Payouts(ctx, ledger.PayoutQuery{Coin: p.cfg.Coin, Limit: 1})
	if err != nil || len(last) == 0 {
		return err == nil, err
	}
	return p.cfg.Now().Sub(last[0].Created) >= p.cfg.Interval, nil
}

// Follow takes every payout under way as far as it comes. One's trouble does
// not keep the others; the error is of all that failed.
func (p *Payer) Follow(ctx context.Context) error {
	open, err := p.cfg.Store.Payouts(ctx, ledger.PayoutQuery{Coin: p.cfg.Coin, Open: true})
	if err != nil {
		return err
	}
	var failed []error
	for _, payout := range open {
		if err := p.follow(ctx, payout); err != nil {
			failed = append(failed, fmt.Errorf("payout %d (%s): %w", payout.ID, payout.State, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(failed...)
}

// Plan says who would be paid now.
func (p *Payer) Plan(ctx context.Context) (Plan, error) {
	list, err := p.cfg.Store.Payables(ctx, p.cfg.Coin)
	if err != nil {
		return Plan{}, err
	}
	now := p.cfg.Now()
	list = slices.DeleteFunc(list, func(l ledger.Payable) bool { return now.Before(p.refused[l.Login]) })
	rules := p.cfg.Rules
	if p.targets > 0 {
		rules.MaxTargets = min(rules.MaxTargets, p.targets)
	}
	if p.most > 0 && (rules.MaxAmount == 0 || p.most < rules.MaxAmount) {
		rules.MaxAmount = p.most
	}
	return MakePlan(rules, list, p.cfg.Payee), nil
}

// Pay begins payouts for all who are due: one transaction after the other, each
// paid whole or not at all. It stops when the wallet is short, or when what
// became of a payout is not known yet; the next pass goes on.
func (p *Payer) Pay(ctx context.Context) error {
	if wait, err := p.mustWait(ctx); err != nil || wait != "" {
		p.unfinished = err == nil && p.unfinished
		p.say(wait)
		return err
	}
	p.targets, p.most, p.unfinished = p.cfg.Rules.MaxTargets, 0, true
	plan, err := p.Plan(ctx)
	if err != nil {
		return err
	}
	p.complain(plan.Skipped)
	for ctx.Err() == nil && len(plan.Batches) > 0 {
		more, err := p.payBatch(ctx, plan)
		if err != nil || !more {
			return err
		}
		if plan, err = p.Plan(ctx); err != nil {
			return err
		}
	}
	p.unfinished = ctx.Err() != nil
	return nil
}

// mustWait says what keeps new payouts from beginning, if anything does.
func (p *Payer) mustWait(ctx context.Context) (string, error) {
	pauses, err := p.cfg.Store.PayoutPauses(ctx)
	if err != nil {
		return "", err
	}
	for _, pause := range pauses {
		if pause.Coin == p.cfg.Coin {
			return "payouts are paused: " + pause.Reason, nil
		}
	}
	open, err := p.cfg.Store.Payouts(ctx, ledger.PayoutQuery{Coin: p.cfg.Coin, Open: true})
	if err != nil {
		return "", err
	}
	for _, o := range open {
		switch o.State {
		case ledger.PayoutCreated, ledger.PayoutPrepared, ledger.PayoutSending:
			return fmt.Sprintf("payout %d is %s; no other begins before that is settled", o.ID, o.State), nil
		}
	}
	return "", nil
}

// payBatch pays the first batch of a plan. more reports whether to go on.
func (p *Payer) payBatch(ctx context.Context, plan Plan) (more bool, err error) {
	batch := plan.Batches[0]
	if short, err := p.short(ctx, plan, batch); err != nil || short {
		return false, err
	}
	entries := make([]ledger.PayoutEntry, len(batch))
	for i, item := range batch {
		entries[i] = ledger.PayoutEntry{Login: item.Login, Amount: item.Amount}
	}
	payout, err := p.cfg.Store.CreatePayout(ctx, p.cfg.Coin, entries, p.cfg.Now())
	if err != nil {
		return false, err
	}
	err = p.follow(ctx, payout)
	switch {
	case errors.Is(err, ErrTooLarge), errors.Is(err, ErrPayee):
		p.narrow(batch, err)
		return true, nil
	case errors.Is(err, ErrNotEnough):
		p.poor.amount, p.poor.unlocked = batch.Amount(), p.unlocked
		p.say(err.Error())
		return false, nil
	case err != nil:
		return false, fmt.Errorf("payout %d: %w", payout.ID, err)
	}
	return true, nil
}

// short reports whether the wallet cannot pay a batch now. A wallet that has
// less than all who are due are owed pays nobody: something is wrong with it.
func (p *Payer) short(ctx context.Context, plan Plan, batch Batch) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	b, err := p.cfg.Wallet.Balance(ctx)
	p.unlocked = b.Unlocked
	switch {
	case err != nil:
		return false, fmt.Errorf("asking for the wallet's balance: %w", err)
	case b.Total < plan.Amount():
		p.say(fmt.Sprintf("the wallet has %d atomic units, the miners who are due are owed %d: nobody is paid before it has them", b.Total, plan.Amount()))
		return true, nil
	case batch.Amount() >= p.poor.amount && b.Unlocked <= p.poor.unlocked && p.poor.amount > 0:
		return true, nil // it was not enough with the network's fee; that has been said
	case b.Unlocked < batch.Amount():
		p.say(fmt.Sprintf("the wallet has %d atomic units unlocked, the next transaction needs %d: waiting for the rest to unlock", b.Unlocked, batch.Amount()))
		return true, nil
	}
	return false, nil
}

// narrow makes the transactions of this run smaller after one was refused. One
// of a single payee has its amount halved, or leaves the payee out if it is him
// who is refused.
func (p *Payer) narrow(batch Batch, err error) {
	switch {
	case len(batch) > 1:
		p.targets = len(batch) / 2
	case errors.Is(err, ErrTooLarge) && batch.Amount() > 1:
		p.most = batch.Amount() / 2
	default:
		login := batch[0].Login
		p.refused[login] = p.cfg.Now().Add(refusedFor)
		p.cfg.Log.Error("a miner cannot be paid", "coin", p.cfg.Coin, "login", login, "amount", batch.Amount(), "err", err)
	}
}

// complain names those who are owed enough and cannot be paid.
func (p *Payer) complain(list []Skipped) {
	for _, s := range list {
		p.cfg.Log.Error("a miner cannot be paid", "coin", p.cfg.Coin, "login", s.Login, "amount", s.Owed, "err", s.Err)
	}
}

// say logs why nothing is paid, once for each reason.
func (p *Payer) say(why string) {
	if why != "" && why != p.said {
		p.cfg.Log.Warn("payouts wait", "coin", p.cfg.Coin, "why", why)
	}
	p.said = why
}
