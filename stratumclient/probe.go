package stratumclient

import (
	"context"
	"sync"
)

// probe tries to return to a better pool while a worse one is in use.
type probe struct {
	found  chan *use
	cancel context.CancelFunc
	work   sync.WaitGroup
}

// startProbe tries the pools before index, by and by, until one takes the
// login. Failures are nobody's concern: there is a pool to mine on.
func (c *Client) startProbe(ctx context.Context, index int) *probe {
	ctx, cancel := context.WithCancel(ctx)
	p := &probe{found: make(chan *use, 1), cancel: cancel}
	if index > 0 {
		p.work.Go(func() {
			if u := c.seek(ctx, index); u != nil {
				p.found <- u
			}
		})
	}
	return p
}

// end stops the probe and returns what it has found that nobody took.
func (p *probe) end() *use {
	p.cancel()
	p.work.Wait()
	select {
	case u := <-p.found:
		return u
	default:
		return nil
	}
}

func (c *Client) seek(ctx context.Context, index int) *use {
	for ctx.Err() == nil {
		i, wait := c.roster.next(index)
		if i < 0 {
			_ = sleep(ctx, c.cfg.Clock, wait) // the loop looks at ctx
			continue
		}
		u, err := c.login(ctx, i)
		if err == nil {
			return u
		}
		wait = c.roster.failed(i, 0, err)
		c.cfg.Log.Debug("better pool still out of reach",
			"pool", c.cfg.Endpoints[i].Host, "error", err, "retry", wait)
	}
	return nil
}
