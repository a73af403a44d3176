package stratum_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/stratum"
)

func readAll(t *testing.T, r *stratum.LineReader) ([]string, error) {
	t.Helper()
	var lines []string
	for {
		line, err := r.ReadLine()
		if err != nil {
			return lines, err
		}
		lines = append(lines, string(line))
	}
}

func TestLineReaderFraming(t *testing.T) {
	long := strings.Repeat("x", 3000)
	for _, c := range []struct {
		name, in string
		want     []string
		err      error
	}{
		{"nothing", "", nil, io.EOF},
		{"LF and CRLF", "a\nb\r\nc\n", []string{"a", "b", "c"}, io.EOF},
		{"blank lines", "\n\r\n  \t\n a b \n\n", []string{"a b"}, io.EOF},
		{"no end", "a\nb", []string{"a"}, io.ErrUnexpectedEOF},
		{"blanks at the end", "a\n \r", []string{"a"}, io.EOF},
		{"long then short", long + "\nb\n" + long + "\r\nc\n", []string{long, "b", long, "c"}, io.EOF},
	} {
		for how, src := range map[string]io.Reader{
			"whole":    strings.NewReader(c.in),
			"one byte": iotest.OneByteReader(strings.NewReader(c.in)),
			"half":     iotest.HalfReader(strings.NewReader(c.in)),
			"with EOF": iotest.DataErrReader(strings.NewReader(c.in)),
		} {
			t.Run(c.name+"/"+how, func(t *testing.T) {
				lines, err := readAll(t, stratum.NewLineReader(src, 3000))
				require.Equal(t, c.want, lines)
				require.Equal(t, c.err, err)
			})
		}
	}
}

func TestLineReaderLimitCountsOneLine(t *testing.T) {
	legal := strings.Repeat("y", 1000)
	burst := strings.Repeat(legal+"\r\n", 50)
	lines, err := readAll(t, stratum.NewLineReader(strings.NewReader(burst), 1000))
	require.Equal(t, io.EOF, err)
	require.Len(t, lines, 50)

	for _, end := range []string{"\n", "\r\n", ""} {
		r := stratum.NewLineReader(strings.NewReader(legal+"y"+end+"next\n"), 1000)
		_, err = r.ReadLine()
		require.ErrorIs(t, err, stratum.ErrLineTooLong)
		_, err = r.ReadLine()
		require.ErrorIs(t, err, stratum.ErrLineTooLong, "the error stays")
	}
}

func TestLineReaderStopsAnEndlessLine(t *testing.T) {
	src := &endless{}
	_, err := stratum.NewLineReader(src, stratum.MaxMinerLine).ReadLine()
	require.ErrorIs(t, err, stratum.ErrLineTooLong)
	require.LessOrEqual(t, src.largest, stratum.MaxMinerLine+2)
	require.LessOrEqual(t, src.total, stratum.MaxMinerLine+2)
}

type endless struct{ largest, total int }

func (e *endless) Read(p []byte) (int, error) {
	e.largest = max(e.largest, len(p))
	e.total += len(p)
	return copy(p, bytes.Repeat([]byte{'{'}, len(p))), nil
}

// A deadline that passes in the middle of a line loses nothing.
func TestLineReaderResumesAfterAnError(t *testing.T) {
	src := &script{parts: []any{"ab", os.ErrDeadlineExceeded, "c\nd", os.ErrDeadlineExceeded, "\n"}}
	r := stratum.NewLineReader(src, 100)
	_, err := r.ReadLine()
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	line, err := r.ReadLine()
	require.NoError(t, err)
	require.Equal(t, "abc", string(line))
	require.Equal(t, 1, r.Buffered())
	_, err = r.ReadLine()
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	line, err = r.ReadLine()
	require.NoError(t, err)
	require.Equal(t, "d", string(line))
}

// script plays strings and errors, one a read.
type script struct {
	parts []any
	sizes []int // room offered at each read
}

func (s *script) Read(p []byte) (int, error) {
	s.sizes = append(s.sizes, len(p))
	if len(s.parts) == 0 {
		return 0, io.EOF
	}
	part := s.parts[0]
	s.parts = s.parts[1:]
	if err, ok := part.(error); ok {
		return 0, err
	}
	text := part.(string)
	n := copy(p, text)
	if n < len(text) {
		s.parts = append([]any{text[n:]}, s.parts...)
	}
	return n, nil
}

func TestLineReaderGivesItsBufferBack(t *testing.T) {
	src := &script{parts: []any{strings.Repeat("z", 10_000) + "\n", "short\n"}}
	r := stratum.NewLineReader(src, stratum.MaxMinerLine)
	for range 2 {
		_, err := r.ReadLine()
		require.NoError(t, err)
	}
	require.Equal(t, 512, src.sizes[0])
	require.Equal(t, 512, src.sizes[len(src.sizes)-1], "back to the idle size after a long line")
}

func TestLineReaderShortLinesAllocateOnce(t *testing.T) {
	src := bytes.NewReader(bytes.Repeat([]byte(strings.Repeat("s", 250)+"\n"), 2000))
	r := stratum.NewLineReader(src, stratum.MaxMinerLine)
	_, err := r.ReadLine()
	require.NoError(t, err)
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		if _, err := r.ReadLine(); err != nil {
			panic(err)
		}
	}))
}

func TestLineReaderSourceWithoutProgress(t *testing.T) {
	_, err := stratum.NewLineReader(empty{}, 10).ReadLine()
	require.Equal(t, io.ErrNoProgress, err)
	broken := errors.New("broken")
	_, err = stratum.NewLineReader(iotest.ErrReader(broken), 10).ReadLine()
	require.Equal(t, broken, err)
}

type empty struct{}

func (empty) Read([]byte) (int, error) { return 0, nil }

// FuzzLineReader compares with splitting the whole input at once.
func FuzzLineReader(f *testing.F) {
	f.Add([]byte("a\r\n\n b \nc"), 4)
	f.Add([]byte("{\"id\":1}\n{\"id\":2}\n"), 8)
	f.Fuzz(func(t *testing.T, in []byte, limit int) {
		limit = 1 + (limit&0x7fffffff)%64
		r := stratum.NewLineReader(iotest.HalfReader(bytes.NewReader(in)), limit)
		for len(in) > 0 {
			raw, rest, found := bytes.Cut(in, []byte{'\n'})
			in = rest
			if len(bytes.TrimRight(raw, "\r")) > limit {
				_, err := r.ReadLine()
				require.Error(t, err)
				return
			}
			want := bytes.Trim(raw, " \t\r")
			if !found || len(want) == 0 {
				continue
			}
			line, err := r.ReadLine()
			if errors.Is(err, stratum.ErrLineTooLong) {
				require.Greater(t, len(raw), limit)
				return
			}
			require.NoError(t, err)
			require.Equal(t, want, line)
		}
		_, err := r.ReadLine()
		require.Error(t, err)
	})
}

func TestResetForgetsTheOldSource(t *testing.T) {
	r := stratum.NewLineReader(strings.NewReader("first\nrest without end"), 100)
	line, err := r.ReadLine()
	require.NoError(t, err)
	require.Equal(t, "first", string(line))
	for _, text := range []string{"second\nthird\n", strings.Repeat("x", 5000) + "\n", "last\n"} {
		r.Reset(strings.NewReader(text), 6000)
		line, err := r.ReadLine()
		require.NoError(t, err)
		require.Equal(t, strings.Split(text, "\n")[0], string(line))
	}
	r.Reset(strings.NewReader("too long\n"), 3)
	_, err = r.ReadLine()
	require.ErrorIs(t, err, stratum.ErrLineTooLong)
	r.Reset(strings.NewReader("ok\n"), 3)
	line, err = r.ReadLine()
	require.NoError(t, err)
	require.Equal(t, "ok", string(line))
}
