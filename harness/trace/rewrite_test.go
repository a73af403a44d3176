package trace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// rewritten writes a file anew, salvaging it, and reads the result strictly.
func rewritten(t testing.TB, file []byte, opts RewriteOptions) ([]*Event, Summary, []byte) {
	t.Helper()
	r, err := NewReader(bytes.NewReader(file), Options{Salvage: true})
	require.NoError(t, err)
	var out bytes.Buffer
	end, err := Rewrite(&out, r, opts)
	require.NoError(t, err)
	events, sum, err := readAll(t, out.Bytes(), Options{})
	require.NoError(t, err)
	require.True(t, sum.Complete)
	require.Equal(t, end, sum.End)
	return events, sum, out.Bytes()
}

// TestRewriteOfAWholeTrace changes the packing and nothing else.
func TestRewriteOfAWholeTrace(t *testing.T) {
	for _, compress := range []bool{false, true} {
		file := writeSample(t, compress, 3)
		whole, before, err := readAll(t, file, Options{})
		require.NoError(t, err)
		events, after, out := rewritten(t, file, RewriteOptions{Gzip: !compress, CheckpointEvents: 4})
		require.Equal(t, content(whole), content(events))
		require.Equal(t, before.End.Why, after.End.Why)
		require.Equal(t, before.End.Conns, after.End.Conns)
		require.Zero(t, after.End.Dropped)
		require.Equal(t, !compress, bytes.HasPrefix(out, gzipMagic))
	}
}

// TestRewriteOfEveryTruncation: whatever is left becomes a whole trace that
// says that something is missing.
func TestRewriteOfEveryTruncation(t *testing.T) {
	file := writeSample(t, false, 2)
	head := bytes.IndexByte(file, '\n') + 1
	for cut := head; cut < len(file)-1; cut += slow {
		part, _, err := readAll(t, file[:cut], Options{Salvage: true})
		require.NoError(t, err)
		events, sum, _ := rewritten(t, file[:cut], RewriteOptions{})
		require.Equal(t, WhySalvaged, sum.End.Why)
		require.EqualValues(t, 1, sum.End.Dropped)
		last := events[len(events)-3] // before the last checkpoint and the end
		require.Equal(t, MarkerDropped, last.Marker.Kind())
		require.Len(t, content(events), len(content(part))+1, "cut at %d", cut)
	}
}

// TestRewriteFollowsAnnotations: a lost event moves those behind it.
func TestRewriteFollowsAnnotations(t *testing.T) {
	var out bytes.Buffer
	w, err := NewWriter(&out, sampleHeader(), WriterOptions{Now: steps(), CheckpointEvents: 3, FlushEvery: time.Hour})
	require.NoError(t, err)
	for i := range 12 {
		w.Record(&Event{Code: CodeToPool, Conn: 1, Data: fmt.Appendf(nil, "line %d\n", i)})
	}
	for i := range 12 {
		w.Record(&Event{Code: CodeAnnotation, Conn: 1, Annotation: &Annotation{Of: uint64(i), Verdict: fmt.Sprint(i)}})
	}
	require.NoError(t, w.Close("done"))
	bad := bytes.Replace(out.Bytes(), []byte("line 4"), []byte("LINE 4"), 1)
	events, sum, _ := rewritten(t, bad, RewriteOptions{})
	all := content(events)
	judged := 0
	for _, ev := range all {
		if ev.Annotation == nil {
			continue
		}
		judged++
		require.Equal(t, "line "+ev.Annotation.Verdict+"\n", string(all[ev.Annotation.Of].Data))
	}
	require.Equal(t, 9, judged, "three lines were lost")
	require.EqualValues(t, 3+3, sum.End.Dropped)
}

// TestRewriteRedacts: what went in does not come out, neither from the lines
// nor from the header.
func TestRewriteRedacts(t *testing.T) {
	h := sampleHeader()
	h.Target, h.Config = "pool.canary.example:3333", map[string]any{"note": "the canary-text", "n": 1.5}
	var plain bytes.Buffer
	w, err := NewWriter(&plain, h, WriterOptions{})
	require.NoError(t, err)
	w.Record(&Event{Code: CodeOpen, Conn: 1, Open: &OpenInfo{Peer: "192.0.2.99:1", Via: "192.0.2.98:2", TLS: "TLS 1.3", ProxyProto: 2}})
	w.Record(&Event{Code: CodeToPool, Conn: 1, Line: &LineInfo{Truth: "valid"},
		Data: fmt.Appendf(nil, `{"id":1,"method":"login","params":{"login":"%s.canary-rig","pass":"canary-pass"}}`+"\n", canaryXMR)})
	w.Record(&Event{Code: CodeToMiner, Conn: 1, Data: []byte("192.0.2.99 and 192.0.2.98, canary-rig: canary-text\n")})
	require.NoError(t, w.Close("done"))
	require.Contains(t, plain.String(), canaryXMR)

	events, _, out := rewritten(t, plain.Bytes(), RewriteOptions{Redactor: NewRedactor("canary-text")})
	for _, secret := range []string{"canary", canaryXMR, "192.0.2."} {
		require.NotContains(t, string(out), secret)
	}
	all := content(events)
	require.Equal(t, OpenInfo{Peer: "c1", TLS: "TLS 1.3", ProxyProto: 2}, *all[0].Open)
	require.Equal(t, "valid", all[1].Line.Truth)
	r, err := NewReader(bytes.NewReader(out), Options{})
	require.NoError(t, err)
	require.Equal(t, "the ${secret:1}", r.Header().Config["note"])
	_, err = Rewrite(new(bytes.Buffer), r, RewriteOptions{Redactor: NewRedactor()})
	require.ErrorIs(t, err, ErrRedacted)
}

// TestRewriteOfRandomDamage: whatever happens to a file, what is salvaged is
// a whole trace of events that were recorded.
func TestRewriteOfRandomDamage(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, compress := range []bool{false, true} {
		file := writeSample(t, compress, 5)
		whole, _, err := readAll(t, file, Options{})
		require.NoError(t, err)
		for range 200 / slow {
			bad := damage(rng, file)
			r, err := NewReader(bytes.NewReader(bad), Options{Salvage: true})
			if err != nil {
				continue // the header is gone
			}
			var out bytes.Buffer
			_, err = Rewrite(&out, r, RewriteOptions{})
			require.NoError(t, err)
			events, sum, err := readAll(t, out.Bytes(), Options{})
			require.NoError(t, err)
			require.True(t, sum.Complete)
			if r.Summary().Unverified > 0 {
				continue // behind the last checkpoint of a cut file nothing is sure
			}
			kept := slices.DeleteFunc(content(events), func(ev Event) bool { return ev.Marker.Kind() == MarkerDropped })
			require.True(t, isSubsequence(unnumbered(kept), unnumbered(content(whole))))
			require.LessOrEqual(t, len(kept), 55)
			require.True(t, len(kept) == 55 || sum.End.Dropped > 0, "what is missing is told")
		}
	}
}

// unnumbered forgets which line an annotation is about: it follows its line,
// which may have moved.
func unnumbered(events []Event) []Event {
	out := slices.Clone(events)
	for i, ev := range out {
		if ev.Annotation != nil {
			out[i].Annotation = &Annotation{Verdict: ev.Annotation.Verdict, Credit: ev.Annotation.Credit}
		}
	}
	return out
}

// damage alters a file as disks and people do: bytes change, go missing, are
// put in, become zero, or blocks are swapped.
func damage(rng *rand.Rand, file []byte) []byte {
	bad := bytes.Clone(file)
	at := rng.IntN(len(bad))
	n := min(1+rng.IntN(64), len(bad)-at)
	switch rng.IntN(5) {
	case 0:
		bad[at] ^= byte(1 + rng.IntN(255))
	case 1:
		bad = append(bad[:at], bad[at+n:]...)
	case 2:
		junk := make([]byte, n)
		for i := range junk {
			junk[i] = byte(rng.UintN(256))
		}
		bad = append(bad[:at:at], append(junk, file[at:]...)...)
	case 3:
		clear(bad[at : at+n])
	case 4:
		to := rng.IntN(len(bad) - n + 1)
		block := bytes.Clone(bad[at : at+n])
		copy(bad[at:], bad[to:to+n])
		copy(bad[to:], block)
	}
	return bad
}

// TestIndexCountsEvents: the reader numbers events as annotations do.
func TestIndexCountsEvents(t *testing.T) {
	for _, opts := range []Options{{}, {Salvage: true}} {
		events, _, err := readAll(t, writeSample(t, false, 2), opts)
		require.NoError(t, err)
		next := uint64(0)
		for _, ev := range events {
			if ev.Checkpoint == nil && ev.End == nil {
				require.Equal(t, next, ev.Index)
				next++
			}
		}
		require.EqualValues(t, 22, next)
		_, err = json.Marshal(events)
		require.NoError(t, err)
	}
}
