package check

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
)

// anyDigest is the target that every digest meets.
func anyDigest() (t hash.Target) {
	for i := range t {
		t[i] = 0xff
	}
	return t
}

// work is a search over a random message.
func (c *checker) work(length, offset, size int) *hash.Work {
	w := &hash.Work{Algorithm: c.Algorithm, Blob: make([]byte, length), NonceOffset: offset, NonceSize: size, Target: anyDigest()}
	for i := range w.Blob {
		w.Blob[i] = byte(c.Rand.Uint32())
	}
	if c.Algorithm.NeedsHeight {
		w.Height = programHeight + c.Rand.Uint64N(1000)
	}
	return w
}

// programHeight is that of the Monero block that began cn/r.
const programHeight = 1788000

// usual is the work that pools give: the algorithm's nonce in a message of the
// length that is usual for it.
func (c *checker) usual() *hash.Work {
	a := c.Algorithm
	length := a.NonceOffset + a.NonceSize
	if a.Family != hash.Eaglesong {
		length = 76
	}
	return c.work(length, a.NonceOffset, min(a.NonceSize, 8))
}

// vectors searches for the nonces of known messages, each the only one and with
// its own digest as the target, then with a target that it just misses.
func (c *checker) vectors() error {
	known, err := cpu.KnownAnswers(c.Algorithm)
	if err != nil {
		return err
	}
	for _, k := range known {
		w := c.usual()
		if len(k.Input.Blob) < len(w.Blob) || c.Algorithm.Family == hash.Eaglesong && len(k.Input.Blob) != len(w.Blob) {
			continue // no job is like that
		}
		w.Blob, w.Height, w.Target = k.Input.Blob, k.Input.Height, c.Algorithm.Number(&k.Digest)
		nonce := nonceOf(w)
		if err := c.only(w, nonce, []hash.Hit{{Nonce: nonce, Digest: k.Digest}}); err != nil {
			return fmt.Errorf("message %x: %w", k.Input.Blob, err)
		}
		w.Target = less(w.Target)
		if err := c.only(w, nonce, nil); err != nil {
			return fmt.Errorf("message %x, with a target just below: %w", k.Input.Blob, err)
		}
		c.hashes++
	}
	if c.hashes == 0 {
		return errors.New("there is no vector that a job could have")
	}
	return nil
}

// only tries one nonce.
func (c *checker) only(w *hash.Work, nonce uint64, want []hash.Hit) error {
	if err := c.set(w); err != nil {
		return err
	}
	got, err := c.search(w, nonce, 1)
	if err != nil {
		return err
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("nonce %#x: found %x, want %x", nonce, got, want)
	}
	return nil
}

func nonceOf(w *hash.Work) (nonce uint64) {
	for i := range w.NonceSize {
		nonce |= uint64(w.Blob[w.NonceOffset+i]) << (8 * i)
	}
	return nonce
}

// less is a target that is smaller by one.
func less(t hash.Target) hash.Target {
	for i := len(t) - 1; i >= 0; i-- {
		t[i]--
		if t[i] != 0xff {
			break
		}
	}
	return t
}

// random hashes messages of several lengths at random nonces.
func (c *checker) random() error {
	works := []*hash.Work{c.usual(), c.usual()}
	if c.Algorithm.Family == hash.CryptoNight {
		works = []*hash.Work{c.work(76, 39, 4), c.work(135, 39, 4), c.work(136, 39, 4), c.work(243, 39, 4)}
	}
	for _, w := range works {
		start := c.Rand.Uint64N(math.MaxUint32)
		if err := c.whole(w, start, 8); err != nil {
			return fmt.Errorf("a message of %d bytes: %w", len(w.Blob), err)
		}
	}
	return nil
}

// whole tries count nonces that all are hits, and compares all digests.
func (c *checker) whole(w *hash.Work, start, count uint64) error {
	if err := c.set(w); err != nil {
		return err
	}
	hits, err := c.search(w, start, count)
	if err != nil {
		return err
	}
	if err := everyNonce(hits, start, count); err != nil {
		return err
	}
	return c.compare(w, hits)
}

// manyHits finds more than a device's list has room for.
func (c *checker) manyHits() error {
	w := c.usual()
	if err := c.set(w); err != nil {
		return err
	}
	start := c.Rand.Uint64N(math.MaxUint32 / 2)
	hits, err := c.search(w, start, c.Many)
	if err != nil {
		return err
	}
	if err := everyNonce(hits, start, c.Many); err != nil {
		return err
	}
	return c.sample(w, hits)
}

// batches tries two batches and a half. All nonces are hits first; then the
// same, at a difficulty of 8, must be those of them that meet it.
func (c *checker) batches() error {
	w := c.usual()
	if err := c.set(w); err != nil {
		return err
	}
	batch := uint64(c.s.Info().Lanes)
	count := min(batch, maxBatch)*5/2 + 1
	start := c.Rand.Uint64N(math.MaxUint32 / 2)
	all, err := c.search(w, start, count)
	if err != nil {
		return err
	}
	if err := everyNonce(all, start, count); err != nil {
		return err
	}
	w.Target[0] = 0xff >> 3
	if err := c.set(w); err != nil {
		return err
	}
	some, err := c.search(w, start, count)
	if err != nil {
		return err
	}
	want := slices.DeleteFunc(all, func(h hash.Hit) bool { return !w.Algorithm.Meets(&h.Digest, &w.Target) })
	if !slices.Equal(some, want) {
		return fmt.Errorf("%d hits at difficulty 8, want %d, all the same as without a target", len(some), len(want))
	}
	return c.sample(w, some)
}

// ends goes to the last nonce of whole and of shortened nonce fields, and over
// the boundary of 32 bits.
func (c *checker) ends() error {
	a := c.Algorithm
	usual := c.usual()
	works := []*hash.Work{usual, c.usual()}
	works[1].NonceSize = 3 // of a pool that fixes bytes, and must find them as they were
	if a.Family == hash.Eaglesong {
		works[1].NonceOffset, works[1].NonceSize = a.NonceOffset+8, 8
		works = append(works, c.work(len(usual.Blob), a.NonceOffset+1, 4), c.work(len(usual.Blob), len(usual.Blob)-1, 1))
	}
	for _, w := range works {
		if err := c.end(w); err != nil {
			return fmt.Errorf("a nonce of %d bytes at byte %d: %w", w.NonceSize, w.NonceOffset, err)
		}
	}
	if usual.NonceSize > 4 {
		return c.whole(usual, 1<<32-3, 6)
	}
	return nil
}

// end asks for more nonces than there are.
func (c *checker) end(w *hash.Work) error {
	if err := c.set(w); err != nil {
		return err
	}
	const left = 5
	start := uint64(math.MaxUint64)>>(64-8*w.NonceSize) - (left - 1)
	hits, err := c.search(w, start, 1000)
	if err != nil {
		return err
	}
	if err := everyNonce(hits, start, left); err != nil {
		return err
	}
	return c.compare(w, hits)
}
