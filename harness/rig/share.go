package rig

import (
	"bytes"
	"errors"
	"fmt"
	"math"

	"github.com/aditmine/adit/harness/bank"
	"github.com/aditmine/adit/harness/wire"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/stratum"
	"github.com/aditmine/adit/stratum/ckb"
	"github.com/aditmine/adit/stratum/cryptonote"
)

// Share is a nonce of a job with the digest it really has.
type Share struct {
	Job    *wire.Job
	Nonce  []byte // as it is submitted
	Digest hash.Digest
	// Banked: it was found before the run, and comes from a share bank.
	Banked bool
}

// AppendSubmit appends the request that hands a share in, line feed included.
func AppendSubmit(dst []byte, t *Target, session string, id int64, f *Share) []byte {
	if t.Proto == CKB {
		return ckb.AppendSubmit(dst, &ckb.Submit{ID: stratum.IntID(id), Worker: t.Login, JobID: f.Job.ID, Nonce2: f.Nonce})
	}
	s := cryptonote.Submit{ID: stratum.IntID(id), RPCID: session, JobID: f.Job.ID, Result: f.Digest}
	copy(s.Nonce[:], f.Nonce)
	return cryptonote.AppendSubmit(dst, &s)
}

// maxCounter is how many nonce bytes a search varies at most.
const maxCounter = 8

// ErrNoAlgorithm says that a job cannot be hashed because nobody said how.
var ErrNoAlgorithm = errors.New("the pool's jobs do not name their algorithm: give --algo")

// ErrNoLow says that a job has no shares that are too easy.
var ErrNoLow = errors.New("every hash meets the pool's target: there are no low shares at its difficulty")

// ErrExhausted says that all nonces of a job were tried.
var ErrExhausted = errors.New("all nonces of the job were tried")

// Finder finds shares by hashing. It is used by one goroutine.
type Finder struct {
	searcher  hash.Searcher
	newHasher func(*hash.Algorithm) (hash.Hasher, error)
	hasher    hash.Hasher
	job       *wire.Job
	bank      *bank.Bank // may be nil
	// Hashes counts what was hashed.
	Hashes uint64
}

// UseBank makes the finder take shares of a bank before it searches. Several
// finders may have the same bank. The bank has been verified.
func (f *Finder) UseBank(b *bank.Bank) { f.bank = b }

// HasBank reports whether the finder has a bank.
func (f *Finder) HasBank() bool { return f.bank != nil }

// NewFinder makes a Finder of a searcher, which it owns from then on, and of
// what makes a hasher for shares that are meant to miss.
func NewFinder(s hash.Searcher, newHasher func(*hash.Algorithm) (hash.Hasher, error)) *Finder {
	return &Finder{searcher: s, newHasher: newHasher}
}

// Close frees what the Finder holds.
func (f *Finder) Close() error {
	err := f.searcher.Close()
	if f.hasher != nil {
		err = errors.Join(err, f.hasher.Close())
	}
	return err
}

// set gives the searcher a job, unless it has it already.
func (f *Finder) set(job *wire.Job) error {
	if job == f.job {
		return nil
	}
	if job.Algo == nil {
		return ErrNoAlgorithm
	}
	err := f.searcher.SetWork(&hash.Work{Algorithm: job.Algo, Blob: job.Input, Height: job.Height,
		NonceOffset: job.NonceOffset, NonceSize: min(job.NonceSize, maxCounter), Target: job.Target})
	if err != nil {
		return fmt.Errorf("the pool's job cannot be mined: %w", err)
	}
	f.job = job
	return nil
}

// Search tries at most count nonces of a job from *next on, and appends the
// shares among them. It may stop earlier; *next says where. With a bank, what it
// has for the job comes first, and *next is moved behind the nonces that were
// tried for it.
func (f *Finder) Search(job *wire.Job, next *uint64, count uint64, found []*Share) ([]*Share, error) {
	if err := f.set(job); err != nil {
		return found, err
	}
	if banked := f.banked(job, next); len(banked) > 0 {
		return append(found, banked...), nil
	}
	size := min(job.NonceSize, maxCounter)
	if size < maxCounter {
		most := uint64(1) << (8 * size)
		if *next >= most {
			return found, ErrExhausted
		}
		count = min(count, most-*next)
	}
	hits, done, err := f.searcher.Search(*next, count, nil)
	if err != nil {
		return found, fmt.Errorf("searching for shares: %w", err)
	}
	*next += done
	f.Hashes += done
	for _, h := range hits {
		found = append(found, &Share{Job: job, Nonce: lay(job, h.Nonce), Digest: h.Digest})
	}
	return found, nil
}

// banked takes the job's shares out of the bank.
func (f *Finder) banked(job *wire.Job, next *uint64) []*Share {
	if f.bank == nil {
		return nil
	}
	work := workOf(job)
	shares, tried := f.bank.Take(&work, &job.Target, math.MaxInt)
	*next = max(*next, tried)
	var found []*Share
	for _, s := range shares {
		found = append(found, &Share{Job: job, Nonce: lay(job, s.Nonce), Digest: s.Digest, Banked: true})
	}
	return found
}

// lowTries bounds the search for a digest that misses: at difficulty 2 half of
// them do.
const lowTries = 64

// Low finds a nonce whose digest misses even the loosest reading of the
// target.
func (f *Finder) Low(job *wire.Job, next *uint64) (*Share, error) {
	if job.Algo == nil {
		return nil, ErrNoAlgorithm
	}
	if f.hasher == nil || f.hasher.Algorithm() != job.Algo {
		h, err := f.newHasher(job.Algo)
		if err != nil {
			return nil, fmt.Errorf("preparing to hash: %w", err)
		}
		if f.hasher != nil {
			_ = f.hasher.Close() // memory only
		}
		f.hasher = h
	}
	out := make([]hash.Digest, 1)
	for range lowTries {
		s := &Share{Job: job, Nonce: lay(job, *next)}
		*next++
		f.Hashes++
		if err := f.hasher.Hash(out, []hash.Input{{Blob: job.Message(s.Nonce), Height: job.Height}}); err != nil {
			return nil, fmt.Errorf("hashing the pool's job: %w", err)
		}
		s.Digest = out[0]
		if n := job.Algo.Number(&s.Digest); bytes.Compare(n[:], job.Loose[:]) > 0 {
			return s, nil
		}
	}
	return nil, ErrNoLow
}

// lay writes a counter into the job's nonce as it is submitted.
func lay(job *wire.Job, counter uint64) []byte {
	nonce := bytes.Clone(job.Input[job.NonceOffset : job.NonceOffset+job.NonceSize])
	for i := range min(job.NonceSize, maxCounter) {
		nonce[i] = byte(counter >> (8 * i))
	}
	return append(nonce, job.Fixed...)
}
