package rig

import (
	"bytes"
	"context"

	"github.com/aditmine/adit/harness/bank"
	"github.com/aditmine/adit/harness/wire"
)

// Deposit finds at least count shares of a job, from its first nonce on, for a
// bank. Fewer come when ctx ends, with its error, or all nonces were tried.
func Deposit(ctx context.Context, f *Finder, job *wire.Job, count int) (*bank.Lot, error) {
	lot := &bank.Lot{Work: workOf(job), Target: job.Target}
	lot.Blob = bytes.Clone(job.Input)
	for len(lot.Shares) < count && ctx.Err() == nil {
		found, err := f.Search(job, &lot.Tried, uint64(count)*max(job.Difficulty, 1), nil)
		if err != nil {
			return lot, err
		}
		for _, s := range found {
			lot.Shares = append(lot.Shares, bank.Share{Nonce: counterOf(s.Nonce[:job.NonceSize]), Digest: s.Digest})
		}
	}
	return lot, ctx.Err()
}

// workOf is a job as a bank knows it.
func workOf(job *wire.Job) bank.Work {
	return bank.Work{Algorithm: job.Algo, Blob: job.Input, Height: job.Height, Offset: job.NonceOffset, Size: job.NonceSize}
}

// counterOf reads what lay has written.
func counterOf(nonce []byte) (counter uint64) {
	for i := range min(len(nonce), maxCounter) {
		counter |= uint64(nonce[i]) << (8 * i)
	}
	return counter
}
