package cpu

import (
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/eaglesong"
)

const (
	// headSize is how many bytes of a message a midstate holds.
	headSize     = 32
	midstateSize = headSize + eaglesong.TailSize
	// midstateBatch keeps the clock, read once a batch, out of the profile.
	midstateBatch = 64
)

// midstateLanes searches Eaglesong over the 48-byte message of CKB's proof of
// work, where only the last 16 bytes change: half the work of a whole hash.
type midstateLanes struct {
	algorithm *hash.Algorithm
	middle    eaglesong.Midstate
	tail      [eaglesong.TailSize]byte
	field     nonceField
	target    hash.Target
}

// suitsMidstate reports whether w varies nothing but the tail.
func suitsMidstate(w *hash.Work) bool {
	return w.Algorithm.Family == hash.Eaglesong &&
		len(w.Blob) == midstateSize && w.NonceOffset >= headSize
}

func (l *midstateLanes) info() (string, int) { return eaglesong.Impl, 1 }

func (l *midstateLanes) suits(w *hash.Work) bool {
	return w.Algorithm == l.algorithm && suitsMidstate(w)
}

func (l *midstateLanes) setWork(w *hash.Work) {
	l.middle = eaglesong.NewMidstate((*[headSize]byte)(w.Blob))
	copy(l.tail[:], w.Blob[headSize:])
	l.field = nonceField{offset: w.NonceOffset - headSize, size: w.NonceSize}
	l.target = w.Target
}

func (l *midstateLanes) batch() uint64 { return midstateBatch }

func (l *midstateLanes) try(start, n uint64, hits []hash.Hit) ([]hash.Hit, error) {
	for nonce := start; nonce-start < n; nonce++ {
		l.field.put(l.tail[:], nonce)
		digest := l.middle.Sum(&l.tail)
		if l.algorithm.Meets(&digest, &l.target) {
			hits = append(hits, hash.Hit{Nonce: nonce, Digest: digest})
		}
	}
	return hits, nil
}

func (l *midstateLanes) close() error { return nil }
