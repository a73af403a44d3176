package conform

import (
	"fmt"
	"net"
	"strings"
	"sync/atomic"
)

// rewriter is somebody on the path who changes what a miner sends.
type rewriter struct {
	net.Conn
	on     *atomic.Bool
	change func([]byte) []byte
}

// Write passes on changed bytes, once it is on.
func (r *rewriter) Write(b []byte) (int, error) {
	if !r.on.Load() {
		return r.Conn.Write(b)
	}
	if _, err := r.Conn.Write(r.change(b)); err != nil {
		return 0, err
	}
	return len(b), nil
}

// secHijack01: somebody on the path.
func secHijack01(e *Env) error {
	on := new(atomic.Bool)
	e.wrap = func(nc net.Conn) (net.Conn, error) {
		return &rewriter{Conn: nc, on: on, change: func(b []byte) []byte {
			return []byte(strings.ReplaceAll(string(b), "harness-honest", "harness-stolen"))
		}}, nil
	}
	plain, err := e.opened()
	if err != nil {
		return err
	}
	on.Store(true)
	a := plain.Call("harness-honest", []any{})
	e.note("without TLS a request that somebody on the path rewrote was answered: " + a.String())
	on.Store(false)
	return e.tampered()
}

// tampered changes one byte of what a TLS client sends.
func (e *Env) tampered() error {
	on := new(atomic.Bool)
	e.target = e.cfg.Declared.TLS
	e.wrap = func(nc net.Conn) (net.Conn, error) {
		return e.secured(&rewriter{Conn: nc, on: on, change: func(b []byte) []byte {
			b = append([]byte(nil), b...)
			b[len(b)-1] ^= 1
			return b
		}})
	}
	c, err := e.opened()
	if err != nil {
		return err
	}
	on.Store(true)
	if a := c.Await(e.ask(c)); a.Message != nil {
		return failed(fmt.Sprintf("%s to a TLS record that was changed on its way", a), "the connection ends")
	}
	return nil
}

// secHijack02: one account's share in another's name.
func secHijack02(e *Env) error {
	if e.cfg.SecondLogin == "" {
		return skipf("needs a second address of a miner: leave --user to the harness")
	}
	owner, err := e.mine()
	if err != nil {
		return err
	}
	t, err := owner.task()
	if err != nil {
		return err
	}
	return e.as(e.cfg.SecondLogin, func() error {
		before, err := e.read()
		if err != nil {
			return err
		}
		thief, err := e.mine()
		if err != nil {
			return err
		}
		own, err := thief.task()
		if err != nil {
			return err
		}
		// Good for the owner's job and not, by chance, for his own.
		good, err := e.solve(t.work, func(s *share) bool { return s.meets(t.work) && !e.alsoMeets(own.work, s.nonce) })
		if err != nil {
			return err
		}
		for what, job := range map[string]*task{"the owner's job": t, "his own job": {work: t.work, cn: own.cn, ckb: own.ckb}} {
			if thief.closed {
				break
			}
			if a := thief.hand(job, &good); a.Outcome == Accepted {
				return failed(fmt.Sprintf("%s to another account's share, for %s", a, what), "an error", "a closed connection")
			}
		}
		return e.credited(before, 0, 0)
	})
}
