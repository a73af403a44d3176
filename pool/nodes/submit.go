package nodes

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aditmine/adit/pool/coin"
)

// How a block is handed to one node.
const (
	submitTime    = 30 * time.Second       // for one attempt
	submitTries   = 3                      // while the answer is lost
	submitBackoff = 250 * time.Millisecond // before the second, then twice that
)

// Submit implements coin.Coin: the block goes to all nodes at the same time,
// whatever is thought of them. The first that takes it decides; the others get
// it all the same, in the background. It is refused when every node refuses
// it. In all other cases nobody knows: a node that was lost may have it.
func (s *Set) Submit(ctx context.Context, b coin.Block) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return fmt.Errorf("handing in block %s: %w", b.Hash, context.Canceled)
	}
	tries := submitTries
	if len(s.members) == 1 {
		tries = 1 // the caller tries again
	}
	answers := make(chan error, len(s.members))
	for i := range s.members {
		s.running.Go(func() { answers <- s.submitTo(i, b, tries) })
	}
	s.mu.Unlock()
	return s.verdict(ctx, answers)
}

// verdict makes one answer of the nodes' answers.
func (s *Set) verdict(ctx context.Context, answers <-chan error) error {
	var refused, lost []error
	for range s.members {
		var err error
		select {
		case err = <-answers:
		case <-ctx.Done():
			err = ctx.Err()
		}
		if err == nil {
			return nil
		}
		if no := new(coin.RefusedError); errors.As(err, &no) {
			refused = append(refused, err)
		} else {
			lost = append(lost, err)
		}
	}
	switch {
	case len(lost) == 0 && len(refused) == 1:
		return refused[0]
	case len(lost) == 0:
		return &coin.RefusedError{Reason: join(refused).Error()}
	}
	// What a refusal says is part of the text only: it must not count as one.
	for _, err := range refused {
		lost = append(lost, errors.New(err.Error()))
	}
	return join(lost)
}

// submitTo hands a block to one node, again while the answer is lost. A refusal
// after a lost answer is no refusal: the node may have taken the block before.
func (s *Set) submitTo(i int, b coin.Block, tries int) error {
	var lost error
	for try := range tries {
		if try > 0 && !s.sleep(submitBackoff<<(try-1)) {
			break
		}
		err := s.attempt(i, b)
		if err == nil {
			return nil
		}
		if no := new(coin.RefusedError); errors.As(err, &no) {
			if lost == nil {
				return s.at(i, err)
			}
			return s.at(i, fmt.Errorf("%s; before that: %w", no.Reason, lost))
		}
		lost = err
	}
	return s.at(i, lost)
}

// sleep waits for d and reports whether the set is still open.
func (s *Set) sleep(d time.Duration) bool {
	select {
	case <-s.ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

func (s *Set) attempt(i int, b coin.Block) error {
	ctx, cancel := context.WithTimeout(s.ctx, submitTime)
	defer cancel()
	return s.members[i].Coin.Submit(ctx, b)
}
