package trace

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTruncationAtEveryByte cuts a file everywhere: all complete events come
// out, none is invented, and the cut is reported.
func TestTruncationAtEveryByte(t *testing.T) {
	for _, compress := range []bool{false, true} {
		file := writeSample(t, compress, 1)
		whole, _, err := readAll(t, file, Options{})
		require.NoError(t, err)
		all := content(whole)
		for _, opts := range []Options{{}, {Salvage: true}} {
			prev := 0
			for cut := 0; cut < len(file); cut += slow {
				events, sum, err := readAll(t, file[:cut], opts)
				if errors.Is(err, ErrNotTrace) {
					require.Zero(t, prev, "cut at %d", cut)
					continue
				}
				require.NoError(t, err, "cut at %d", cut)
				got := content(events)
				require.True(t, isSubsequence(got, all), "cut at %d", cut)
				require.GreaterOrEqual(t, len(got), prev, "cut at %d", cut)
				prev = len(got)
				if sum.Complete {
					require.True(t, compress, "only a gzip trailer may be missing")
					require.Len(t, got, len(all))
					continue
				}
				require.True(t, sum.Truncated, "cut at %d", cut)
				checkLastGood(t, file[:cut], compress, sum)
			}
		}
	}
}

// checkLastGood compares the summary of a cut plain file with its bytes.
func checkLastGood(t *testing.T, cut []byte, compress bool, sum Summary) {
	if compress {
		return
	}
	lines := bytes.LastIndexByte(cut, '\n') + 1
	require.EqualValues(t, lines, sum.GoodOffset)
	require.Equal(t, len(cut)-lines, sum.HalfLine)
}

// TestRandomCorruption alters one byte at a time. Strict reading must notice
// every change; salvage must yield nothing that was not recorded.
func TestRandomCorruption(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, compress := range []bool{false, true} {
		file := writeSample(t, compress, 5)
		whole, _, err := readAll(t, file, Options{})
		require.NoError(t, err)
		all := content(whole)
		for range 1000 / slow {
			bad := bytes.Clone(file)
			at := rng.IntN(len(bad))
			bad[at] ^= byte(1 + rng.IntN(255))
			checkStrict(t, bad, all, at, compress)
			checkSalvage(t, bad, all, at)
		}
	}
}

func checkStrict(t *testing.T, bad []byte, all []Event, at int, compress bool) {
	events, sum, err := readAll(t, bad, Options{})
	var corrupt *CorruptError
	var version *VersionError
	switch {
	case errors.Is(err, ErrNotTrace), errors.As(err, &corrupt), errors.As(err, &version):
	case err != nil:
		t.Fatalf("byte %d: undocumented error %v", at, err)
	case sum.Truncated: // the end record, or a member's length, was hit
		require.True(t, compress || isSubsequence(content(events), all), "byte %d", at)
	case compress: // header bytes of a member that gzip does not check
		require.Equal(t, len(all), len(content(events)), "byte %d", at)
	default:
		// Only the end record's own facts are not covered by a checksum.
		require.Greater(t, at, len(bad)-200, "byte %d went unnoticed", at)
		require.Equal(t, len(all), len(content(events)))
	}
}

func checkSalvage(t *testing.T, bad []byte, all []Event, at int) {
	events, sum, err := readAll(t, bad, Options{Salvage: true})
	if err != nil {
		var version *VersionError
		require.True(t, errors.Is(err, ErrNotTrace) || errors.As(err, &version), "byte %d: %v", at, err)
		return
	}
	got := content(events)
	verified := len(got) - int(sum.Unverified)
	require.True(t, isSubsequence(got[:verified], all), "byte %d", at)
	require.GreaterOrEqual(t, len(got), len(all)-15, "byte %d: salvage lost more than the damaged segments", at)
}

// TestSalvageReportsTheGap damages a known event.
func TestSalvageReportsTheGap(t *testing.T) {
	file := writeSample(t, false, 3)
	at := bytes.Index(file, []byte("half a line"))
	bad := bytes.Clone(file)
	copy(bad[at:], "HALF")

	_, _, err := readAll(t, bad, Options{})
	var corrupt *CorruptError
	require.ErrorAs(t, err, &corrupt)
	require.LessOrEqual(t, corrupt.From, int64(at))
	require.Greater(t, corrupt.To, int64(at))
	require.ErrorContains(t, err, "checksum")

	events, sum, err := readAll(t, bad, Options{Salvage: true})
	require.NoError(t, err)
	require.Equal(t, 1, sum.Gaps)
	require.False(t, sum.Complete)
	require.False(t, sum.Truncated)
	got := content(events)
	require.Len(t, got, 33-5+1)
	require.Equal(t, MarkerGap, got[5].Marker.Kind())
	require.EqualValues(t, 5, got[5].Marker["events"])
}

// TestSalvageSkipsAWholeMember overwrites the middle of a compressed file.
func TestSalvageSkipsAWholeMember(t *testing.T) {
	file := writeSample(t, true, 5)
	bad := bytes.Clone(file)
	mid := len(bad) / 2
	for i := range 40 {
		bad[mid+i] = 0xaa
	}
	_, _, err := readAll(t, bad, Options{})
	require.Error(t, err)
	events, sum, err := readAll(t, bad, Options{Salvage: true})
	require.NoError(t, err)
	require.Positive(t, sum.Gaps)
	got := content(events)
	require.Equal(t, CodeClose, got[len(got)-1].Code)
	require.Equal(t, "done", sum.End.Why)
	_, _, err = readPipe(t, bad)
	require.ErrorContains(t, err, "pipe")
}

// readPipe reads from something that cannot seek.
func readPipe(t *testing.T, file []byte) ([]*Event, Summary, error) {
	r, err := NewReader(onlyReader{bytes.NewReader(file)}, Options{Salvage: true})
	require.NoError(t, err)
	for {
		if _, err := r.Next(); err != nil {
			return nil, r.Summary(), err
		}
	}
}

type onlyReader struct{ r *bytes.Reader }

func (o onlyReader) Read(p []byte) (int, error) { return o.r.Read(p) }

func TestDataBehindTheEnd(t *testing.T) {
	for _, compress := range []bool{false, true} {
		file := writeSample(t, compress, 1)
		for _, extra := range [][]byte{file, []byte("x"), []byte("\n")} {
			_, _, err := readAll(t, append(bytes.Clone(file), extra...), Options{})
			require.ErrorContains(t, err, "trace is damaged", "%q", extra[:1])
		}
	}
}

func FuzzReader(f *testing.F) {
	for _, compress := range []bool{false, true} {
		f.Add(writeSample(f, compress, 1))
	}
	f.Add([]byte(`{"mtrace":1}` + "\n" + `[1,"k",0,{"n":0,"crc32c":"00000000","off":13}]` + "\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		for _, opts := range []Options{{}, {Salvage: true}} {
			events, sum, err := readAll(t, file, opts)
			for _, ev := range events {
				_, encodeErr := appendEvent(nil, ev)
				require.NoError(t, encodeErr)
			}
			if err == nil && len(events) > 0 {
				require.True(t, sum.Complete || sum.Truncated || sum.Gaps > 0 || sum.End != nil)
			}
		}
	})
}

// TestAnyDamageEndsAsDocumented alters files as disks and people do, also by
// cutting, inserting and swapping: reading ends in one of the documented ways
// and yields up to the last good checkpoint nothing that was not recorded.
func TestAnyDamageEndsAsDocumented(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, compress := range []bool{false, true} {
		file := writeSample(t, compress, 5)
		whole, _, err := readAll(t, file, Options{})
		require.NoError(t, err)
		all := content(whole)
		for range 500 / slow {
			bad := damage(rng, file)
			events, sum, err := readAll(t, bad, Options{})
			var corrupt *CorruptError
			var version *VersionError
			if errors.Is(err, ErrNotTrace) || errors.As(err, &version) {
				continue
			}
			require.True(t, err == nil || errors.As(err, &corrupt), "%v", err)
			got := content(events)
			verified := len(got) - int(sum.Unverified)
			require.True(t, isSubsequence(got[:verified], all))
			if err == nil && sum.Complete {
				require.Len(t, got, len(all), "a whole file lacks nothing")
			}
		}
	}
}
