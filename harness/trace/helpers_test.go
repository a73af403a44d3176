package trace

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// steps is a clock that advances by one millisecond at each reading.
func steps() func() time.Duration {
	var t time.Duration
	return func() time.Duration { t += time.Millisecond; return t }
}

// sampleHeader is fixed, so that sample files are reproducible.
func sampleHeader() Header {
	return Header{
		ID: "000102030405060708090a0b0c0d0e0f", Tool: "adit test", Role: "proxy", Proto: ProtoCryptoNote,
		Coin: "XMR", Algo: "cn/0", Net: "simnode", Clock: Clock{BaseWall: time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)},
	}
}

// sampleEvents holds every event a recorder writes and every form of bytes.
func sampleEvents() []*Event {
	login := `{"id":1,"method":"login","params":{"login":"WALLET","pass":"x","agent":"t/1"}}` + "\r\n"
	return []*Event{
		{Code: CodeOpen, Conn: 1, Open: &OpenInfo{Peer: "127.0.0.1:4000", Local: "127.0.0.1:3333"}},
		{Code: CodeMarker, Conn: 1, Marker: Marker{"ev": MarkerProto, "proto": "cn"}},
		{Code: CodeToPool, Conn: 1, Data: []byte(login), Line: &LineInfo{Segments: []int{10, 71}}},
		{Code: CodeToMiner, Conn: 1, Data: []byte(`{"id":1,"result":{"status":"OK"}}` + "\n")},
		{Code: CodeToMiner, Conn: 1, Data: []byte("<&> \u2028 \x00 tab\t\n")},
		{Code: CodeToPool, Conn: 1, Data: []byte{0xff, 0xfe, '\n'}},
		{Code: CodeToPool, Conn: 1, Data: []byte(`half a line`), Line: &LineInfo{More: true}},
		{Code: CodeToPool, Conn: 1, Withheld: 70000},
		{Code: CodeAnnotation, Conn: 1, Annotation: &Annotation{Of: 2, Verdict: "accepted", Credit: 1000}},
		{Code: CodeHalf, Conn: 1, Half: HalfMiner},
		{Code: CodeClose, Conn: 1, Close: &CloseInfo{By: ByMiner, How: "fin"}},
	}
}

// writeSample writes rounds times the sample events.
func writeSample(t testing.TB, compress bool, rounds int) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, sampleHeader(), WriterOptions{
		Gzip: compress, Now: steps(), CheckpointEvents: 5, FlushEvery: time.Hour})
	require.NoError(t, err)
	for range rounds {
		for _, ev := range sampleEvents() {
			require.True(t, w.Record(ev))
		}
	}
	require.NoError(t, w.Close("done"))
	return out.Bytes()
}

// readAll returns the events, the summary and the error that ended reading,
// nil for io.EOF.
func readAll(t testing.TB, file []byte, opts Options) ([]*Event, Summary, error) {
	t.Helper()
	r, err := NewReader(bytes.NewReader(file), opts)
	if err != nil {
		return nil, Summary{}, err
	}
	var events []*Event
	for {
		ev, err := r.Next()
		if errors.Is(err, io.EOF) {
			return events, r.Summary(), nil
		}
		if err != nil {
			return events, r.Summary(), err
		}
		events = append(events, ev)
	}
}

// content drops checkpoints, the end and offsets: what a recorder put in.
func content(events []*Event) []Event {
	var out []Event
	for _, ev := range events {
		if ev.Code == CodeCheckpoint || ev.Code == CodeEnd {
			continue
		}
		e := *ev
		e.Offset = 0
		out = append(out, e)
	}
	return out
}

// isSubsequence reports whether part's events occur in all, in order. Gap
// markers in part are ignored.
func isSubsequence(part, all []Event) bool {
	i := 0
	for _, ev := range part {
		if ev.Code == CodeMarker && ev.Marker.Kind() == MarkerGap {
			continue
		}
		for ; i < len(all); i++ {
			if equal(&ev, &all[i]) {
				break
			}
		}
		if i == len(all) {
			return false
		}
		i++
	}
	return true
}

// equal compares two events by their lines.
func equal(a, b *Event) bool {
	la, errA := appendEvent(nil, a)
	lb, errB := appendEvent(nil, b)
	return errA == nil && errB == nil && bytes.Equal(la, lb)
}
