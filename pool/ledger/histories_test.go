package ledger

import (
	"flag"
	"fmt"
	"maps"
	"math/big"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/pool/reward"
)

// histories is how many random histories are played.
var histories = flag.Int("histories", defaultHistories, "how many random histories to play")

const (
	historySteps = 60
	// perLedger is how many histories share a ledger, each with a coin of its
	// own: they must not touch each other either.
	perLedger = 8
)

// player plays one history on a ledger, beside a model of what must come out.
type player struct {
	*DB
	t    *testing.T
	coin string
	r    *rand.Rand
	// rolls says whether it rolls shares up; the results are the same.
	rolls bool

	ticks   int
	height  uint64
	open    []*modelBlock
	payouts []int64

	shares  map[string]uint64 // accepted, by login
	divided int64             // rewards of unlocked blocks
	live    *modelRound       // of PROP
}

// modelRound is a PROP round: its shares, and the round that was given them.
type modelRound struct {
	work map[string]uint64
	heir *modelRound
	paid bool
	all  *[]*modelRound
}

type modelBlock struct {
	id     int64
	scheme reward.Scheme
	finder string
	lost   bool
	round  *modelRound
}

func newPlayer(t *testing.T, db *DB, seed uint64, rolls bool) *player {
	p := &player{DB: db, t: t, coin: fmt.Sprint("coin", seed), r: rand.New(rand.NewPCG(seed, 7)), rolls: rolls, height: 1, shares: make(map[string]uint64)}
	p.live = &modelRound{work: make(map[string]uint64), all: new([]*modelRound)}
	*p.live.all = append(*p.live.all, p.live)
	return p
}

func (p *player) now() time.Time {
	p.ticks++
	return someTime.Add(time.Duration(p.ticks) * time.Second)
}

func (p *player) someone() string { return fmt.Sprint("m", p.r.IntN(5)) }

func (p *player) play() {
	for range historySteps {
		switch n := p.r.IntN(24); {
		case n < 10:
			p.share()
		case n < 12:
			p.height++
		case n < 15:
			p.find()
		case n == 15:
			p.settlePPS()
		case n == 16:
			if at := p.now(); p.rolls {
				require.NoError(p.t, p.RollUp(p.t.Context(), at))
			}
		case n < 19:
			p.payOut()
		case len(p.open) > 0:
			p.decide(p.r.IntN(len(p.open)))
		}
	}
}

func (p *player) newShare(login string, scheme reward.Scheme, difficulty uint64, block bool) Share {
	p.shares[login]++
	if scheme == reward.PROP {
		p.live.work[login] += difficulty
	}
	return Share{Miner: Miner{Coin: p.coin, Login: login}, Height: p.height, Difficulty: difficulty, Time: p.now(), Block: block, Terms: Terms{scheme, 100}}
}

func (p *player) share() {
	sh := p.newShare(p.someone(), reward.Schemes()[p.r.IntN(4)], 1+p.r.Uint64N(90), false)
	require.NoError(p.t, p.AppendShares([]Share{sh}))
}

func (p *player) find() {
	b := &modelBlock{scheme: reward.Schemes()[p.r.IntN(4)], finder: p.someone(), round: p.live}
	sh := p.newShare(b.finder, b.scheme, 10, true)
	var err error
	b.id, err = p.AddBlock(p.t.Context(), Block{
		Miner: sh.Miner, Height: p.height, Hash: fmt.Sprint(p.coin, "-", p.ticks), Difficulty: "100", Found: p.now(), Terms: sh.Terms, Share: &sh})
	require.NoError(p.t, err)
	p.open = append(p.open, b)
	if b.scheme == reward.PROP {
		p.live = &modelRound{work: make(map[string]uint64), all: p.live.all}
		*p.live.all = append(*p.live.all, p.live)
	}
}

func (p *player) settlePPS() {
	price := PPSPrice{Coin: p.coin, Height: p.height, Hash: "h", Reward: p.r.Uint64N(1e12), Difficulty: big.NewInt(100), At: p.now()}
	require.NoError(p.t, p.SettlePPS(p.t.Context(), price))
}

// decide lets the chain, or the node, say something of a block.
func (p *player) decide(i int) {
	b, ctx, amount := p.open[i], p.t.Context(), p.r.Uint64N(1e12)
	switch p.r.IntN(5) {
	case 0:
		require.NoError(p.t, p.OrphanBlock(ctx, b.id, "lost", p.now()))
		p.lose(b)
	case 1:
		require.NoError(p.t, p.SettleBlock(ctx, b.id, BlockRefused, "no", p.now()))
		p.lose(b)
	case 2:
		require.NoError(p.t, p.NoteDepth(ctx, b.id, 1, p.now()))
		p.regain(b)
	case 3:
		require.NoError(p.t, p.SettleBlock(ctx, b.id, BlockAccepted, "", p.now()))
		p.regain(b)
	default:
		p.unlock(b, amount)
		p.open = slices.Delete(p.open, i, i+1)
	}
}

func (p *player) lose(b *modelBlock) {
	b.lost = true
	if b.scheme == reward.PROP && b.round.heir == nil && !b.round.paid {
		b.round.heir = p.live
	}
}

func (p *player) regain(b *modelBlock) {
	if b.lost && b.scheme == reward.PROP {
		b.round.heir = nil
	}
	b.lost = false
}

// unlock divides a reward and looks at whose balances it changes: under SOLO
// the finder's alone, under PROP as the model says, and never by more or less
// than the reward.
func (p *player) unlock(b *modelBlock, amount uint64) {
	before := p.balances()
	u := Unlock{Reward: amount, Depth: 60, Window: big.NewInt(200), At: p.now()}
	require.NoError(p.t, p.UnlockBlock(p.t.Context(), b.id, u))
	require.NoError(p.t, p.UnlockBlock(p.t.Context(), b.id, u), "a second time changes nothing")
	p.regain(b)
	p.divided += int64(amount)
	after := p.balances()
	credits, sum := make(map[string]int64), int64(0)
	for key, balance := range after {
		change := balance - before[key]
		if key.Kind != Rewards {
			sum += change
		}
		if key.Kind == Owed && change != 0 {
			credits[key.Login] = change
		}
	}
	require.EqualValues(p.t, amount, sum, "credits and fees are the reward")
	switch b.scheme {
	case reward.SOLO:
		delete(credits, b.finder)
		require.Empty(p.t, credits, "SOLO touches nobody else")
	case reward.PPS:
		require.Empty(p.t, credits, "PPS blocks are the fund's")
	case reward.PROP:
		require.Equal(p.t, p.propCredits(b, amount), credits)
	}
}

// propCredits divides a reward by the model.
func (p *player) propCredits(b *modelBlock, amount uint64) map[string]int64 {
	tally := reward.NewTally()
	for _, round := range *b.round.all {
		at := round
		for at.heir != nil {
			at = at.heir
		}
		if at != b.round {
			continue
		}
		round.paid = true
		for login, work := range round.work {
			tally.Add(reward.Work{Login: login, Fee: 100, Done: new(big.Int).SetUint64(work)})
		}
	}
	split, err := reward.Proportional(amount, tally.Work())
	require.NoError(p.t, err)
	want := make(map[string]int64)
	for _, c := range split.Credits {
		if c.Amount > 0 {
			want[c.Login] += int64(c.Amount)
		}
	}
	return want
}

// payOut begins a payout, or takes one a step further.
func (p *player) payOut() {
	ctx, at := p.t.Context(), p.now()
	if n := len(p.payouts); n > 0 && p.r.IntN(3) > 0 {
		o, err := p.PayoutByID(ctx, p.payouts[p.r.IntN(n)])
		require.NoError(p.t, err)
		next := o.State.next()
		if len(next) == 0 {
			return
		}
		move := PayoutMove{From: o.State, To: next[p.r.IntN(len(next))], At: at}
		if move.To == PayoutPrepared {
			move.Draft = &PayoutDraft{TxHash: fmt.Sprint(p.coin, at), Metadata: "m", Fee: 3, Withheld: make([]uint64, len(o.Entries))}
		}
		require.NoError(p.t, p.MovePayout(ctx, o.ID, move))
		require.ErrorIs(p.t, p.MovePayout(ctx, o.ID, PayoutMove{From: PayoutState("none"), To: PayoutSent, At: at}), ErrMoved)
		return
	}
	payable, err := p.Payables(ctx, p.coin)
	require.NoError(p.t, err)
	if len(payable) == 0 {
		return
	}
	who := payable[p.r.IntN(len(payable))]
	_, err = p.CreatePayout(ctx, p.coin, []PayoutEntry{{Login: who.Login, Amount: who.Owed + 1}}, at)
	require.ErrorIs(p.t, err, ErrShort)
	o, err := p.CreatePayout(ctx, p.coin, []PayoutEntry{{Login: who.Login, Amount: 1 + p.r.Uint64N(who.Owed)}}, at)
	require.NoError(p.t, err)
	p.payouts = append(p.payouts, o.ID)
}

// balances are the accounts of the history's coin.
func (p *player) balances() map[Balance]int64 {
	p.t.Helper()
	list, err := p.Balances(p.t.Context())
	require.NoError(p.t, err)
	got := make(map[Balance]int64)
	for _, b := range list {
		if b.Coin == p.coin {
			got[Balance{Kind: b.Kind, Login: b.Login}] = b.Amount
		}
	}
	return got
}

// outcome is what the history came to, the same on every store.
func (p *player) outcome() string {
	ctx := p.t.Context()
	accounts, sum := p.balances(), int64(0)
	for _, amount := range accounts {
		sum += amount
	}
	require.Zero(p.t, sum, "all accounts of a coin sum to nothing")
	require.Equal(p.t, -p.divided, accounts[Balance{Kind: Rewards}])
	totals, err := p.Totals(ctx)
	require.NoError(p.t, err)
	shares, text := make(map[string]uint64), ""
	for _, total := range totals {
		if total.Coin == p.coin {
			shares[total.Login] = total.Shares
			text += fmt.Sprintln(total.Login, total.Shares, total.Blocks, total.Difficulty, total.Last)
		}
	}
	require.Equal(p.t, p.shares, shares, "every share is there once")
	blocks, err := p.Blocks(ctx, 1<<20)
	require.NoError(p.t, err)
	for _, b := range blocks {
		if b.Coin == p.coin {
			text += fmt.Sprintln(b.Hash, b.State, b.Depth, b.Reward, b.Restored)
		}
	}
	keys := slices.SortedFunc(maps.Keys(accounts), func(a, b Balance) int {
		return compareMiners(Miner{string(a.Kind), a.Login, "", ""}, Miner{string(b.Kind), b.Login, "", ""})
	})
	for _, k := range keys {
		text += fmt.Sprintln(k.Kind, k.Login, accounts[k])
	}
	return text
}

func requireSound(t *testing.T, db *DB) {
	t.Helper()
	found, err := db.Audit(t.Context())
	require.NoError(t, err)
	require.Empty(t, found)
}

// Random histories of shares, blocks, orphans, restorations, settlements,
// payouts and roll-ups: what must always hold does, and a ledger that does not
// roll up agrees.
func TestRandomHistories(t *testing.T) {
	dir := t.TempDir()
	var plain, rolled *DB
	for seed := range uint64(*histories) {
		if seed%perLedger == 0 {
			for _, old := range []*DB{plain, rolled} {
				if old != nil {
					require.NoError(t, old.Close())
					removeLedger(old.name)
				}
			}
			plain, rolled = openFast(t, dir, seed, "plain"), openFast(t, dir, seed, "rolled")
		}
		p, r := newPlayer(t, plain, seed, false), newPlayer(t, rolled, seed, true)
		p.play()
		r.play()
		require.Equal(t, p.outcome(), r.outcome(), "seed %d", seed)
		if seed%perLedger == perLedger-1 {
			requireSound(t, plain)
			requireSound(t, rolled)
		}
	}
	requireSound(t, plain)
	requireSound(t, rolled)
}

// openFast opens a new ledger that need not survive.
func openFast(t *testing.T, dir string, seed uint64, name string) *DB {
	db := open(t, filepath.Join(dir, fmt.Sprintf("%s-%d.db", name, seed)))
	_, err := db.db.Exec(`PRAGMA synchronous = OFF`)
	require.NoError(t, err)
	return db
}

// Both stores come to the same.
func TestStoresAgreeOnRandomHistories(t *testing.T) {
	lite, server := openFast(t, t.TempDir(), 0, "l"), open(t, inPostgres(t))
	for seed := range uint64(min(max(*histories/10, 5), 300)) {
		p, r := newPlayer(t, lite, seed, seed%2 == 0), newPlayer(t, server, seed, true)
		p.play()
		r.play()
		require.Equal(t, p.outcome(), r.outcome(), "seed %d", seed)
		if seed%20 == 19 {
			requireSound(t, lite)
			requireSound(t, server)
		}
	}
	requireSound(t, server)
}
