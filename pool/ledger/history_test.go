package ledger

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/pool/reward"
)

func TestHistory(t *testing.T) {
	onEachStore(t, func(t *testing.T, place placer) {
		ctx, start := context.Background(), time.UnixMilli(1_700_000_000_000)
		s, err := Open(ctx, place(t), start)
		require.NoError(t, err)
		defer s.Close()
		at := func(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }
		first := HistoryPoint{Coin: "a", At: at(0), Hashrate: 1 << 40, Miners: 2, Workers: 3, Difficulty: 1 << 62}
		other := HistoryPoint{Coin: "b", At: at(0), Hashrate: 7}
		require.NoError(t, s.AddHistory(ctx, []HistoryPoint{first, other}, at(-60)))
		again := first
		again.Hashrate = 1
		require.NoError(t, s.AddHistory(ctx, []HistoryPoint{again}, at(-60)), "the same moment twice")
		points, err := s.History(ctx, at(0))
		require.NoError(t, err)
		require.ElementsMatch(t, []HistoryPoint{first, other}, points)

		later := HistoryPoint{Coin: "a", At: at(90), Hashrate: 5}
		require.NoError(t, s.AddHistory(ctx, []HistoryPoint{later}, at(30)))
		points, err = s.History(ctx, at(-1000))
		require.NoError(t, err)
		require.Equal(t, []HistoryPoint{other, later}, points, "the old point of the same coin is gone")
		points, err = s.History(ctx, at(91))
		require.NoError(t, err)
		require.Empty(t, points)
	})
}

func TestRoundWork(t *testing.T) {
	onEachStore(t, func(t *testing.T, place placer) {
		ctx, now := context.Background(), time.UnixMilli(1_700_000_000_000)
		s, err := Open(ctx, place(t), now)
		require.NoError(t, err)
		defer s.Close()
		share := func(height uint64, scheme reward.Scheme, difficulty uint64) Share {
			return Share{Miner: Miner{Coin: "a", Login: "m"}, Height: height, Difficulty: difficulty, Time: now, Terms: Terms{Scheme: scheme}}
		}
		const most = 1 << 62 // two of them do not fit 63 bits
		require.NoError(t, s.AppendShares([]Share{share(1, "", most), share(1, "", most), share(1, reward.SOLO, 5)}))
		_, err = s.AddBlock(ctx, Block{Miner: Miner{Coin: "a", Login: "m"}, Height: 1, Hash: "h", Difficulty: "1", Found: now})
		require.NoError(t, err)
		require.NoError(t, s.AppendShares([]Share{share(2, "", 11)}))
		check := func(newest int, want ...float64) {
			t.Helper()
			rounds, err := s.RoundWork(ctx, newest)
			require.NoError(t, err)
			var got []float64
			for _, r := range rounds {
				got = append(got, r.Work)
				require.Equal(t, r.Work < most, r.Live)
			}
			require.ElementsMatch(t, want, got)
		}
		check(100, 2*most, 5, 11)
		check(0, 5, 11)
		require.NoError(t, s.RollUp(ctx, now.Add(time.Hour)))
		check(100, 2*most, 5, 11)
	})
}

func TestBlocksBefore(t *testing.T) {
	onEachStore(t, func(t *testing.T, place placer) {
		ctx, now := context.Background(), time.UnixMilli(1_700_000_000_000)
		s, err := Open(ctx, place(t), now)
		require.NoError(t, err)
		defer s.Close()
		for i, coin := range []string{"a", "b", "a", "a"} {
			id, err := s.AddBlock(ctx, Block{Miner: Miner{Coin: coin, Login: "m"}, Height: uint64(i), Hash: string(rune('0' + i)), Payload: "large", Difficulty: "1", Found: now})
			require.NoError(t, err)
			require.NoError(t, s.SettleBlock(ctx, id, BlockAccepted, "", now))
		}
		heights := func(coin string, id int64, limit int) (list []uint64) {
			blocks, err := s.BlocksBefore(ctx, coin, id, limit)
			require.NoError(t, err)
			for _, b := range blocks {
				require.Empty(t, b.Payload)
				list = append(list, b.Height)
			}
			return list
		}
		require.Equal(t, []uint64{3, 2, 1, 0}, heights("", 0, 10))
		require.Equal(t, []uint64{3, 2}, heights("a", 0, 2))
		all, err := s.BlocksBefore(ctx, "", 0, 10)
		require.NoError(t, err)
		require.Equal(t, []uint64{0}, heights("a", all[1].ID, 2))
		counts, err := s.BlockCounts(ctx)
		require.NoError(t, err)
		require.Equal(t, []BlockCount{{"a", reward.PPLNS, BlockAccepted, 3}, {"b", reward.PPLNS, BlockAccepted, 1}}, counts)
	})
}
