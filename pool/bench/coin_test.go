//go:build linux

package bench

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/big"
	"sync/atomic"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/pool/coin"
)

// Where things are in a blob of the coin.
const (
	nonceAt  = 39
	extraAt  = 60
	heightAt = 68
	blobSize = 76
)

// instant is proof of work that costs next to nothing: SHA-256.
type instant struct{ a *hash.Algorithm }

func (h instant) Algorithm() *hash.Algorithm { return h.a }
func (h instant) Impl() string               { return "instant" }
func (h instant) Lanes() int                 { return 8 }
func (h instant) Close() error               { return nil }
func (h instant) Hash(out []hash.Digest, in []hash.Input) error {
	for i := range in {
		out[i] = sha256.Sum256(in[i].Blob)
	}
	return nil
}

// still is a chain that moves when it is told to, with its extra nonces and
// heights to be seen in the blobs.
type still struct {
	a          *hash.Algorithm
	difficulty uint64
	height     atomic.Uint64
}

func (c *still) Algorithm() *hash.Algorithm { return c.a }
func (c *still) CheckLogin(string) error    { return nil }
func (c *still) Close()                     {}
func (c *still) Status(context.Context) (coin.Status, error) {
	return coin.Status{Synced: true}, nil
}

func (c *still) Tip(context.Context) (coin.Tip, error) {
	h := c.height.Load() - 1
	return coin.Tip{Height: h, Hash: fmt.Sprintf("%064x", h)}, nil
}

func (c *still) Template(ctx context.Context) (*coin.Template, error) {
	tip, _ := c.Tip(ctx)
	d := new(big.Int).SetUint64(c.difficulty)
	return &coin.Template{Height: tip.Height + 1, Parent: tip.Hash, Difficulty: d, Target: chain.TargetFromBig(d), Key: tip.Height, Work: stillWork(tip.Height + 1)}, nil
}

// Submit takes every block; the chain stays where it is.
func (c *still) Submit(context.Context, coin.Block) error { return nil }

// stillWork is the work of a height.
type stillWork uint64

func (w stillWork) Input(e coin.Extra) (coin.Input, error) {
	blob := make([]byte, blobSize)
	binary.BigEndian.PutUint64(blob[extraAt:], e.Nonce)
	binary.BigEndian.PutUint64(blob[heightAt:], uint64(w))
	return coin.Input{Blob: blob, NonceOffset: nonceAt, NonceSize: 4}, nil
}

func (w stillWork) Block(e coin.Extra, nonce []byte) (coin.Block, error) {
	in, err := w.Input(e)
	if err != nil {
		return coin.Block{}, err
	}
	copy(in.Blob[nonceAt:], nonce)
	id := sha256.Sum256(in.Blob)
	return coin.Block{Hash: hex.EncodeToString(id[:]), Payload: hex.EncodeToString(in.Blob)}, nil
}
