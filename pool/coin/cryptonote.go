package coin

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"math/big"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/chain/cryptonote"
	"github.com/aditmine/adit/chain/cryptonote/monerod"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/pool/config"
)

// reserveSize is how many bytes of the miner transaction hold the extra nonce.
const reserveSize = 8

// cryptoNote is a Monero-like coin behind monerod.
type cryptoNote struct {
	algorithm *hash.Algorithm
	network   cryptonote.Network
	address   string
	node      *monerod.Client
}

func newCryptoNote(cfg config.Coin, a *hash.Algorithm) (Coin, error) {
	network, err := cfg.CryptoNoteNetwork()
	if err != nil {
		return nil, fmt.Errorf("coin %s: %w", cfg.Name, err)
	}
	node, err := monerod.New(monerod.Config{URL: cfg.Node, User: cfg.User, Password: cfg.Password})
	if err != nil {
		return nil, fmt.Errorf("coin %s: %w", cfg.Name, err)
	}
	return &cryptoNote{algorithm: a, network: network, address: cfg.Address, node: node}, nil
}

// Algorithm implements Coin.
func (c *cryptoNote) Algorithm() *hash.Algorithm { return c.algorithm }

// Close implements Coin.
func (c *cryptoNote) Close() { c.node.Close() }

// CheckLogin implements Coin: every kind of address can be paid, and payment
// ids where the coin has them.
func (c *cryptoNote) CheckLogin(address string) error {
	_, err := c.network.ParsePayee(address)
	return err
}

// Status implements Coin.
func (c *cryptoNote) Status(ctx context.Context) (Status, error) {
	synced, progress, err := c.node.Synced(ctx)
	if err != nil {
		return Status{}, setupIf(err, monerod.ErrUnauthorized, monerod.ErrUnknownMethod)
	}
	return Status{Synced: synced, Detail: progress}, nil
}

// Tip implements Coin.
func (c *cryptoNote) Tip(ctx context.Context) (Tip, error) {
	h, err := c.node.LastBlockHeader(ctx)
	if err != nil {
		return Tip{}, err
	}
	return Tip{Height: h.Height, Hash: h.Hash.String()}, nil
}

// Template implements Coin.
func (c *cryptoNote) Template(ctx context.Context) (*Template, error) {
	got, err := c.node.BlockTemplate(ctx, c.address, reserveSize)
	if err != nil {
		return nil, setupIf(err, monerod.ErrWrongAddress, monerod.ErrSubaddress, monerod.ErrReserveSize,
			monerod.ErrUnauthorized, monerod.ErrUnknownMethod, monerod.ErrTemplateMismatch)
	}
	work, err := got.Parse()
	if err != nil {
		return nil, setupIf(err, monerod.ErrTemplateMismatch, cryptonote.ErrUnsupported)
	}
	if work.ReservedSize() < reserveSize {
		return nil, &SetupError{What: fmt.Sprintf("the node reserves %d bytes in its template, %d are needed", work.ReservedSize(), reserveSize)}
	}
	t := &Template{
		Height:     got.Height,
		Parent:     got.PrevHash.String(),
		Difficulty: got.Difficulty,
		Target:     chain.TargetFromBig(got.Difficulty),
		Key:        cryptoNoteKey(got.Difficulty, work),
		Work:       cryptoNoteWork{work},
	}
	if c.algorithm.NeedsSeed {
		return t, t.readSeeds(got)
	}
	return t, nil
}

func (t *Template) readSeeds(got *monerod.BlockTemplate) (err error) {
	if t.SeedHash, err = hex.DecodeString(got.SeedHash); err != nil || len(t.SeedHash) != 32 {
		return fmt.Errorf("the node's seed_hash %q is not 32 bytes of hex", got.SeedHash)
	}
	if got.NextSeedHash == "" {
		return nil
	}
	if t.NextSeedHash, err = hex.DecodeString(got.NextSeedHash); err != nil || len(t.NextSeedHash) != 32 {
		return fmt.Errorf("the node's next_seed_hash %q is not 32 bytes of hex", got.NextSeedHash)
	}
	return nil
}

// cryptoNoteKey covers what makes a template worth more or different: parent,
// transactions, reward, difficulty. The timestamp and the one-time key of the
// miner transaction change with every call and are left out.
func cryptoNoteKey(difficulty *big.Int, t *cryptonote.Template) uint64 {
	h := fnv.New64a()
	header := t.Header()
	h.Write(header.PrevID[:])
	h.Write(binary.LittleEndian.AppendUint64(nil, t.Height()))
	h.Write(binary.LittleEndian.AppendUint64(nil, t.Reward()))
	h.Write(difficulty.Bytes())
	for _, tx := range t.TxHashes() {
		h.Write(tx[:])
	}
	return h.Sum64()
}

// Submit implements Coin. The node says OK to blocks that it then leaves
// beside its chain, so it is asked where the block is.
func (c *cryptoNote) Submit(ctx context.Context, b Block) error {
	blob, err := hex.DecodeString(b.Payload)
	if err != nil {
		return fmt.Errorf("block %s is not hex: %w", b.Hash, err)
	}
	if err := c.node.SubmitBlock(ctx, blob); err != nil {
		var refused *monerod.Error
		verdict := !errors.Is(err, monerod.ErrBusy) && !errors.Is(err, monerod.ErrInternal)
		if errors.As(err, &refused) && verdict {
			return &RefusedError{Reason: err.Error()}
		}
		return err
	}
	id, err := cryptonote.ParseHash(b.Hash)
	if err != nil {
		return err
	}
	header, err := c.node.BlockHeaderByHash(ctx, id)
	switch {
	case errors.Is(err, monerod.ErrNotFound):
		return &RefusedError{Reason: "it said OK, but does not know the block"}
	case err == nil && header.Orphan:
		return &RefusedError{Reason: "another block was first at this height"}
	}
	return nil // in the chain, or taken as far as the node let us know
}

// cryptoNoteWork is a template's Work.
type cryptoNoteWork struct{ t *cryptonote.Template }

// extra is an extra nonce as it lies in the reserved bytes.
func (w cryptoNoteWork) extra(e Extra) []byte {
	return binary.BigEndian.AppendUint64(nil, e.Nonce)
}

// Input implements Work.
func (w cryptoNoteWork) Input(e Extra) (Input, error) {
	blob, err := w.t.HashingBlob(w.extra(e))
	return Input{Blob: blob, NonceOffset: w.t.NonceOffset(), NonceSize: cryptonote.NonceSize}, err
}

// Block implements Work.
func (w cryptoNoteWork) Block(e Extra, nonce []byte) (Block, error) {
	extra := w.extra(e)
	input, err := w.t.HashingBlob(extra)
	if err != nil {
		return Block{}, err
	}
	copy(input[w.t.NonceOffset():], nonce)
	blob, err := w.t.BlockBlob(extra, [cryptonote.NonceSize]byte(nonce))
	if err != nil {
		return Block{}, err
	}
	return Block{Hash: cryptonote.BlockID(input).String(), Payload: hex.EncodeToString(blob)}, nil
}

// setupIf turns an error into a *SetupError when it is one of these.
func setupIf(err error, kinds ...error) error {
	for _, kind := range kinds {
		if errors.Is(err, kind) {
			return &SetupError{What: "the node cannot serve this pool", Err: err}
		}
	}
	return err
}
