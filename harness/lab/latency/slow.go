package latency

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aditmine/adit/harness/rig"
	"github.com/aditmine/adit/stratum"
	"github.com/aditmine/adit/stratum/ckb"
	"github.com/aditmine/adit/stratum/cryptonote"
)

// A slow reader asks for answers that it does not read, so that they pile up:
// until the pool no longer takes requests, closes, or this many bytes.
const (
	slowMost  = 4 << 20
	slowBatch = 64 // requests written at once
	// slowBuffer is the receive buffer that it asks the system for.
	slowBuffer = 4 << 10
	// slowStuck is how long a write must take for the pool to count as stuck.
	slowStuck = 500 * time.Millisecond
)

// slowReaders are connections that do not read.
type slowReaders struct {
	sessions []*rig.Session
	group    sync.WaitGroup
}

// openSlow logs them in and lets them stop reading.
func openSlow(ctx context.Context, c *Config) (*slowReaders, error) {
	r := &slowReaders{}
	for i := range c.SlowReaders {
		s, err := rig.Open(ctx, &c.Target, rig.Watcher{})
		if err != nil {
			r.close()
			return nil, fmt.Errorf("slow reader %d of %d: %w", i+1, c.SlowReaders, err)
		}
		r.sessions = append(r.sessions, s)
		if tcp, ok := s.Conn().(interface{ SetReadBuffer(bytes int) error }); ok {
			_ = tcp.SetReadBuffer(slowBuffer) // a larger one takes longer to fill
		}
		s.Pause()
		r.group.Go(func() { fill(s, c.Target.Proto) })
	}
	return r, nil
}

// fill sends requests until nothing moves any more.
func fill(s *rig.Session, proto string) {
	batch := requests(proto, s.ID())
	for sent := 0; sent < slowMost; sent += len(batch) {
		_ = s.Conn().SetWriteDeadline(time.Now().Add(slowStuck)) // a dead socket shows at once
		if _, err := s.Conn().Write(batch); err != nil {
			return
		}
	}
}

// requests are some that every pool answers.
func requests(proto, id string) (batch []byte) {
	for i := range int64(slowBatch) {
		if proto == rig.CKB {
			batch = ckb.AppendExtranonceSubscribe(batch, &ckb.ExtranonceSubscribe{ID: stratum.IntID(1000 + i)})
		} else {
			batch = cryptonote.AppendKeepalived(batch, &cryptonote.Keepalived{ID: stratum.IntID(1000 + i), RPCID: id})
		}
	}
	return batch
}

// evicted counts those that the pool has closed: they find out by reading on.
func (r *slowReaders) evicted() (n int) {
	r.group.Wait()
	for _, s := range r.sessions {
		s.Resume()
	}
	deadline := time.Now().Add(slowStuck)
	for time.Now().Before(deadline) {
		if n = r.dead(); n == len(r.sessions) {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return r.dead()
}

func (r *slowReaders) dead() (n int) {
	for _, s := range r.sessions {
		if !s.Alive() {
			n++
		}
	}
	return n
}

func (r *slowReaders) close() {
	for _, s := range r.sessions {
		s.Close()
	}
	r.group.Wait()
}
