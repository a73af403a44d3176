package pcapng

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/harness/trace"
)

// spoken is what a connection of a sample said, in both directions.
type spoken struct{ up, down []byte }

// sample is a trace of lines of many sizes and bytes, with half-closes,
// resets and connections that lack their opening.
func sample(t testing.TB) (*trace.Reader, map[uint64]*spoken) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 9))
	var out bytes.Buffer
	var now time.Duration
	w, err := trace.NewWriter(&out, trace.Header{Tool: "adit test", Clock: trace.Clock{BaseWall: time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)}},
		trace.WriterOptions{Now: func() time.Duration { now += time.Millisecond; return now }})
	require.NoError(t, err)
	said := map[uint64]*spoken{}
	for n := uint64(1); n <= 6; n++ {
		s := &spoken{}
		said[n] = s
		if n != 5 {
			w.Record(&trace.Event{Code: trace.CodeOpen, Conn: n, Open: &trace.OpenInfo{Peer: fmt.Sprintf("c%d", n)}})
		}
		for range 30 {
			line := make([]byte, 1+rng.IntN(4000))
			for i := range line {
				line[i] = byte(rng.UintN(256))
			}
			if rng.IntN(2) == 0 {
				s.up = append(s.up, line...)
				w.Record(&trace.Event{Code: trace.CodeToPool, Conn: n, Data: line, Line: &trace.LineInfo{Truth: "valid"}})
			} else {
				s.down = append(s.down, line...)
				w.Record(&trace.Event{Code: trace.CodeToMiner, Conn: n, Data: line})
			}
		}
		w.Record(&trace.Event{Code: trace.CodeMarker, Conn: n, Marker: trace.Marker{"ev": "proto", "proto": "cn"}})
		if n == 3 {
			w.Record(&trace.Event{Code: trace.CodeHalf, Conn: n, Half: trace.HalfMiner})
			s.down = append(s.down, "last\n"...)
			w.Record(&trace.Event{Code: trace.CodeToMiner, Conn: n, Data: []byte("last\n")})
		}
		how := map[bool]string{true: "rst", false: "fin"}[n == 4]
		if n != 6 {
			w.Record(&trace.Event{Code: trace.CodeClose, Conn: n, Close: &trace.CloseInfo{By: trace.ByPool, How: how}})
		}
	}
	require.NoError(t, w.Close("done"))
	r, err := trace.NewReader(&out, trace.Options{})
	require.NoError(t, err)
	return r, said
}

func export(t testing.TB, r *trace.Reader) ([]byte, Counts) {
	t.Helper()
	var out bytes.Buffer
	counts, err := Export(t.Context(), &out, r)
	require.NoError(t, err)
	return out.Bytes(), counts
}

// packets takes a capture apart, written without the package's own code.
func packets(t testing.TB, capture []byte) [][]byte {
	t.Helper()
	var out [][]byte
	for i := 0; len(capture) > 0; i++ {
		kind, size := binary.LittleEndian.Uint32(capture), int(binary.LittleEndian.Uint32(capture[4:]))
		require.Zero(t, size%4)
		require.EqualValues(t, size, binary.LittleEndian.Uint32(capture[size-4:]))
		switch i {
		case 0:
			require.EqualValues(t, 0x0a0d0d0a, kind)
		case 1:
			require.EqualValues(t, 1, kind)
		default:
			require.EqualValues(t, 6, kind)
			length := binary.LittleEndian.Uint32(capture[20:])
			require.EqualValues(t, length, binary.LittleEndian.Uint32(capture[24:]))
			out = append(out, capture[28:28+length])
		}
		capture = capture[size:]
	}
	return out
}

// folded is the ones' complement sum of RFC 1071, which is all ones over data
// with a right checksum.
func folded(parts ...[]byte) uint32 {
	var s uint32
	for i, b := range bytes.Join(parts, nil) {
		s += uint32(b) << (8 * (1 - i%2))
	}
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return s
}

// TestStreamsReassemble follows the sequence numbers of every connection.
func TestStreamsReassemble(t *testing.T) {
	r, said := sample(t)
	capture, counts := export(t, r)
	require.Equal(t, 6, counts.Connections)
	next := map[string]uint32{}
	got := map[string][]byte{}
	all := packets(t, capture)
	require.Len(t, all, counts.Packets)
	for _, p := range all {
		require.EqualValues(t, 0x0800, binary.BigEndian.Uint16(p[12:]))
		ip, tcp := p[14:34], p[34:]
		require.EqualValues(t, len(p)-14, binary.BigEndian.Uint16(ip[2:]))
		require.EqualValues(t, 0xffff, folded(ip), "checksum of the IP header")
		length := binary.BigEndian.AppendUint16([]byte{0, 6}, uint16(len(tcp)))
		require.EqualValues(t, 0xffff, folded(ip[12:20], length, tcp), "checksum of the segment")
		from, to := string(ip[12:16])+string(ip[16:20]), string(ip[16:20])+string(ip[12:16])
		seq, flags := binary.BigEndian.Uint32(tcp[4:]), tcp[13]
		if flags&flagSYN != 0 {
			next[from] = seq + 1
			continue
		}
		require.Equal(t, next[from], seq)
		require.Equal(t, next[to], binary.BigEndian.Uint32(tcp[8:]), "acknowledged is what was sent")
		got[from] = append(got[from], tcp[20:]...)
		next[from] += uint32(len(tcp) - 20)
		if flags&flagFIN != 0 {
			next[from]++
		}
	}
	for n, s := range said {
		miner, pool := string([]byte{10, 0, 0, byte(n)}), string([]byte{192, 0, 2, 1})
		require.Equal(t, s.up, got[miner+pool], "connection %d", n)
		require.Equal(t, s.down, got[pool+miner], "connection %d", n)
	}
}

func TestWithheldBytesAreBounded(t *testing.T) {
	file := "{\"mtrace\":1}\n[1,\">\",1,{\"len\":1000000000000}]\n[2,\">\",1,{\"len\":3}]\n"
	r, err := trace.NewReader(strings.NewReader(file), trace.Options{})
	require.NoError(t, err)
	capture, counts := export(t, r)
	require.EqualValues(t, maxFiller+3, counts.Filler)
	require.Contains(t, string(capture), "1000000000000 bytes were withheld")
}

func TestExportErrors(t *testing.T) {
	r, _ := sample(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Export(ctx, new(bytes.Buffer), r)
	require.ErrorIs(t, err, context.Canceled)
	r, _ = sample(t)
	_, err = Export(t.Context(), full{}, r)
	require.ErrorIs(t, err, os.ErrClosed)
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, os.ErrClosed }

// TestTsharkReads asks the real program: it reassembles the recorded bytes
// and has nothing to complain about.
func TestTsharkReads(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		if os.Getenv("ADIT_REQUIRE_REAL") != "" {
			t.Fatal("tshark is missing: install the Debian package tshark")
		}
		t.Skip("tshark is missing: install the Debian package tshark to check captures with it")
	}
	r, said := sample(t)
	capture, counts := export(t, r)
	name := filepath.Join(t.TempDir(), "sample.pcapng")
	require.NoError(t, os.WriteFile(name, capture, 0o600))
	ask := func(args ...string) string {
		t.Helper()
		args = append([]string{"-n", "-r", name, "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE"}, args...)
		cmd := exec.CommandContext(t.Context(), tshark, args...)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		require.NoError(t, err, stderr.String())
		return string(out)
	}
	require.Equal(t, counts.Packets, strings.Count(ask(), "\n"))
	require.Empty(t, ask("-Y", "tcp.checksum.status == 0 || ip.checksum.status == 0 || tcp.analysis.flags || _ws.malformed"))
	require.Contains(t, ask("-V", "-c", "1"), `{"peer":"c1"}`)
	args := []string{"-q"}
	for n := range said {
		args = append(args, "-z", fmt.Sprintf("follow,tcp,raw,%d", n-1))
	}
	dumps := strings.Split(ask(args...), "Filter: tcp.stream eq ")[1:]
	require.Len(t, dumps, len(said))
	for _, dump := range dumps {
		number, rest, _ := strings.Cut(dump, "\n")
		n, err := strconv.ParseUint(strings.TrimSpace(number), 10, 64)
		require.NoError(t, err)
		up, down := unfollow(t, rest)
		require.Equal(t, said[n+1].up, up, "connection %d", n+1)
		require.Equal(t, said[n+1].down, down, "connection %d", n+1)
	}
}

// unfollow reads tshark's hex dump of a stream: the second speaker's lines
// are indented.
func unfollow(t *testing.T, dump string) (up, down []byte) {
	t.Helper()
	for line := range strings.Lines(dump) {
		data, err := hex.DecodeString(strings.TrimSpace(line))
		if err != nil || len(data) == 0 {
			continue // decoration
		}
		if strings.HasPrefix(line, "\t") {
			down = append(down, data...)
		} else {
			up = append(up, data...)
		}
	}
	return up, down
}
