package trace

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden corpus anew")

// corpusFolder is shared with readers in other languages: expected.json says
// there what they must make of each file.
var corpusFolder = filepath.Join("..", "..", "testdata", "traces", "corpus")

// golden is one file of the corpus.
type golden struct {
	name string
	make func(t *testing.T) []byte
	expected
}

// expected is what reading a file must give. Checkpoints and the end record
// are not counted as events.
type expected struct {
	// Outcome of strict reading: "complete", "truncated", "damaged",
	// "not a trace" or "newer version".
	Outcome string `json:"outcome"`
	// Events are yielded by a strict reader before it ends or stops.
	Events int `json:"events"`
	// Salvaged events are yielded by a salvaging reader, Gaps (its markers
	// not counted) are the places it skips.
	Salvaged int `json:"salvaged"`
	Gaps     int `json:"gaps"`
}

// replaced changes one piece of a sample.
func replaced(t *testing.T, file []byte, old, with string) []byte {
	t.Helper()
	require.Equal(t, 1, bytes.Count(file, []byte(old)), "%q", old)
	return bytes.Replace(file, []byte(old), []byte(with), 1)
}

var corpus = []golden{
	{name: "complete.mtrace", expected: expected{"complete", 11, 11, 0},
		make: func(t *testing.T) []byte { return writeSample(t, false, 1) }},
	{name: "complete.mtrace.gz", expected: expected{"complete", 22, 22, 0},
		make: func(t *testing.T) []byte { return writeSample(t, true, 2) }},
	{name: "redacted.mtrace", expected: expected{"complete", 11, 11, 0}, make: writeRedacted},
	{name: "truncated-line.mtrace", expected: expected{"truncated", 7, 7, 0},
		make: func(t *testing.T) []byte {
			file := writeSample(t, false, 1)
			return file[:bytes.Index(file, []byte(`"len":70000`))]
		}},
	{name: "truncated-member.mtrace.gz", expected: expected{"truncated", 10, 10, 0},
		make: func(t *testing.T) []byte {
			file := writeSample(t, true, 2)
			// The header and four members of up to five events: cut in the third.
			at := 0
			for range 3 {
				at += 3 + bytes.Index(file[at+3:], gzipMagic)
			}
			return file[:at+20]
		}},
	{name: "changed-byte.mtrace", expected: expected{"damaged", 5, 6, 1},
		make: func(t *testing.T) []byte {
			return replaced(t, writeSample(t, false, 1), `"status\":\"OK`, `"status\":\"NO`)
		}},
	{name: "changed-member.mtrace.gz", expected: expected{"damaged", 0, 17, 1},
		make: func(t *testing.T) []byte {
			file := writeSample(t, true, 2)
			at := 3 + bytes.Index(file[3:], gzipMagic)
			file[at+60] ^= 0x10
			return file
		}},
	{name: "lost-line.mtrace", expected: expected{"damaged", 4, 6, 1},
		make: func(t *testing.T) []byte {
			file := writeSample(t, false, 1)
			at := bytes.Index(file, []byte("\n[4000000,")) // the second event
			end := at + 1 + bytes.IndexByte(file[at+1:], '\n')
			return append(bytes.Clone(file[:at]), file[end:]...)
		}},
	{name: "after-the-end.mtrace", expected: expected{"damaged", 11, 11, 1},
		make: func(t *testing.T) []byte {
			return append(writeSample(t, false, 1), "[99000000,\"h\",1,\"peer-half\"]\n"...)
		}},
	{name: "later-minor.mtrace", expected: expected{"truncated", 1, 1, 0},
		make: func(*testing.T) []byte {
			return []byte("{\"mtrace\":1,\"clock\":{\"unit\":\"ns\"},\"spin\":0.5}\n" +
				"[1,\"q\",1,{\"of\":[\"a\",\"later\",\"version\"]}]\n" +
				"[2,\">\",1,\"{}\\n\",{\"taste\":\"new\",\"d\":7},\"and\",\"more\"]\n")
		}},
	{name: "wrong-sum.mtrace", expected: expected{"damaged", 11, 11, 1},
		make: func(t *testing.T) []byte {
			return bytes.Replace(writeSample(t, false, 1), []byte(`"sha256":"`), []byte(`"sha256":"x`), 1)
		}},
	{name: "not-an-event.mtrace", expected: expected{"damaged", 4, 6, 1},
		make: func(t *testing.T) []byte {
			return replaced(t, writeSample(t, false, 1), `[5000000,"<",1,`, `[5000000,"<",`)
		}},
	{name: "swapped-lines.mtrace", expected: expected{"damaged", 5, 6, 1},
		make: func(t *testing.T) []byte {
			lines := bytes.SplitAfter(writeSample(t, false, 1), []byte("\n"))
			lines[4], lines[5] = lines[5], lines[4]
			return bytes.Join(lines, nil)
		}},
	{name: "only-a-header.mtrace", expected: expected{"truncated", 0, 0, 0},
		make: func(*testing.T) []byte { return []byte("{\"mtrace\":1}\n") }},
	{name: "half-a-header.mtrace", expected: expected{Outcome: "not a trace"},
		make: func(*testing.T) []byte { return []byte("{\"mtrace\":1}") }},
	{name: "not-a-trace.mtrace", expected: expected{Outcome: "not a trace"},
		make: func(*testing.T) []byte { return []byte("{\"log\":{\"version\":\"1.2\"}}\n") }},
	{name: "future-major.mtrace", expected: expected{Outcome: "newer version"},
		make: func(*testing.T) []byte { return []byte("{\"mtrace\":2,\"frames\":\"binary\"}\n") }},
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
	all := map[string]expected{}
	for _, g := range corpus {
		all[g.name] = g.expected
		path := filepath.Join(corpusFolder, g.name)
		if *update {
			require.NoError(t, os.WriteFile(path, g.make(t), 0o644))
		}
		file, err := os.ReadFile(path)
		require.NoError(t, err)
		if filepath.Ext(g.name) == ".mtrace" {
			require.Equal(t, string(g.make(t)), string(file), "%s: the writer's output has changed", g.name)
		}
		require.Equal(t, g.expected, observed(t, file), g.name)
	}
	text, err := json.MarshalIndent(all, "", "  ")
	require.NoError(t, err)
	path := filepath.Join(corpusFolder, "expected.json")
	if *update {
		require.NoError(t, os.WriteFile(path, append(text, '\n'), 0o644))
	}
	written, err := os.ReadFile(path)
	require.NoError(t, err)
	require.JSONEq(t, string(text), string(written))
	files, err := filepath.Glob(filepath.Join(corpusFolder, "*.mtrace*"))
	require.NoError(t, err)
	require.Len(t, files, len(corpus), "every file of the corpus is tested")
}

// observed reads a file strictly and salvaging.
func observed(t *testing.T, file []byte) expected {
	t.Helper()
	events, sum, err := readAll(t, file, Options{})
	got := expected{Events: len(content(events))}
	var corrupt *CorruptError
	var version *VersionError
	switch {
	case errors.Is(err, ErrNotTrace):
		got.Outcome = "not a trace"
		return got
	case errors.As(err, &version):
		got.Outcome = "newer version"
		return got
	case errors.As(err, &corrupt):
		got.Outcome = "damaged"
	case sum.Truncated:
		got.Outcome = "truncated"
	case sum.Complete:
		got.Outcome = "complete"
	}
	salvaged, sum, err := readAll(t, file, Options{Salvage: true})
	require.NoError(t, err)
	got.Gaps = sum.Gaps
	got.Salvaged = len(content(salvaged)) - sum.Gaps
	return got
}

// TestCorpusAndSchema: good files fit the schema line by line.
func TestCorpusAndSchema(t *testing.T) {
	v := newValidator(t)
	for _, name := range []string{"complete.mtrace", "redacted.mtrace", "later-minor.mtrace"} {
		file, err := os.ReadFile(filepath.Join(corpusFolder, name))
		require.NoError(t, err)
		for line := range bytes.Lines(file) {
			require.NoError(t, v.line(line), "%s: %s", name, line)
		}
	}
}
