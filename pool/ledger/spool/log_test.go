package spool

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/pool/ledger"
)

var someTime = time.UnixMilli(1_700_000_000_123)

func openLog(t *testing.T, dir string) *Log {
	t.Helper()
	l, err := OpenLog(dir)
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	return l
}

func numbered(n int) *ledger.Batch {
	share := ledger.Share{Miner: ledger.Miner{Coin: "c", Login: "l"}, Session: 1<<64 - 1, Height: uint64(n), Difficulty: 1<<63 - 1, Time: someTime}
	return &ledger.Batch{Instance: 7, Number: uint64(n), Shares: []ledger.Share{share}}
}

func fill(t *testing.T, l *Log, from, to int) {
	t.Helper()
	for n := from; n <= to; n++ {
		require.NoError(t, l.Append(numbered(n)))
	}
}

// take reads what waits, which must be these numbers.
func take(t *testing.T, l *Log, from, to int) {
	t.Helper()
	for n := from; n <= to; n++ {
		list, err := l.Peek()
		require.NoError(t, err)
		require.NotEmpty(t, list, "batch %d is not there", n)
		again, err := l.Peek()
		require.NoError(t, err)
		require.Equal(t, list, again, "they stay until they are popped")
		b := &list[0]
		require.EqualValues(t, n, b.Number)
		require.True(t, b.Shares[0].Time.Equal(someTime))
		b.Shares[0].Time = someTime
		require.Equal(t, numbered(n), b)
		require.NoError(t, l.Pop(1))
	}
}

func TestWhatIsAppendedComesBackInOrder(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, dir)
	list, err := l.Peek()
	require.NoError(t, err)
	require.Empty(t, list)
	fill(t, l, 1, 20)
	take(t, l, 1, 5)
	fill(t, l, 21, 25)
	require.Equal(t, 20, l.Waiting())
	require.NoError(t, l.Close())

	l = openLog(t, dir)
	require.Equal(t, 25, l.Waiting(), "what was read of a file is not remembered, batches have numbers")
	fill(t, l, 26, 30)
	take(t, l, 1, 30)
	require.Zero(t, l.Waiting())
	left, err := filepath.Glob(filepath.Join(dir, "*.spool"))
	require.NoError(t, err)
	require.Empty(t, left)
	fill(t, l, 31, 32)
	take(t, l, 31, 32)
}

func TestManyFiles(t *testing.T) {
	dir := t.TempDir()
	for i := range 5 { // every run begins a file of its own
		l := openLog(t, dir)
		fill(t, l, 10*i+1, 10*i+10)
		require.NoError(t, l.Close())
	}
	l := openLog(t, dir)
	require.Len(t, l.segments, 5)
	fill(t, l, 51, 51)
	take(t, l, 1, 45)
	require.Len(t, l.segments, 2, "read files are removed at once")
	take(t, l, 46, 51)
}

func TestOnlyOneProcess(t *testing.T) {
	dir := t.TempDir()
	openLog(t, dir)
	_, err := OpenLog(dir)
	require.ErrorIs(t, err, ledger.ErrLocked)
	require.ErrorContains(t, err, dir)
}

// Wherever a crash cut the newest file off, the batches before it are
// there, and the log goes on.
func TestCutOffAnywhere(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "whole")
	l := openLog(t, whole)
	fill(t, l, 1, 3)
	require.NoError(t, l.Close())
	data, err := os.ReadFile(l.segments[0].file)
	require.NoError(t, err)
	each := len(data) / 3
	for size := 0; size < len(data); size += 5 {
		for _, tail := range [][]byte{nil, make([]byte, len(data)-size)} { // shorter, or full of zeros
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "0000000001.spool"), append(bytes.Clone(data[:size]), tail...), 0o600))
			l, err := OpenLog(dir)
			require.NoError(t, err, "%d bytes and %d zeros", size, len(tail))
			require.Equal(t, size/each, l.Waiting())
			fill(t, l, size/each+1, 4)
			take(t, l, 1, 4)
			require.NoError(t, l.Close())
		}
	}
}

func TestDamageIsNotPassedOver(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, dir)
	fill(t, l, 1, 3)
	require.NoError(t, l.Close())
	file := l.segments[0].file
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	for i := range len(data) / 3 * 2 { // of the first two records
		bad := bytes.Clone(data)
		bad[i] ^= 1
		require.NoError(t, os.WriteFile(file, bad, 0o600))
		l, err := OpenLog(dir)
		if err == nil { // a length that reaches beyond the end looks cut off
			require.Less(t, i%(len(data)/3), 4, "byte %d", i)
			l.Close()
			continue
		}
		require.ErrorIs(t, err, ErrDamaged, "byte %d", i)
		require.ErrorContains(t, err, file)
	}
	older := filepath.Join(dir, "0000000000.spool")
	require.NoError(t, os.WriteFile(file, data, 0o600))
	require.NoError(t, os.WriteFile(older, data[:10], 0o600))
	_, err = OpenLog(dir)
	require.ErrorIs(t, err, ErrDamaged, "only the newest file can have been cut off")
}

func TestAnAppendThatFailedLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, dir)
	fill(t, l, 1, 1)
	good := l.active
	var err error
	l.active, err = os.Open(l.segments[0].file) // not for writing
	require.NoError(t, err)
	require.Error(t, l.Append(numbered(99)))
	_, err = good.WriteAt([]byte("half a rec"), l.segments[0].size)
	require.NoError(t, err)
	require.Error(t, l.Append(numbered(99)))
	l.active.Close()
	l.active = good
	fill(t, l, 2, 3)
	require.NoError(t, l.Close())
	take(t, openLog(t, dir), 1, 3)
}

func FuzzReadRecord(f *testing.F) {
	for n := range 3 {
		record, err := encodeRecord(numbered(n))
		require.NoError(f, err)
		f.Add(record)
		f.Add(record[:len(record)-n])
	}
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		b, n, err := readRecord(bytes.NewReader(data))
		if err != nil {
			return
		}
		require.LessOrEqual(t, n, int64(len(data)))
		record, err := encodeRecord(b)
		if err != nil {
			return // a time that JSON cannot write
		}
		again, _, err := readRecord(bytes.NewReader(record))
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintf("%+v", b.Number), fmt.Sprintf("%+v", again.Number))
	})
}
