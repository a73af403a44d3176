package nodes

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/aditmine/adit/chain/ckb"
	"github.com/aditmine/adit/chain/ckb/ckbrpc"
	"github.com/aditmine/adit/chain/cryptonote/zmq"
	"github.com/aditmine/adit/pool/config"
)

// How a source that fails is tried again.
const (
	firstRetry = time.Second
	longRetry  = 30 * time.Second
)

// Source is a way in which news of blocks come by themselves.
type Source struct {
	Name string // for logs, such as tcp://127.0.0.1:18083
	// Run brings news until it fails or ctx ends. heard takes the id of the new
	// tip, hex without 0x, or nothing where that is not known; it does not
	// block. opened is called once news can come.
	Run func(ctx context.Context, opened func(), heard func(tip string)) error
	// Close frees what the source holds, also when it was never run; it may be
	// nil.
	Close func()
}

// Sources are those that a coin's configuration names, but for the one that
// listens.
func Sources(cfg config.Coin) []Source {
	var list []Source
	for _, address := range cfg.ZMQ {
		list = append(list, ZMQ(address))
	}
	for _, address := range cfg.Subscribe {
		list = append(list, Subscription(address))
	}
	return list
}

// ZMQ is what a monerod publishes.
func ZMQ(address string) Source {
	return Source{Name: address, Run: func(ctx context.Context, opened func(), heard func(string)) error {
		s, err := zmq.Dial(ctx, address, zmq.TopicMinimalChain)
		if err != nil {
			return err
		}
		defer s.Close()
		opened()
		for {
			message, err := s.Next()
			if err != nil {
				return err
			}
			c, err := zmq.ParseMinimalChain(message)
			if err != nil {
				return err
			}
			_, id := c.Tip()
			heard(id.String())
		}
	}}
}

// Subscription is the topic new_tip_header of a CKB node's TCP RPC.
func Subscription(address string) Source {
	return Source{Name: address, Run: func(ctx context.Context, opened func(), heard func(string)) error {
		return ckbrpc.SubscribeTips(ctx, address, opened, func(h ckb.HeaderView) { heard(h.Hash.String()[2:]) })
	}}
}

// Posts is an address that CKB nodes post their templates to. What they post
// is only taken as a hint, so it does not matter who does.
func Posts(ln net.Listener) Source {
	return Source{Name: "http://" + ln.Addr().String(), Close: func() { ln.Close() }, Run: func(ctx context.Context, opened func(), heard func(string)) error {
		server := &http.Server{
			ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 1 << 14,
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodPost {
					http.Error(w, "this is where a CKB node's [block_assembler] notify posts to", http.StatusMethodNotAllowed)
					return
				}
				heard("")
			}),
		}
		defer context.AfterFunc(ctx, func() { server.Close() })()
		opened()
		if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("taking posts at %s: %w", ln.Addr(), err)
		}
		return nil
	}}
}

// listen runs a source, again and again when it fails.
func (s *Set) listen(source Source) {
	wait, said := firstRetry, false
	opened := func() {
		s.cfg.Log.Info("hearing of new blocks", "coin", s.cfg.Name, "from", source.Name)
		wait, said = firstRetry, false
		s.Look() // there may have been news before
	}
	for s.ctx.Err() == nil {
		err := source.Run(s.ctx, opened, s.heard)
		if s.ctx.Err() != nil {
			return
		}
		s.Look() // its node may have gone
		if !said {
			s.cfg.Log.Warn("no news of blocks from here; the nodes are polled", "coin", s.cfg.Name, "from", source.Name, "err", err)
			said = true
		}
		if !s.sleep(wait) {
			return
		}
		wait = min(2*wait, longRetry)
	}
}

// heard acts on news: there is a template to ask for, unless the tip is known.
// The nodes are looked at as well, since the one that knows of it may not be
// the one that is asked first.
func (s *Set) heard(tip string) {
	s.mu.Lock()
	if tip != "" && tip != s.tip {
		s.changed()
	}
	s.mu.Unlock()
	s.Look()
}
