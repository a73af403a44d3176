package bank

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
)

// lot searches the first nonces of a work.
func lot(t testing.TB, algo string, blob []byte, difficulty, tried uint64) *Lot {
	t.Helper()
	a, err := hash.Lookup(algo)
	require.NoError(t, err)
	l := &Lot{Work: Work{Algorithm: a, Blob: blob, Height: 7, Offset: a.NonceOffset, Size: a.NonceSize},
		Target: chain.TargetFromDifficulty(difficulty), Tried: tried}
	h, err := cpu.New(a)
	require.NoError(t, err)
	defer func() { require.NoError(t, h.Close()) }()
	for n := range tried {
		out := make([]hash.Digest, 1)
		require.NoError(t, h.Hash(out, []hash.Input{{Blob: l.with(n), Height: l.Height}}))
		if a.Meets(&out[0], &l.Target) {
			l.Shares = append(l.Shares, Share{n, out[0]})
		}
	}
	return l
}

// sample is a bank with works of both families.
func sample(t testing.TB) *Bank {
	t.Helper()
	b := New(Header{Tool: "test", Profile: "cn", Seed: 9})
	require.True(t, b.Add(lot(t, "eaglesong", bytes.Repeat([]byte{1}, 48), 4, 64)))
	require.True(t, b.Add(lot(t, "eaglesong", bytes.Repeat([]byte{2}, 48), 4, 64)))
	require.True(t, b.Add(lot(t, "cn/upx2", bytes.Repeat([]byte{3}, 76), 2, 8)))
	return b
}

func written(t testing.TB, b *Bank) string {
	t.Helper()
	var out strings.Builder
	require.NoError(t, b.Write(&out))
	return out.String()
}

func TestRoundTrip(t *testing.T) {
	b := sample(t)
	text := written(t, b)
	again, err := Read(strings.NewReader(text))
	require.NoError(t, err)
	require.Equal(t, text, written(t, again))
	require.Equal(t, b.Header, again.Header)
	works, shares := again.Count()
	require.Equal(t, 3, works)
	require.Greater(t, shares, 10)
	require.NoError(t, again.Verify(t.Context(), cpu.New))
}

// TestEachShareIsHandedOutOnce, and only for work that is the same but for the
// nonce.
func TestEachShareIsHandedOutOnce(t *testing.T) {
	b := New(Header{Profile: "ckb"})
	l := lot(t, "eaglesong", make([]byte, 48), 4, 64)
	require.True(t, b.Add(l))
	require.False(t, b.Add(lot(t, "eaglesong", make([]byte, 48), 2, 4)), "one lot for one work")
	blob := make([]byte, 48)
	blob[l.Offset] = 99 // a nonce, which does not matter
	w := l.Work
	w.Blob, w.Height = blob, 1234 // nor does the height for Eaglesong

	harder := chain.TargetFromDifficulty(16)
	hard, tried := b.Take(&w, &harder, 1000)
	require.EqualValues(t, 64, tried)
	require.Less(t, len(hard), len(l.Shares))
	one, _ := b.Take(&w, &l.Target, 1)
	require.Len(t, one, 1)
	rest, _ := b.Take(&w, &l.Target, 1000)
	require.Len(t, rest, len(l.Shares)-len(hard)-1)
	none, tried := b.Take(&w, &l.Target, 1000)
	require.Empty(t, none)
	require.EqualValues(t, 64, tried)
	seen := map[uint64]bool{}
	for _, s := range append(append(hard, one...), rest...) {
		require.False(t, seen[s.Nonce])
		seen[s.Nonce] = true
	}
	w.Blob[0] ^= 1
	none, tried = b.Take(&w, &l.Target, 1000)
	require.Empty(t, none)
	require.Zero(t, tried)
}

// TestFalseSharesAreFound: a digest that would do and is not the nonce's.
func TestFalseSharesAreFound(t *testing.T) {
	lines := strings.Split(written(t, sample(t)), "\n")
	digest := func(i int) string { return lines[i][strings.Index(lines[i], `"digest":"`)+10:][:64] }
	lines[3] = strings.Replace(lines[3], digest(3), digest(2), 1)
	b, err := Read(strings.NewReader(strings.Join(lines, "\n")))
	require.NoError(t, err, "its form is right")
	err = b.Verify(t.Context(), cpu.New)
	require.ErrorIs(t, err, ErrFalse)
	var at *LineError
	require.ErrorAs(t, err, &at)
	require.Equal(t, 4, at.Line)
}

// TestReadRefuses what cannot be right, with the line where it is.
func TestReadRefuses(t *testing.T) {
	good := strings.Split(strings.TrimSpace(written(t, sample(t))), "\n")
	with := func(n int, text string) string {
		lines := append([]string(nil), good...)
		lines[n-1] = text
		return strings.Join(lines, "\n")
	}
	change := func(n int, from, to string) string {
		require.Contains(t, good[n-1], from)
		return with(n, strings.Replace(good[n-1], from, to, 1))
	}
	for _, row := range []struct {
		text string
		line int
		want string
	}{
		{"", 1, "empty"},
		{"{}", 1, "no share bank"},
		{"#", 1, "no share bank"},
		{`{"bank":2}`, 1, "this program reads 1"},
		{with(2, "{}"), 2, "neither"},
		{with(3, "half"), 3, "neither"},
		{with(2, good[2]), 2, "without a work"},
		{change(2, "eaglesong", "cn/9"), 2, "cn/9"},
		{change(2, `"tried":64`, `"tried":1`), 3, "tried"},
		{change(2, `"0101`, `"0102`), 2, "damaged"},
		{change(2, `"size":`, `"size":9999`), 2, "do not lie"},
		{change(2, `"offset":`, `"offset":-1`), 2, "do not lie"},
		{change(2, `"target":"3f`, `"target":"00`), 3, "does not meet"},
		{change(2, `"target":"3f`, `"target":"`), 2, "62 digits"},
		{change(3, `"digest":"`, `"digest":"0`), 3, "65 digits"},
		{with(4, good[2]), 4, "behind the one before"},
		{strings.Join(append(good[:len(good):len(good)], good[1]), "\n"), len(good) + 1, "twice"},
		{with(3, strings.Repeat(" ", maxLine)), 3, "longer than"},
	} {
		_, err := Read(strings.NewReader(row.text))
		var at *LineError
		require.ErrorAs(t, err, &at, row.want)
		require.Equal(t, row.line, at.Line, err)
		require.ErrorContains(t, err, row.want)
	}
	_, err := Read(broken{})
	require.ErrorContains(t, err, "reading the share bank")
	require.Error(t, sample(t).Write(broken{}))
}

type broken struct{}

func (broken) Read([]byte) (int, error)  { return 0, errors.New("broken") }
func (broken) Write([]byte) (int, error) { return 0, errors.New("broken") }

// FuzzRead: whatever is read can be written and read again.
func FuzzRead(f *testing.F) {
	f.Add(written(f, sample(f)))
	f.Add(`{"bank":1}`)
	f.Fuzz(func(t *testing.T, text string) {
		b, err := Read(strings.NewReader(text))
		if err != nil {
			return
		}
		again, err := Read(strings.NewReader(written(t, b)))
		require.NoError(t, err)
		require.Equal(t, written(t, b), written(t, again))
	})
}
