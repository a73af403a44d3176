package spool

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/aditmine/adit/pool/ledger"
)

// Ledger is a ledger that takes numbered batches.
type Ledger interface {
	ledger.Store
	ledger.BatchStore
}

const (
	// catchUp is how many batches may be left when a drain makes new ones wait
	// for it, so that it ends.
	catchUp = 64
	// firstPause and lastPause bound how often a database that is away is
	// tried.
	firstPause = 50 * time.Millisecond
	lastPause  = 2 * time.Second
	// spareNonces are reserved ahead, for while the database is away.
	spareNonces = 1 << 16
)

// Store is a ledger whose shares, block candidates and verdicts are on this
// machine's disk while its database is away. Everything else fails meanwhile.
//
// A block candidate that is in the spool has a number below zero, by which
// SettleBlock knows it.
type Store struct {
	Ledger
	files *Log
	log   *slog.Logger

	mu      sync.Mutex // one writer at a time, so that numbers are in order
	number  uint64     // of the last batch
	away    bool
	blocks  map[int64]*spooled
	spare   map[string][]nonces
	waiting chan struct{} // 1 when the log is not empty

	stop func()
	done chan struct{}
}

// spooled is a candidate that went to the log: where it is in the ledger, once
// it is.
type spooled struct {
	coin, hash string
	id         int64
}

// nonces are reserved values that have not been handed out.
type nonces struct{ next, end uint64 }

// Open puts the spool in a folder before a ledger, and begins to drain what an
// earlier run has left there. The ledger stays its caller's to close, after
// the Store.
func Open(dir string, l Ledger, log *slog.Logger) (*Store, error) {
	files, err := OpenLog(dir)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Store{
		Ledger: l, files: files, log: log, stop: stop, done: make(chan struct{}), waiting: make(chan struct{}, 1),
		blocks: make(map[int64]*spooled), spare: make(map[string][]nonces),
	}
	if n := files.Waiting(); n > 0 {
		log.Info("the spool has batches of an earlier run", "batches", n)
		s.away = true
		s.waiting <- struct{}{}
	}
	go s.drain(ctx)
	return s, nil
}

// Waiting is how many batches are in the spool.
func (s *Store) Waiting() int { return s.files.Waiting() }

// Close ends the draining. What waits is drained by the next run.
func (s *Store) Close() error {
	s.stop()
	<-s.done
	if n := s.files.Waiting(); n > 0 {
		s.log.Warn("batches stay in the spool until the next run", "batches", n)
	}
	return s.files.Close()
}

// AppendShares implements ledger.ShareStore: nil means that the shares are in
// the database or on this machine's disk.
func (s *Store) AppendShares(shares []ledger.Share) error {
	for i := range shares {
		if err := shares[i].Check(); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.write(ledger.Batch{Shares: shares})
	return err
}

// AddBlock implements ledger.BlockStore.
func (s *Store) AddBlock(_ context.Context, b ledger.Block) (int64, error) {
	if b.Share != nil {
		if err := b.Share.Check(); err != nil {
			return 0, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id, err := s.write(ledger.Batch{Block: &b})
	if err != nil || id != 0 {
		return id, err
	}
	id = -int64(s.number)
	s.blocks[id] = &spooled{coin: b.Coin, hash: b.Hash}
	return id, nil
}

// SettleBlock implements ledger.BlockStore.
func (s *Store) SettleBlock(ctx context.Context, id int64, state ledger.BlockState, detail string, at time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := ledger.Verdict{ID: id, State: state, Detail: detail, At: at}
	if b := s.blocks[id]; b != nil {
		v.ID, v.Coin, v.Hash = b.id, b.coin, b.hash
		delete(s.blocks, id)
	}
	if v.ID > 0 && !s.away { // it can say ErrSettled
		err := s.Ledger.SettleBlock(ctx, v.ID, state, detail, at)
		if err == nil || ledger.Refused(err) {
			return err
		}
	}
	_, err := s.write(ledger.Batch{Verdict: &v})
	return err
}

// ReserveExtranonces implements ledger.NonceStore. After it there are as many
// in reserve as it was asked for, unless the database is away.
func (s *Store) ReserveExtranonces(ctx context.Context, coin string, count uint64) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.hasSpare(coin, count) {
		if err := s.addSpare(ctx, coin, count); err != nil {
			return 0, err
		}
	}
	ranges := s.spare[coin]
	first := ranges[0].next
	ranges[0].next += count
	if !s.hasSpare(coin, count) && !s.away {
		if err := s.addSpare(ctx, coin, count); err != nil {
			s.log.Warn("no extra nonces can be kept in reserve", "coin", coin, "err", err)
		}
	}
	return first, nil
}

// hasSpare drops ranges with too little left for so many in a row, and reports
// whether one remains.
func (s *Store) hasSpare(coin string, count uint64) bool {
	s.spare[coin] = slices.DeleteFunc(s.spare[coin], func(n nonces) bool { return n.end-n.next < count })
	return len(s.spare[coin]) > 0
}

func (s *Store) addSpare(ctx context.Context, coin string, count uint64) error {
	more := max(count, spareNonces)
	first, err := s.Ledger.ReserveExtranonces(ctx, coin, more)
	if err == nil {
		s.spare[coin] = append(s.spare[coin], nonces{first, first + more})
	}
	return err
}

// write numbers a batch and puts it into the database or, when that is away or
// has older ones coming, into the log. The block's id is 0 in that case.
func (s *Store) write(b ledger.Batch) (block int64, err error) {
	s.number++
	b.Instance, b.Number = s.Epoch(), s.number
	var cause error
	if !s.away {
		var ids []int64
		ids, cause = s.WriteBatches(context.Background(), []ledger.Batch{b})
		if cause == nil {
			return ids[0], nil
		}
		if ledger.Refused(cause) {
			return 0, cause
		}
	}
	if err := s.files.Append(&b); err != nil {
		if cause != nil {
			return 0, fmt.Errorf("%w (the database is away: %w)", err, cause)
		}
		return 0, err
	}
	if !s.away {
		s.away = true
		s.log.Warn("the database is away: shares and blocks go to the spool", "err", cause)
		s.waiting <- struct{}{}
	}
	return 0, nil
}

// drain writes what is in the log to the database until ctx ends.
func (s *Store) drain(ctx context.Context) {
	defer close(s.done)
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.waiting:
			s.drainAll(ctx)
		}
	}
}

// drainAll empties the log, trying until it is done.
func (s *Store) drainAll(ctx context.Context) {
	pause := firstPause
	for ctx.Err() == nil {
		err := s.drainSome(ctx)
		if err == nil && s.files.Waiting() <= catchUp {
			if err = s.finish(ctx); err == nil {
				return
			}
		}
		if err == nil {
			pause = firstPause
			continue
		}
		s.log.Debug("the database is still away", "err", err, "batches", s.files.Waiting())
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, lastPause)
	}
}

// finish drains the rest while nothing new is written; then the database is
// what is written to again.
func (s *Store) finish(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.files.Waiting() > 0 {
		list, ids, err := s.move(ctx)
		if err != nil {
			return err
		}
		s.found(list, ids)
	}
	s.away = false
	s.log.Info("the database is back, and has all that was in the spool")
	return nil
}

// drainSome moves some of the oldest batches to the database.
func (s *Store) drainSome(ctx context.Context) error {
	list, ids, err := s.move(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.found(list, ids)
	return err
}

// found notes where candidates are.
func (s *Store) found(list []ledger.Batch, ids []int64) {
	for i, id := range ids {
		if c := s.blocks[-int64(list[i].Number)]; c != nil && list[i].Instance == s.Epoch() {
			c.id = id
		}
	}
}

// move writes some of the oldest batches to the database and takes them out of
// the log.
func (s *Store) move(ctx context.Context) (list []ledger.Batch, ids []int64, err error) {
	list, err = s.files.Peek()
	if err != nil || len(list) == 0 {
		return nil, nil, err
	}
	ids, err = s.WriteBatches(ctx, list)
	if err != nil && ledger.Refused(err) {
		list = list[:1] // one of them is refused: which?
		ids, err = s.WriteBatches(ctx, list)
	}
	if err != nil && ledger.Refused(err) {
		// What is checked before it is acknowledged does not come here.
		s.log.Error("the ledger refuses a batch of the spool: it is set aside", "file", s.files.asideFile(), "err", err)
		ids, err = nil, s.files.SetAside(&list[0])
	}
	if err != nil {
		return nil, nil, err
	}
	return list, ids, s.files.Pop(len(list))
}
