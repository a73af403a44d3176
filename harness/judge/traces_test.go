package judge

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/harness/trace"
	"github.com/aditmine/adit/harness/wire"
	"github.com/aditmine/adit/hash/cpu"
)

// ledgers are what the pools of recorded sessions had in their books at the
// end.
var ledgers = map[string]struct {
	shares   int
	credited uint64
}{
	"ckb-simnode.mtrace.gz":    {shares: 89, credited: 42_794_063},
	"monero-testnet.mtrace.gz": {shares: 54, credited: 54},
	"monero-e2e.mtrace.gz":     {shares: 257, credited: 2311},
}

// TestRecordedSessions judges every recorded trace: no verdict was false, no
// reason wrong, and the accepted shares are those of the pool's ledger.
func TestRecordedSessions(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "testdata", "traces", "*.mtrace*"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			info, err := os.Stat(file)
			require.NoError(t, err)
			require.Less(t, info.Size(), int64(1<<20), "recorded traces are kept small")
			rep := judgeFile(t, file)
			require.True(t, rep.Trace.Complete)
			require.True(t, rep.Trace.Redacted)
			require.Zero(t, rep.Trace.Dropped)
			require.True(t, rep.Agreed(), "%+v", rep.Listed)
			require.Empty(t, rep.Listed)
			require.Empty(t, rep.Unjudged)
			require.Positive(t, rep.Findings[Agrees])
			checkLedger(t, name, rep)
		})
	}
}

func judgeFile(t *testing.T, file string) *Report {
	t.Helper()
	r, err := trace.Open(file, trace.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, r.Close()) }()
	if slow > 1 && r.Header().Algo != "eaglesong" {
		t.Skip("the race detector makes CryptoNight take too long")
	}
	rep, err := Judge(t.Context(), r, Options{Hasher: cpu.New, Workers: 2})
	require.NoError(t, err)
	return rep
}

// checkLedger compares with the pool's books where they are known.
func checkLedger(t *testing.T, name string, rep *Report) {
	book, known := ledgers[name]
	if !known {
		return
	}
	accepted := 0
	for _, c := range rep.Matrix {
		if c.Verdict == wire.Accepted {
			accepted += c.Count
		}
	}
	require.Equal(t, book.shares, accepted)
	require.Equal(t, book.credited, rep.Credited)
}
