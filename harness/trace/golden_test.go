package trace

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden corpus in testdata anew")

// golden is one file of the corpus and what reading it must give.
type golden struct {
	name string
	make func(t *testing.T) []byte

	events    int // yielded by a strict reader, checkpoints and end not counted
	complete  bool
	truncated bool
	damaged   bool // strict reading ends with a *CorruptError
	salvaged  int  // events a salvaging reader yields, gap markers not counted
	gaps      int
}

// replaced changes one piece of a sample.
func replaced(t *testing.T, file []byte, old, with string) []byte {
	t.Helper()
	require.Equal(t, 1, bytes.Count(file, []byte(old)), "%q", old)
	return bytes.Replace(file, []byte(old), []byte(with), 1)
}

var corpus = []golden{
	{name: "complete.mtrace", complete: true, events: 11, salvaged: 11,
		make: func(t *testing.T) []byte { return writeSample(t, false, 1) }},
	{name: "complete.mtrace.gz", complete: true, events: 22, salvaged: 22,
		make: func(t *testing.T) []byte { return writeSample(t, true, 2) }},
	{name: "redacted.mtrace", complete: true, events: 11, salvaged: 11, make: writeRedacted},
	{name: "truncated-line.mtrace", truncated: true, events: 7, salvaged: 7,
		make: func(t *testing.T) []byte {
			file := writeSample(t, false, 1)
			return file[:bytes.Index(file, []byte(`"len":70000`))]
		}},
	{name: "truncated-member.mtrace.gz", truncated: true, events: 10, salvaged: 10,
		make: func(t *testing.T) []byte {
			file := writeSample(t, true, 2)
			// The header and four members of up to five events: cut in the third.
			at := 0
			for range 3 {
				at += 3 + bytes.Index(file[at+3:], gzipMagic)
			}
			return file[:at+20]
		}},
	{name: "changed-byte.mtrace", damaged: true, events: 5, salvaged: 6, gaps: 1,
		make: func(t *testing.T) []byte {
			return replaced(t, writeSample(t, false, 1), `"status\":\"OK`, `"status\":\"NO`)
		}},
	{name: "changed-member.mtrace.gz", damaged: true, salvaged: 17, gaps: 1,
		make: func(t *testing.T) []byte {
			file := writeSample(t, true, 2)
			at := 3 + bytes.Index(file[3:], gzipMagic)
			file[at+60] ^= 0x10
			return file
		}},
	{name: "lost-line.mtrace", damaged: true, events: 4, salvaged: 6, gaps: 1,
		make: func(t *testing.T) []byte {
			file := writeSample(t, false, 1)
			at := bytes.Index(file, []byte("\n[4000000,")) // the second event
			end := at + 1 + bytes.IndexByte(file[at+1:], '\n')
			return append(bytes.Clone(file[:at]), file[end:]...)
		}},
	{name: "after-the-end.mtrace", damaged: true, events: 11, salvaged: 11, gaps: 1,
		make: func(t *testing.T) []byte {
			return append(writeSample(t, false, 1), "[99000000,\"h\",1,\"peer-half\"]\n"...)
		}},
	{name: "later-minor.mtrace", truncated: true, events: 1, salvaged: 1,
		make: func(*testing.T) []byte {
			return []byte("{\"mtrace\":1,\"clock\":{\"unit\":\"ns\"},\"spin\":0.5}\n" +
				"[1,\"q\",1,{\"of\":[\"a\",\"later\",\"version\"]}]\n" +
				"[2,\">\",1,\"{}\\n\",{\"taste\":\"new\",\"d\":7},\"and\",\"more\"]\n")
		}},
}

// writeRedacted is the sample with redaction on and a connection address.
func writeRedacted(t *testing.T) []byte {
	var out bytes.Buffer
	w, err := NewWriter(&out, sampleHeader(), WriterOptions{Now: steps(), CheckpointEvents: 5, Redactor: NewRedactor()})
	require.NoError(t, err)
	for _, ev := range sampleEvents() {
		require.True(t, w.Record(ev))
	}
	require.NoError(t, w.Close("signal"))
	return out.Bytes()
}

// TestGoldenCorpus reads the committed files: what a later version of this
// package, or another program, must make of them.
func TestGoldenCorpus(t *testing.T) {
	for _, g := range corpus {
		path := filepath.Join("testdata", g.name)
		if *update {
			require.NoError(t, os.MkdirAll("testdata", 0o755))
			require.NoError(t, os.WriteFile(path, g.make(t), 0o644))
		}
		file, err := os.ReadFile(path)
		require.NoError(t, err)
		if filepath.Ext(g.name) == ".mtrace" {
			require.Equal(t, string(g.make(t)), string(file), "%s: the writer's output has changed", g.name)
		}
		events, sum, err := readAll(t, file, Options{})
		var corrupt *CorruptError
		if g.damaged {
			require.ErrorAs(t, err, &corrupt, g.name)
		} else {
			require.NoError(t, err, g.name)
		}
		require.Len(t, content(events), g.events, g.name)
		require.Equal(t, g.complete, sum.Complete && err == nil, g.name)
		require.Equal(t, g.truncated, sum.Truncated, g.name)

		salvaged, sum, err := readAll(t, file, Options{Salvage: true})
		require.NoError(t, err, g.name)
		require.Equal(t, g.gaps, sum.Gaps, g.name)
		require.Len(t, content(salvaged), g.salvaged+g.gaps, g.name)
	}
}

func TestGoldenFutureMajor(t *testing.T) {
	path := filepath.Join("testdata", "future-major.mtrace")
	if *update {
		require.NoError(t, os.WriteFile(path, []byte("{\"mtrace\":2,\"frames\":\"binary\"}\n"), 0o644))
	}
	_, err := Open(path, Options{})
	var version *VersionError
	require.ErrorAs(t, err, &version)
}
