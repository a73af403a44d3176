package trace

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRoundTrip(t *testing.T) {
	for _, compress := range []bool{false, true} {
		file := writeSample(t, compress, 3)
		events, sum, err := readAll(t, file, Options{})
		require.NoError(t, err)
		require.True(t, sum.Complete)
		require.False(t, sum.Truncated)
		require.EqualValues(t, 33, sum.Events)
		require.Zero(t, sum.Unverified)
		require.Equal(t, "done", sum.End.Why)
		require.EqualValues(t, 3, sum.End.Conns)
		got := content(events)
		require.Len(t, got, 33)
		for i, want := range append(append(sampleEvents(), sampleEvents()...), sampleEvents()...) {
			want.Time = got[i].Time
			require.True(t, equal(want, &got[i]), "event %d: %+v", i, got[i])
			if want.Withheld == 0 && want.Data != nil {
				require.Equal(t, want.Data, got[i].Data)
			}
		}
		salvaged, sum2, err := readAll(t, file, Options{Salvage: true})
		require.NoError(t, err)
		require.Equal(t, got, content(salvaged))
		require.True(t, sum2.Complete)
	}
}

func TestHeaderComesBack(t *testing.T) {
	r, err := NewReader(iotest.OneByteReader(bytes.NewReader(writeSample(t, true, 1))), Options{})
	require.NoError(t, err)
	h := r.Header()
	want := sampleHeader()
	want.Version, want.Clock.Unit, want.Clock.Mono = 1, "ns", true
	require.Equal(t, &want, h)
}

func TestReadErrorIsReported(t *testing.T) {
	file := writeSample(t, false, 1)
	r, err := NewReader(iotest.TimeoutReader(bytes.NewReader(file)), Options{})
	if err == nil {
		for err == nil {
			_, err = r.Next()
		}
	}
	require.ErrorIs(t, err, iotest.ErrTimeout)
}

func TestRefusedFiles(t *testing.T) {
	deep := []byte(`{"mtrace":1,"cfg":` + string(bytes.Repeat([]byte("["), 40)) + string(bytes.Repeat([]byte("]"), 40)) + "}\n")
	for name, file := range map[string][]byte{
		"empty":          nil,
		"no line feed":   []byte(`{"mtrace":1}`),
		"array":          []byte("[]\n"),
		"no version":     []byte(`{"x":1}` + "\n"),
		"zero version":   []byte(`{"mtrace":0}` + "\n"),
		"string version": []byte(`{"mtrace":"1"}` + "\n"),
		"bad json":       []byte(`{"mtrace":1` + "\n"),
		"bad utf-8":      []byte("{\"mtrace\":1,\"id\":\"\xff\"}\n"),
		"deep":           deep,
		"gzip of junk":   {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1, 2, 3},
	} {
		_, err := NewReader(bytes.NewReader(file), Options{})
		require.ErrorIs(t, err, ErrNotTrace, name)
	}
	_, err := NewReader(bytes.NewReader([]byte(`{"mtrace":2,"id":7}`+"\n")), Options{})
	var version *VersionError
	require.ErrorAs(t, err, &version)
	require.Equal(t, 2, version.Found)
	require.Contains(t, err.Error(), "newer adit")
}

func TestUnknownPartsAreIgnored(t *testing.T) {
	file := []byte(`{"mtrace":1,"future":{"a":[1]}}
[5,"z",3,{"x":1}]
[6,"zz",3,null]
[7,">",3,"a\n",{"new":true,"d":9},"more",[[]]]
[8,"x",3,{"by":"peer","how":"fin","later":0},{"s":1}]
`)
	events, sum, err := readAll(t, file, Options{})
	require.NoError(t, err)
	require.True(t, sum.Truncated)
	require.EqualValues(t, 4, sum.Events)
	require.EqualValues(t, 2, sum.Unknown)
	require.Len(t, events, 2)
	require.EqualValues(t, 9, events[0].Line.Issued)
	require.Equal(t, 8*time.Nanosecond, sum.LastTime)
}

func TestBadEventsAreCorrupt(t *testing.T) {
	for name, line := range map[string]string{
		"object":       `{}`,
		"short":        `[1,">",1]`,
		"empty array":  `[]`,
		"two values":   `[1,">",1,""] []`,
		"float time":   `[1.5,">",1,""]`,
		"null time":    `[null,">",1,""]`,
		"minus time":   `[-1,">",1,""]`,
		"huge time":    `[99999999999999999999,">",1,""]`,
		"code number":  `[1,2,1,""]`,
		"empty code":   `[1,"",1,""]`,
		"minus conn":   `[1,">",-1,""]`,
		"null conn":    `[1,">",null,""]`,
		"data number":  `[1,">",1,7]`,
		"data null":    `[1,">",1,null]`,
		"data object":  `[1,">",1,{}]`,
		"bad base64":   `[1,">",1,{"b64":"!"}]`,
		"minus length": `[1,">",1,{"len":-4}]`,
		"null open":    `[1,"o",1,null]`,
		"open array":   `[1,"o",1,[]]`,
		"null marker":  `[1,"m",1,null]`,
		"big marker":   `[1,"m",1,{"a":"` + string(bytes.Repeat([]byte("x"), maxFacts)) + `"}]`,
		"bad offset":   `[1,"k",0,{"n":0,"crc32c":"00000000","off":-5}]`,
		"bad utf-8":    "[1,\">\",1,\"\xff\"]",
		"deep":         `[1,"m",1,` + string(bytes.Repeat([]byte("["), 32)) + string(bytes.Repeat([]byte("]"), 32)) + `]`,
	} {
		_, _, err := readAll(t, []byte("{\"mtrace\":1}\n"+line+"\n"), Options{})
		var corrupt *CorruptError
		require.ErrorAs(t, err, &corrupt, name)
		require.EqualValues(t, 13, corrupt.From, name)
		require.Contains(t, err.Error(), "byte 13", name)
	}
}

func TestLongLine(t *testing.T) {
	long := append([]byte("{\"mtrace\":1}\n[1,\">\",1,\""), bytes.Repeat([]byte("a"), MaxLine)...)
	long = append(long, "\"]\n[2,\">\",1,\"b\"]\n"...)
	_, _, err := readAll(t, long, Options{})
	require.ErrorContains(t, err, "longer than")
	events, sum, err := readAll(t, long, Options{Salvage: true})
	require.NoError(t, err)
	require.Equal(t, 1, sum.Gaps)
	require.Len(t, events, 1) // no checkpoint behind the damage: nothing more is sure
	require.Equal(t, MarkerGap, events[0].Marker.Kind())
}

func TestCreate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.mtrace.gz")
	w, err := Create(path, sampleHeader(), WriterOptions{Gzip: true})
	require.NoError(t, err)
	for _, ev := range sampleEvents() {
		w.Record(ev)
	}
	require.NoError(t, w.Close("signal"))
	require.ErrorIs(t, w.Close("again"), ErrClosed)
	require.False(t, w.Record(&Event{Code: CodeHalf, Half: HalfPool}))

	info, err := os.Stat(path)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
	_, err = Create(path, sampleHeader(), WriterOptions{})
	require.ErrorContains(t, err, "exists already")

	r, err := Open(path, Options{})
	require.NoError(t, err)
	for err == nil {
		_, err = r.Next()
	}
	require.True(t, r.Summary().Complete)
	require.NoError(t, r.Close())
	_, err = Open(path+".none", Options{})
	require.ErrorIs(t, err, os.ErrNotExist)
}

// slowFile blocks until released, then fails after some bytes.
type slowFile struct {
	gate  chan struct{}
	space int
}

var errFull = errors.New("no space left on device")

func (s *slowFile) Write(p []byte) (int, error) {
	<-s.gate
	if s.space -= len(p); s.space < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestWriterNeverBlocksAndCountsDrops(t *testing.T) {
	var out bytes.Buffer
	gate := make(chan struct{}, 1)
	gate <- struct{}{} // lets the header through
	file := &gatedFile{gate: gate, out: &out}
	w, err := NewWriter(file, sampleHeader(), WriterOptions{
		QueueEvents: 10, CheckpointEvents: 1, FlushEvery: time.Hour, Now: steps()})
	require.NoError(t, err)
	accepted := 0
	for range 100 {
		if w.Record(&Event{Code: CodeToPool, Conn: 1, Data: []byte("x\n")}) {
			accepted++
		}
	}
	require.Less(t, accepted, 100)
	require.EqualValues(t, 100-accepted, w.Dropped())
	close(gate)
	require.NoError(t, w.Close("done"))

	events, sum, err := readAll(t, out.Bytes(), Options{})
	require.NoError(t, err)
	require.EqualValues(t, 100-accepted, sum.End.Dropped)
	var marked float64
	for _, ev := range content(events) {
		if ev.Marker.Kind() == MarkerDropped {
			marked += ev.Marker["n"].(float64)
		}
	}
	require.EqualValues(t, 100-accepted, marked)
}

// gatedFile waits for a token, or for the gate to be closed, at each write.
type gatedFile struct {
	gate chan struct{}
	out  *bytes.Buffer
}

func (g *gatedFile) Write(p []byte) (int, error) {
	<-g.gate
	return g.out.Write(p)
}

func TestFullDiskEndsTheTraceNotTheProgram(t *testing.T) {
	gate := make(chan struct{})
	close(gate)
	told := make(chan error, 10)
	w, err := NewWriter(&slowFile{gate: gate, space: 2000}, sampleHeader(), WriterOptions{
		CheckpointEvents: 1, OnError: func(err error) { told <- err }})
	require.NoError(t, err)
	for range 200 {
		w.Record(&Event{Code: CodeToPool, Conn: 1, Data: bytes.Repeat([]byte("x"), 100)})
	}
	require.ErrorIs(t, w.Close("done"), errFull)
	require.ErrorIs(t, <-told, errFull)
	require.Empty(t, told)
	require.Positive(t, w.Dropped())
}
