package reward

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func work(login string, fee int, done int64) Work { return Work{login, fee, big.NewInt(done)} }

func TestProportional(t *testing.T) {
	for name, c := range map[string]struct {
		amount uint64
		work   []Work
		want   Split
	}{
		"even":             {100, []Work{work("a", 0, 1), work("b", 0, 1)}, Split{[]Credit{{"a", 50}, {"b", 50}}, 0}},
		"odd unit by name": {101, []Work{work("b", 0, 1), work("a", 0, 1)}, Split{[]Credit{{"a", 51}, {"b", 50}}, 0}},
		"largest remainder": {10, []Work{work("a", 0, 1), work("b", 0, 2), work("c", 0, 3)},
			Split{[]Credit{{"a", 2}, {"b", 3}, {"c", 5}}, 0}},
		"a fee is rounded down": {999, []Work{work("a", 100, 7)}, Split{[]Credit{{"a", 990}}, 9}},
		"two fees of one login": {1000, []Work{work("a", 100, 1), work("a", 0, 1)}, Split{[]Credit{{"a", 995}}, 5}},
		"all is fee":            {5, []Work{work("a", Whole, 1)}, Split{nil, 5}},
		"nothing to divide":     {0, []Work{work("a", 100, 1)}, Split{}},
		"idle miners get none":  {9, []Work{work("a", 0, 0), work("b", 0, 5)}, Split{[]Credit{{"b", 9}}, 0}},
		"the largest reward":    {math.MaxUint64, []Work{work("a", 1, 1)}, Split{[]Credit{{"a", math.MaxUint64 - math.MaxUint64/Whole}}, math.MaxUint64 / Whole}},
	} {
		got, err := Proportional(c.amount, c.work)
		require.NoError(t, err, name)
		require.Equal(t, c.want, got, name)
		require.Equal(t, c.amount, got.Total(), name)
	}
}

func TestRefusals(t *testing.T) {
	_, err := Proportional(1, nil)
	require.ErrorIs(t, err, ErrNoWork)
	_, err = Proportional(1, []Work{work("a", 0, 0)})
	require.ErrorIs(t, err, ErrNoWork)
	for _, fee := range []int{-1, Whole + 1} {
		_, err = Proportional(1, []Work{work("a", fee, 1)})
		require.ErrorIs(t, err, ErrFee)
		_, err = Solo(1, "a", fee)
		require.ErrorIs(t, err, ErrFee)
	}
	_, err = Proportional(1, []Work{work("a", 0, -1)})
	require.Error(t, err)
	_, err = PerShare(1, new(big.Int), []Work{work("a", 0, 1)})
	require.Error(t, err)
	_, err = PerShare(math.MaxUint64, big.NewInt(1), []Work{work("a", 0, 2)})
	require.ErrorContains(t, err, "64 bits")
}

func TestSoloNeverTouchesOthers(t *testing.T) {
	got, err := Solo(600_000_000_001, "finder", 150)
	require.NoError(t, err)
	require.Equal(t, Split{[]Credit{{"finder", 591_000_000_001}}, 9_000_000_000}, got)
}

func TestPerShare(t *testing.T) {
	// A tenth of the difficulty is a tenth of the reward, but for what is
	// less than one unit.
	got, err := PerShare(1009, big.NewInt(1000), []Work{work("a", 200, 60), work("b", 0, 40)})
	require.NoError(t, err)
	require.Equal(t, uint64(100), got.Total())
	require.Equal(t, Split{[]Credit{{"a", 59}, {"b", 40}}, 1}, got)
}

func TestWindow(t *testing.T) {
	w := NewWindow(big.NewInt(100))
	require.NoError(t, w.Add([]Work{work("b", 0, 30), work("a", 0, 30)}))
	require.False(t, w.Full())
	require.NoError(t, w.Add([]Work{work("a", 0, 30), work("c", 0, 30)}))
	require.True(t, w.Full())
	require.NoError(t, w.Add([]Work{work("late", 0, 1000)}))
	got := w.Work()
	require.Equal(t, []Work{work("a", 0, 50), work("b", 0, 30), work("c", 0, 20)}, got)
}

// randomWork is anything from one hobbyist to many farms, with work beyond 64
// bits now and then.
func randomWork(r *rand.Rand) []Work {
	list := make([]Work, 1+r.IntN(12))
	for i := range list {
		done := new(big.Int).SetUint64(r.Uint64() >> r.IntN(64))
		if r.IntN(8) == 0 {
			done.Lsh(done, uint(r.IntN(70)))
		}
		list[i] = Work{fmt.Sprint("m", r.IntN(8)), r.IntN(Whole + 1), done}
	}
	list[0].Done.Add(list[0].Done, big.NewInt(1))
	return list
}

func TestNothingIsLostInRandomCases(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		list, amount := randomWork(r), r.Uint64()>>r.IntN(64)
		got, err := Proportional(amount, list)
		require.NoError(t, err)
		sum := new(big.Int).SetUint64(got.Fees)
		for _, c := range got.Credits {
			sum.Add(sum, new(big.Int).SetUint64(c.Amount))
		}
		require.Equal(t, new(big.Int).SetUint64(amount), sum)
		requireFair(t, amount, list, got)
		shuffled := slices.Clone(list)
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		again, err := Proportional(amount, shuffled)
		require.NoError(t, err)
		require.Equal(t, got, again, "the order does not matter")
	}
}

// requireFair checks that nobody's part is off by more than a unit for each of
// the fees under which a login worked.
func requireFair(t *testing.T, amount uint64, list []Work, got Split) {
	t.Helper()
	total, exact, groups := new(big.Int), map[string]*big.Rat{}, map[string]int64{}
	for _, w := range list {
		total.Add(total, w.Done)
	}
	for _, w := range list {
		part := new(big.Rat).SetFrac(new(big.Int).Mul(new(big.Int).SetUint64(amount), w.Done), total)
		part.Mul(part, big.NewRat(int64(Whole-w.Fee), Whole))
		if exact[w.Login] == nil {
			exact[w.Login] = new(big.Rat)
		}
		exact[w.Login].Add(exact[w.Login], part)
		groups[w.Login]++
	}
	for _, c := range got.Credits {
		off := new(big.Rat).Sub(new(big.Rat).SetInt(new(big.Int).SetUint64(c.Amount)), exact[c.Login])
		require.LessOrEqual(t, off.Abs(off).Cmp(big.NewRat(2*groups[c.Login], 1)), 0)
	}
}

func TestWindowsHoldTheirLimitInRandomCases(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		limit := new(big.Int).SetUint64(1 + r.Uint64()>>r.IntN(64))
		w, offered := NewWindow(limit), new(big.Int)
		for range 1 + r.IntN(6) {
			slice := randomWork(r)
			for _, s := range slice {
				offered.Add(offered, s.Done)
			}
			require.NoError(t, w.Add(slice))
		}
		got := w.Work()
		held := new(big.Int)
		for _, g := range got {
			held.Add(held, g.Done)
		}
		want := offered
		if limit.Cmp(offered) < 0 {
			want = limit
		}
		require.Zero(t, want.Cmp(held), "%s of %s", held, want)
	}
}
