package cpu_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
)

// batchSize is how many shares a pool checks at once here.
const batchSize = 64

// BenchmarkBatch compares checking 64 different shares in one call with
// searching, in turn, and reports the median of the ratios of their rates.
// "nonces" are shares of one job, "blobs" have nothing in common.
func BenchmarkBatch(b *testing.B) {
	for _, name := range []string{"eaglesong", "cn-pico", "cn/upx2", "cn/0", "cn/r"} {
		for _, same := range []bool{true, false} {
			title := name + "/blobs"
			if same {
				title = name + "/nonces"
			}
			b.Run(title, func(b *testing.B) { benchmarkBatch(b, name, same) })
		}
	}
}

func benchmarkBatch(b *testing.B, name string, same bool) {
	a, err := hash.Lookup(name)
	require.NoError(b, err)
	in := batchInputs(a, same)
	out := make([]hash.Digest, len(in))
	h, err := cpu.New(a)
	require.NoError(b, err)
	defer h.Close()
	s, err := cpu.NewSearcher(cpu.SearcherOptions{})
	require.NoError(b, err)
	defer s.Close()
	require.NoError(b, s.SetWork(&hash.Work{
		Algorithm: a, Blob: in[0].Blob, Height: in[0].Height, NonceOffset: a.NonceOffset, NonceSize: min(8, a.NonceSize),
	}))
	var ratios, rates []float64
	for b.Loop() {
		checked := rate(func() uint64 { require.NoError(b, cpu.Hash(h, out, in)); return uint64(len(in)) })
		searched := rate(func() uint64 {
			_, done, err := s.Search(0, math.MaxUint32, nil)
			require.NoError(b, err)
			return done
		})
		ratios, rates = append(ratios, checked/searched), append(rates, checked)
	}
	slices.Sort(ratios)
	slices.Sort(rates)
	b.ReportMetric(ratios[len(ratios)/2], "of-search")
	b.ReportMetric(rates[len(rates)/2], "H/s")
}

// rate calls f for a while and returns how many hashes it did in a second.
func rate(f func() uint64) float64 {
	f()
	hashes, begun := uint64(0), time.Now()
	for hashes == 0 || time.Since(begun) < 20*time.Millisecond {
		hashes += f()
	}
	return float64(hashes) / time.Since(begun).Seconds()
}

func batchInputs(a *hash.Algorithm, same bool) []hash.Input {
	rng := rand.New(rand.NewPCG(1, 2))
	length := 76
	if a.Family == hash.Eaglesong {
		length = 48
	}
	first := make([]byte, length)
	in := make([]hash.Input, batchSize)
	for i := range in {
		blob := slices.Clone(first)
		from, to := a.NonceOffset, a.NonceOffset+min(8, a.NonceSize)
		if !same {
			from, to = 0, length
		}
		for j := from; j < to; j++ {
			blob[j] = byte(rng.Uint32())
		}
		in[i] = hash.Input{Blob: blob, Height: 1788000}
	}
	return in
}
