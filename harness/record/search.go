package record

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"time"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/stratumclient"
)

// counterBytes is how much of a nonce the search varies at most.
const counterBytes = 8

// hunt is the search for shares and where it has come to.
type hunt struct {
	client   *Client
	searcher hash.Searcher
	blob     []byte // of the last job
	next     uint64 // the first nonce that was not tried on it
}

// mine searches the job in hand until ctx ends.
func (c *Client) mine(ctx context.Context) error {
	s, err := c.cfg.Searcher()
	if err != nil {
		return fmt.Errorf("preparing the search for shares: %w", err)
	}
	defer func() { _ = s.Close() }() // what it held is gone with it
	h := &hunt{client: c, searcher: s}
	for ctx.Err() == nil {
		job := c.job.Load()
		if job == nil {
			c.await(ctx, time.Hour)
			continue
		}
		if err := h.search(ctx, job); err != nil {
			return err
		}
	}
	return nil
}

// search works on a job while it is the one in hand. The same work at another
// difficulty is gone on with: its first nonces would be duplicates.
func (h *hunt) search(ctx context.Context, job *stratumclient.Job) error {
	size := min(job.NonceSize, counterBytes)
	if err := h.searcher.SetWork(&hash.Work{Algorithm: job.Algorithm, Blob: job.Blob, Height: job.Height,
		NonceOffset: job.NonceOffset, NonceSize: size, Target: job.Target}); err != nil {
		return fmt.Errorf("the pool's job cannot be searched: %w", err)
	}
	if !bytes.Equal(job.Blob, h.blob) {
		h.blob, h.next = job.Blob, 0
	}
	last := uint64(math.MaxUint64)
	if size < counterBytes {
		last = 1<<(8*size) - 1
	}
	for ctx.Err() == nil && h.client.job.Load() == job {
		rest := time.Hour // all nonces were tried
		if h.next < last {
			busy, err := h.batch(job, size, last-h.next)
			if err != nil {
				return err
			}
			rest = time.Duration(float64(busy) * (1/h.client.cfg.Effort - 1))
		}
		h.client.await(ctx, rest)
	}
	return nil
}

// batch is one call of the searcher; it returns how long that took.
func (h *hunt) batch(job *stratumclient.Job, size int, count uint64) (time.Duration, error) {
	started := time.Now()
	hits, done, err := h.searcher.Search(h.next, count, nil)
	if err != nil {
		return 0, fmt.Errorf("searching for shares: %w", err)
	}
	h.next += done
	for _, hit := range hits {
		// Whatever becomes of it is told by an event.
		_ = h.client.pool.Submit(stratumclient.Share{Job: job, Nonce: nonce(job, size, hit.Nonce), Digest: hit.Digest})
	}
	return time.Since(started), nil
}

// nonce lays a counter out as the bytes to submit.
func nonce(job *stratumclient.Job, size int, counter uint64) []byte {
	out := bytes.Clone(job.Blob[job.NonceOffset : job.NonceOffset+job.NonceSize])
	for i := range size {
		out[i] = byte(counter >> (8 * i))
	}
	return out
}

// await rests, for less when another job comes.
func (c *Client) await(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-c.fresh:
	case <-t.C:
	}
}
