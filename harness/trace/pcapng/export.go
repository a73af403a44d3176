package pcapng

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aditmine/adit/harness/trace"
)

// PoolPort is the port of the made-up pool, for Wireshark's "Decode As".
const PoolPort = 3333

// maxFiller bounds what stands for bytes that were withheld.
const maxFiller = 1 << 20

// Counts says what an export has written.
type Counts struct {
	Connections, Packets int
	Bytes                int64 // of payload
	Filler               int64 // of it, for bytes that are not in the trace
}

// Export writes every event that r yields. The miner of connection N is
// 10.x.y.z with N in the last three bytes, the pool is 192.0.2.1 (RFC 5737).
// Recorded addresses, truth labels and markers become packet comments.
func Export(ctx context.Context, out io.Writer, r *trace.Reader) (Counts, error) {
	buf := bufio.NewWriterSize(out, 64<<10)
	x := &exporter{file: file{out: buf}, base: r.Header().Clock.BaseWall, conns: map[uint64]*connection{}}
	if err := x.file.begin(r.Header().Tool); err != nil {
		return x.counts, fmt.Errorf("writing the capture: %w", err)
	}
	for {
		ev, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return x.counts, buf.Flush()
		case err != nil:
			return x.counts, err
		case ctx.Err() != nil:
			return x.counts, ctx.Err()
		}
		if err := x.event(ev); err != nil {
			return x.counts, fmt.Errorf("writing the capture: %w", err)
		}
	}
}

// exporter turns events into packets.
type exporter struct {
	file    file
	base    time.Time
	conns   map[uint64]*connection
	counts  Counts
	at      time.Time
	comment []string // for the next packet
	id      uint16
}

// connection is a made-up TCP connection.
type connection struct{ miner, pool host }

func newConnection(n uint64) *connection {
	return &connection{
		miner: host{ip: [4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}, port: 49152 + uint16(n>>24)%16384, mac: 1, next: 1000},
		pool:  host{ip: [4]byte{192, 0, 2, 1}, port: PoolPort, mac: 2, next: 5000},
	}
}

// ends returns the sender and the receiver in a direction.
func (c *connection) ends(fromMiner bool) (from, to *host) {
	if fromMiner {
		return &c.miner, &c.pool
	}
	return &c.pool, &c.miner
}

func (x *exporter) event(ev *trace.Event) error {
	x.at = x.base.Add(ev.Time)
	switch ev.Code {
	case trace.CodeMarker:
		x.remark(ev.Marker)
	case trace.CodeOpen:
		return x.open(ev.Conn, ev.Open)
	case trace.CodeToPool, trace.CodeToMiner:
		return x.data(ev)
	case trace.CodeHalf:
		c, err := x.conn(ev.Conn)
		if err != nil {
			return err
		}
		from, to := c.ends(ev.Half == trace.HalfMiner)
		return x.finish(from, to)
	case trace.CodeClose:
		return x.close(ev)
	}
	return nil
}

// remark keeps something to say about the next packet.
func (x *exporter) remark(about any) {
	if text, err := json.Marshal(about); err == nil && len(x.comment) < 16 {
		x.comment = append(x.comment, string(text))
	}
}

// open writes the three-way handshake.
func (x *exporter) open(n uint64, info *trace.OpenInfo) error {
	x.remark(info)
	_, err := x.conn(n)
	return err
}

// conn finds a connection, and opens it when the trace lacks its opening.
func (x *exporter) conn(n uint64) (*connection, error) {
	if c := x.conns[n]; c != nil {
		return c, nil
	}
	c := newConnection(n)
	x.conns[n] = c
	x.counts.Connections++
	for _, step := range []struct {
		from, to *host
		flags    byte
	}{{&c.miner, &c.pool, flagSYN}, {&c.pool, &c.miner, flagSYN | flagACK}, {&c.miner, &c.pool, flagACK}} {
		if err := x.send(step.from, step.to, step.flags, nil); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// send writes one segment and moves the sequence number on.
func (x *exporter) send(from, to *host, flags byte, payload []byte) error {
	x.id++
	x.counts.Packets++
	comment := strings.Join(x.comment, "\n")
	x.comment = nil
	err := x.file.packet(x.at, frame(from, to, flags, x.id, payload), comment)
	from.next += uint32(len(payload))
	if flags&(flagSYN|flagFIN) != 0 {
		from.next++
	}
	return err
}

// data writes bytes in segments, the last of them pushed, and its
// acknowledgement.
func (x *exporter) data(ev *trace.Event) error {
	c, err := x.conn(ev.Conn)
	if err != nil {
		return err
	}
	from, to := c.ends(ev.Code == trace.CodeToPool)
	payload := ev.Data
	if payload == nil {
		payload = bytes.Repeat([]byte{'?'}, int(min(ev.Withheld, maxFiller)))
		x.counts.Filler += int64(len(payload))
		x.comment = append(x.comment, fmt.Sprintf("%d bytes were withheld from the trace; these stand for them", ev.Withheld))
	}
	if ev.Line != nil && (ev.Line.Truth != "" || ev.Line.Redacted || ev.Line.Mutation != "") {
		x.remark(ev.Line)
	}
	x.counts.Bytes += int64(len(payload))
	for len(payload) > 0 {
		n := min(len(payload), maxSegment)
		flags := byte(flagACK)
		if n == len(payload) {
			flags |= flagPSH
		}
		if err := x.send(from, to, flags, payload[:n]); err != nil {
			return err
		}
		payload = payload[n:]
	}
	return x.send(to, from, flagACK, nil)
}

// finish ends one direction.
func (x *exporter) finish(from, to *host) error {
	if from.fin {
		return nil
	}
	from.fin = true
	if err := x.send(from, to, flagFIN|flagACK, nil); err != nil {
		return err
	}
	return x.send(to, from, flagACK, nil)
}

// close ends both directions, or resets the connection.
func (x *exporter) close(ev *trace.Event) error {
	c, err := x.conn(ev.Conn)
	if err != nil {
		return err
	}
	delete(x.conns, ev.Conn)
	x.remark(ev.Close)
	from, to := c.ends(ev.Close.By != trace.ByPool)
	if ev.Close.How != "fin" {
		return x.send(from, to, flagRST|flagACK, nil)
	}
	if err := x.finish(from, to); err != nil {
		return err
	}
	return x.finish(to, from)
}
