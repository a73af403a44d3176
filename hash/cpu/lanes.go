package cpu

import (
	"fmt"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/eaglesong"
)

// lanes tries a few nonces at once for one algorithm.
type lanes interface {
	info() (impl string, lanes int)
	// suits reports whether these lanes are the right ones for w.
	suits(w *hash.Work) bool
	// setWork takes what it needs of w, which has been checked.
	setWork(w *hash.Work)
	// batch is how many nonces are tried between two looks at the clock.
	batch() uint64
	// try tests n nonces, at most batch of them, and appends the hits.
	try(start, n uint64, hits []hash.Hit) ([]hash.Hit, error)
	close() error
}

// newLanes returns the lanes with which impl searches w fastest, count of them
// if there is a choice.
func newLanes(impl Implementation, count int, w *hash.Work) (lanes, error) {
	if impl.midstate != nil && eaglesong.Suits(w) {
		return &midstateLanes{algorithm: w.Algorithm, search: impl.midstate()}, nil
	}
	hasher, err := impl.New(count)
	if err != nil {
		return nil, fmt.Errorf("starting the %s implementation of %s: %w", impl.Name, w.Algorithm.Name, err)
	}
	return &hasherLanes{
		hasher:   hasher,
		midstate: impl.midstate != nil,
		in:       make([]hash.Input, hasher.Lanes()),
		out:      make([]hash.Digest, hasher.Lanes()),
	}, nil
}

// hasherLanes searches with any Hasher: each lane has its own copy of the
// blob, in which only the nonce changes.
type hasherLanes struct {
	hasher   hash.Hasher
	midstate bool // there is a faster way for works that suit it
	field    nonceField
	target   hash.Target
	in       []hash.Input
	out      []hash.Digest
}

func (l *hasherLanes) info() (string, int) { return l.hasher.Impl(), l.hasher.Lanes() }

func (l *hasherLanes) suits(w *hash.Work) bool {
	return w.Algorithm == l.hasher.Algorithm() && !(l.midstate && eaglesong.Suits(w))
}

func (l *hasherLanes) setWork(w *hash.Work) {
	l.field = nonceField{offset: w.NonceOffset, size: w.NonceSize}
	l.target = w.Target
	for i := range l.in {
		l.in[i].Blob = append(l.in[i].Blob[:0], w.Blob...)
		l.in[i].Height = w.Height
	}
}

// batch is one call of the hasher. Reading the clock costs next to nothing
// beside any hash.
func (l *hasherLanes) batch() uint64 { return uint64(len(l.in)) }

func (l *hasherLanes) try(start, n uint64, hits []hash.Hit) ([]hash.Hit, error) {
	in, out := l.in[:n], l.out[:n]
	for i := range in {
		l.field.put(in[i].Blob, start+uint64(i))
	}
	if err := l.hasher.Hash(out, in); err != nil {
		return hits, err
	}
	algorithm := l.hasher.Algorithm()
	for i := range out {
		if algorithm.Meets(&out[i], &l.target) {
			hits = append(hits, hash.Hit{Nonce: start + uint64(i), Digest: out[i]})
		}
	}
	return hits, nil
}

func (l *hasherLanes) close() error { return l.hasher.Close() }

// nonceField is where a nonce lies in a message, little-endian.
type nonceField struct{ offset, size int }

func (f nonceField) put(message []byte, nonce uint64) {
	field := message[f.offset : f.offset+f.size]
	for i := range field {
		field[i] = byte(nonce >> (8 * i))
	}
}

// get reads what put wrote.
func (f nonceField) get(message []byte) uint64 {
	var nonce uint64
	for i, b := range message[f.offset : f.offset+f.size] {
		nonce |= uint64(b) << (8 * i)
	}
	return nonce
}
