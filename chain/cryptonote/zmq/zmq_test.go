package zmq

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/cryptonote"
)

func id(b byte) cryptonote.Hash { return cryptonote.Hash{b} }

func TestSubscriberHearsThePublisher(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := NewPublisher()
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- p.Serve(ctx, ln) }()
	s, err := Dial(t.Context(), "tcp://"+ln.Addr().String(), TopicMinimalChain)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return p.Subscribers() == 1 }, 10*time.Second, time.Millisecond)

	want := &MinimalChain{FirstHeight: 7, FirstPrev: id(1), IDs: []cryptonote.Hash{id(2), id(3)}}
	p.Publish([]byte("json-full-txpool_add:[]"))
	p.Publish(want.Message())
	message, err := s.Next()
	require.NoError(t, err)
	got, err := ParseMinimalChain(message)
	require.NoError(t, err)
	require.Equal(t, want, got)
	height, tip := got.Tip()
	require.EqualValues(t, 8, height)
	require.Equal(t, id(3), tip)

	// A long message takes the long form of the size.
	want.IDs = make([]cryptonote.Hash, 100)
	p.Publish(want.Message())
	message, err = s.Next()
	require.NoError(t, err)
	require.Equal(t, want.Message(), message)

	cancel()
	require.NoError(t, <-served)
	_, err = s.Next()
	require.Error(t, err)
	require.NoError(t, ignoreClosed(s.Close()))
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func TestSubscriptionEndsWithItsContext(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := NewPublisher()
	go p.Serve(t.Context(), ln) //nolint:errcheck // ends with the test
	ctx, cancel := context.WithCancel(t.Context())
	s, err := Dial(ctx, "tcp://"+ln.Addr().String(), "x")
	require.NoError(t, err)
	go cancel()
	_, err = s.Next()
	require.Error(t, err)
	s.Close()
	require.Eventually(t, func() bool { return p.Subscribers() == 0 }, 10*time.Second, time.Millisecond)
}

func TestDialSaysWhatToCheck(t *testing.T) {
	_, err := Dial(t.Context(), "127.0.0.1:1", "x")
	require.ErrorContains(t, err, "is not an address like tcp://")
	_, err = Dial(t.Context(), "tcp://127.0.0.1:1", "x")
	require.ErrorContains(t, err, "is monerod running with --zmq-pub tcp://127.0.0.1:1?")
}

// peer is a publisher whose every byte is given.
func peer(t *testing.T, wire []byte) (*Subscriber, error) {
	t.Helper()
	ours, theirs := net.Pipe()
	t.Cleanup(func() { theirs.Close() })
	go func() {
		theirs.Write(wire) //nolint:errcheck // the subscriber may hang up
		theirs.Close()
	}()
	go io.Copy(io.Discard, theirs) //nolint:errcheck // until it is closed
	return Subscribe(t.Context(), ours, "x")
}

func TestHandshakeRefusesOthers(t *testing.T) {
	change := func(at int, b byte) []byte {
		g := greeting()
		g[at] = b
		return append(g, ready("PUB").appendTo(nil)...)
	}
	reply := func(f frame) []byte { return f.appendTo(greeting()) }
	for name, wire := range map[string][]byte{
		"signature":     change(0, 0),
		"version 2":     change(10, 2),
		"mechanism":     change(12, 'P'),
		"short":         greeting()[:30],
		"HTTP":          []byte("HTTP/1.1 400 Bad Request\r\n\r\n" + strings.Repeat(" ", 100)),
		"no READY":      greeting(),
		"a message":     reply(frame{body: []byte("\x05READY")}),
		"ERROR":         reply(frame{command: true, body: []byte("\x05ERROR\x00")}),
		"a REP socket":  reply(ready("REP")),
		"no type":       reply(frame{command: true, body: []byte("\x05READY")}),
		"cut property":  reply(frame{command: true, body: []byte("\x05READY\x0bSocket-Type\x00\x00\x00\x09PUB")}),
		"empty command": reply(frame{command: true}),
		"flags":         append(greeting(), 0x80, 0),
		"huge":          append(greeting(), flagLong|flagCommand, 0, 0, 0, 1, 0, 0, 0, 0),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := peer(t, wire)
			require.Error(t, err)
			if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.ErrClosedPipe) {
				require.ErrorIs(t, err, ErrProtocol)
			}
		})
	}
}

func TestMessagesOfSeveralFramesAndCommands(t *testing.T) {
	wire := ready("XPUB").appendTo(greeting())
	wire = frame{command: true, body: []byte("\x04PING\x00\x10context")}.appendTo(wire)
	wire = frame{body: []byte("one "), more: true}.appendTo(wire)
	wire = frame{command: true, body: []byte("\x07UNKNOWN")}.appendTo(wire)
	wire = frame{body: []byte("two")}.appendTo(wire)
	ours, theirs := net.Pipe()
	go func() { theirs.Write(wire) }() //nolint:errcheck // what was read is what counts
	heard := make(chan []byte, 1)
	go func() {
		all, _ := io.ReadAll(theirs)
		heard <- all
	}()
	s, err := Subscribe(t.Context(), ours, "x")
	require.NoError(t, err)
	message, err := s.Next()
	require.NoError(t, err)
	require.Equal(t, "one two", string(message))
	s.Close()
	require.True(t, bytes.HasSuffix(<-heard, []byte("\x04\x0c\x04PONGcontext")), "a PING is answered")
}

func TestParseMinimalChainMistakes(t *testing.T) {
	good := (&MinimalChain{FirstHeight: 1, IDs: []cryptonote.Hash{id(1)}}).Message()
	_, err := ParseMinimalChain(good)
	require.NoError(t, err)
	for _, message := range []string{
		"", "json-minimal-chain_main", "json-minimal-txpool_add:[]", "json-minimal-chain_main:",
		"json-minimal-chain_main:{}", `json-minimal-chain_main:{"first_height":-1}`,
		strings.Replace(string(good), `"ids":["01`, `"ids":["zz`, 1),
		strings.Replace(string(good), `"first_prev_id":"00`, `"first_prev_id":"`, 1),
	} {
		_, err := ParseMinimalChain([]byte(message))
		require.Error(t, err, message)
	}
}

func FuzzFrames(f *testing.F) {
	f.Add(ready("PUB").appendTo(nil))
	f.Add(frame{body: bytes.Repeat([]byte{1}, 300), more: true}.appendTo(nil))
	f.Add([]byte{flagLong, 0, 0, 0, 0, 0, 0, 0, 1, 9})
	f.Fuzz(func(t *testing.T, wire []byte) {
		got, err := readFrame(bytes.NewReader(wire))
		if err != nil {
			return
		}
		again, err := readFrame(bytes.NewReader(got.appendTo(nil)))
		require.NoError(t, err)
		require.Equal(t, got.command, again.command)
		require.Equal(t, got.more, again.more)
		require.True(t, bytes.Equal(got.body, again.body))
	})
}

// Whatever a peer sends, the handshake ends with an answer.
func FuzzHandshake(f *testing.F) {
	f.Add(ready("PUB").appendTo(greeting()))
	f.Add(greeting())
	f.Fuzz(func(t *testing.T, wire []byte) {
		rw := struct {
			io.Reader
			io.Writer
		}{bytes.NewReader(wire), io.Discard}
		s := &Subscriber{r: bufio.NewReader(rw)}
		if shake(rw, s.r, "SUB", "PUB") != nil {
			return
		}
		for range 100 {
			if f, err := readFrame(s.r); err != nil || f.command {
				return
			}
		}
	})
}

func FuzzParseMinimalChain(f *testing.F) {
	f.Add((&MinimalChain{FirstHeight: 1, IDs: []cryptonote.Hash{id(1), id(2)}}).Message())
	f.Fuzz(func(t *testing.T, message []byte) {
		c, err := ParseMinimalChain(message)
		if err != nil {
			return
		}
		again, err := ParseMinimalChain(c.Message())
		require.NoError(t, err)
		require.Equal(t, c, again)
	})
}
