package conform

import (
	"fmt"
	"net"
	"time"
)

// spent is the processor time that the pool needs while do runs.
func (e *Env) spent(do func() error) (time.Duration, error) {
	before, err := e.usage()
	if err != nil {
		return 0, err
	}
	if err := do(); err != nil {
		return 0, err
	}
	after, err := e.usage()
	return after.CPU - before.CPU, err
}

func (e *Env) usage() (Usage, error) {
	u, err := e.cfg.Meter.Usage(e.ctx)
	return u, undeclared("pool that this machine could measure", err)
}

// sureCPU is what processor time has to come to before shares of it are
// compared: clocks count in hundredths of a second.
const sureCPU = 50 * time.Millisecond

// judgedCost submits good shares on a session, and says what the pool spent on
// them.
func (m *miner) judgedCost(t *task, count int) (handed []share, cost time.Duration, err error) {
	if handed, err = m.stock(t, count); err != nil {
		return nil, 0, err
	}
	accepted := 0
	cost, err = m.env.spent(func() error {
		for i := range handed {
			if m.hand(t, &handed[i]).Outcome == Accepted {
				accepted++
			}
		}
		return nil
	})
	if err == nil && accepted < len(handed) {
		err = fmt.Errorf("%d of %d good shares that this check begins with were not accepted", len(handed)-accepted, len(handed))
	}
	return handed, cost, err
}

// cnSub22: what is refused without hashing.
func cnSub22(e *Env) error {
	m, err := e.mine()
	if err != nil {
		return err
	}
	t, err := m.task()
	if err != nil {
		return err
	}
	good, cost, err := m.judgedCost(t, 100)
	if err != nil {
		return err
	}
	if cost < sureCPU {
		return inconclusivef("%d good shares cost the pool %v, too little to compare with", len(good), cost)
	}
	cheap, err := e.spent(func() error {
		for i := range good[:len(good)-2] { // fewer than the good ones: no ban
			p := m.cn.params(t.cn, t.work, &good[i])
			if i%2 == 0 {
				p = p.with("job_id", "harness-none")
			}
			m.cn.submit(p)
		}
		return nil
	})
	if err != nil {
		return err
	}
	e.note(fmt.Sprintf("%d good shares cost %v, as many repeated or of unknown jobs %v", len(good), cost, cheap))
	if cheap > cost/2 {
		return failed(fmt.Sprintf("%v of processor time for shares that need no hash, %v for good ones", cheap, cost), "much less for those that need no hash")
	}
	return nil
}

// floodShares is how many worthless shares a flood has.
const floodShares = 1000

// secFlood02: a flood of worthless shares.
func secFlood02(e *Env) error {
	m, err := e.mine()
	if err != nil {
		return err
	}
	t, err := m.task()
	if err != nil {
		return err
	}
	good, cost, err := m.judgedCost(t, 20)
	if err != nil {
		return err
	}
	m.Close()
	var o offence
	flood, err := e.spent(func() (err error) { o, err = e.offend(floodShares); return err })
	if err != nil {
		return err
	}
	e.note(fmt.Sprintf("%d worthless shares were answered, for %v of processor time; %d good ones took %v", o.sent, flood, len(good), cost))
	if o.sent < floodShares/2 {
		return nil // they were cut off
	}
	hashes := float64(flood) / max(1, float64(cost)/float64(len(good)))
	if hashes > floodShares/2 {
		return failed(fmt.Sprintf("%d of %d worthless shares were judged, for the cost of %.0f good ones", o.sent, floodShares, hashes),
			"the session ends, or the cost of at most half as many")
	}
	return nil
}

// hoard is what a client that does not read may cost, in bytes.
const hoard = 256 << 10

// robSlow03: many clients that do not read.
func robSlow03(e *Env) error {
	healthy, err := e.opened()
	if err != nil {
		return err
	}
	before, err := e.usage()
	if err != nil {
		return err
	}
	method, p := e.firstCheapRequest()
	var chunk []byte
	for range 500 {
		chunk = append(chunk, requestLine("1", method, p)+"\n"...)
	}
	const most = 4 << 20 // far beyond the buffers of any system
	worst := uint64(0)
	for range e.cfg.Crowd {
		deaf, err := e.opened()
		if err != nil {
			return err
		}
		var rest []byte
		for sent, open := 0, true; open && sent < most; {
			if len(rest) == 0 {
				rest = chunk
			}
			left := len(rest)
			rest, open = deaf.offer(rest, 50*time.Millisecond)
			if len(rest) == left {
				break // nothing more fits
			}
			sent += left - len(rest)
		}
		now, err := e.usage()
		if err != nil {
			return err
		}
		worst = max(worst, now.Memory)
		if !e.answers(healthy) {
			return failed("another session got no answer beside clients that do not read", "the others notice nothing")
		}
	}
	each := (float64(worst) - float64(before.Memory)) / float64(e.cfg.Crowd)
	e.note(fmt.Sprintf("%d clients that do not read: %.0f KiB each", e.cfg.Crowd, max(0, each)/1024))
	if each > hoard {
		return failed(fmt.Sprintf("%.0f KiB for each of %d clients that do not read", each/1024, e.cfg.Crowd), "at most 256 KiB each")
	}
	return nil
}

// firstCheapRequest costs the pool next to nothing.
func (e *Env) firstCheapRequest() (method string, p any) {
	if e.cfg.Profile == CKB {
		return "mining.suggest_difficulty", []any{1}
	}
	return "keepalived", params{}
}

// lingerer is a connection that can be reset.
type lingerer interface{ SetLinger(sec int) error }

var _ lingerer = (*net.TCPConn)(nil)

// reset ends a connection with RST where it can.
func (c *Conn) reset() {
	if l, ok := c.nc.(lingerer); ok {
		_ = l.SetLinger(0) // then it ends with FIN
	}
	c.Close()
}

// leaves opens and ends connections, and compares what the pool holds
// afterwards with what it held before.
func (e *Env) leaves(what string, do func() error) error {
	if err := e.healthy("nothing yet"); err != nil {
		return err
	}
	before, err := e.usage()
	if err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	var after Usage
	for end := time.Now().Add(2 * e.cfg.Timeout); ; e.pause(e.cfg.Timeout / 20) {
		if after, err = e.usage(); err != nil {
			return err
		}
		if after.Files <= before.Files+4 || !time.Now().Before(end) {
			break
		}
	}
	e.note(fmt.Sprintf("descriptors %d, then %d; threads %d, then %d; memory %d KiB, then %d KiB",
		before.Files, after.Files, before.Threads, after.Threads, before.Memory>>10, after.Memory>>10))
	const room = 64 << 20 // a garbage collector's
	if after.Files > before.Files+4 || after.Threads > before.Threads+32 || after.Memory > before.Memory+before.Memory/2+room {
		return failed(fmt.Sprintf("%d descriptors, %d threads and %d KiB after %s", after.Files, after.Threads, after.Memory>>10, what),
			fmt.Sprintf("about %d descriptors, %d threads and %d KiB, as before", before.Files, before.Threads, before.Memory>>10))
	}
	return nil
}

// robHalf03: resets in mid-line.
func robHalf03(e *Env) error {
	return e.leaves("connections that were reset in mid-line", func() error {
		for range e.cfg.Crowd {
			c, err := e.opened()
			if err != nil {
				return err
			}
			c.Write([]byte(`{"id":1,"method":"`))
			c.reset()
		}
		return nil
	})
}

// cyclesPerMiner makes a hundred thousand connections of the usual crowd.
const cyclesPerMiner = 500

// robStorm02: connections without end.
func robStorm02(e *Env) error {
	cycles := cyclesPerMiner * e.cfg.Crowd
	e.note(fmt.Sprintf("%d connections", cycles))
	return e.leaves(fmt.Sprintf("%d connections", cycles), func() error {
		for i := range cycles {
			nc, err := e.dial(e.ctx, "tcp", e.target)
			if err != nil {
				return failed(fmt.Sprintf("%v, connection %d of %d", err, i+1, cycles), "the pool goes on taking connections")
			}
			if l, ok := nc.(lingerer); ok {
				_ = l.SetLinger(0) // then it ends with FIN
			}
			_ = nc.Close() // it is over either way
		}
		return nil
	})
}

// robStorm03: more connections than an address may have.
func robStorm03(e *Env) error {
	limit := e.cfg.Declared.PerAddress
	const most = 2000
	switch {
	case limit == 0:
		return skipf("the adapter declares no per_address")
	case limit > most:
		return skipf("%d connections of one address are too many to open: test a pool with a lower limit", limit)
	}
	var conns []*Conn
	for range limit + 10 {
		c, err := e.Dial()
		if err != nil {
			return nil // refused before it began
		}
		c.Request(e.firstRequest())
		conns = append(conns, c)
	}
	served := 0
	for _, c := range conns {
		switch a := c.Await("1"); a.Outcome {
		case Accepted:
			served++
		case Silent:
			return failed(fmt.Sprintf("no answer to connection %d, where an address may have %d", served+1, limit), "an error", "a closed connection")
		}
	}
	if served > limit {
		return failed(fmt.Sprintf("%d connections of one address were served", served), fmt.Sprintf("at most %d", limit))
	}
	if served < limit*9/10 {
		return failed(fmt.Sprintf("%d connections of one address were served", served), fmt.Sprintf("%d, as declared", limit))
	}
	return nil
}
