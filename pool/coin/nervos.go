package coin

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"time"

	"github.com/aditmine/adit/chain/ckb"
	"github.com/aditmine/adit/chain/ckb/ckbrpc"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/pool/config"
)

// nonce1Size is how much of the 16-byte nonce belongs to the session. Four
// bytes are what every known device takes, and leave a proxy room.
const nonce1Size = 4

// Codes of errors that say nothing about the block: JSON-RPC's internal error,
// and the node's own.
const (
	codeInternal     = -32603
	codeNodeInternal = -1
)

// nervos is CKB.
type nervos struct {
	algorithm *hash.Algorithm
	network   ckb.Network
	payout    *ckb.Script // what the templates must pay to; nil: anything
	node      *ckbrpc.Client
	http      *http.Client
}

func newNervos(cfg config.Coin, a *hash.Algorithm) (Coin, error) {
	network, err := cfg.CKBNetwork()
	if err != nil {
		return nil, fmt.Errorf("coin %s: %w", cfg.Name, err)
	}
	client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute}}
	c := &nervos{algorithm: a, network: network, http: client, node: ckbrpc.New(ckbrpc.Config{URL: cfg.Node, HTTP: client})}
	if cfg.Address != "" {
		address, err := ckb.ParseAddressOn(network, cfg.Address)
		if err != nil {
			return nil, fmt.Errorf("coin %s: %w", cfg.Name, err)
		}
		c.payout = &address.Script
	}
	return c, nil
}

// Algorithm implements Coin.
func (c *nervos) Algorithm() *hash.Algorithm { return c.algorithm }

// Close implements Coin.
func (c *nervos) Close() { c.http.CloseIdleConnections() }

// CheckLogin implements Coin.
func (c *nervos) CheckLogin(address string) error {
	_, err := ckb.ParseAddressOn(c.network, address)
	return err
}

// Status implements Coin. The chain's name must fit the addresses, so that
// nobody mines on a network that cannot pay them.
func (c *nervos) Status(ctx context.Context) (Status, error) {
	info, err := c.node.BlockchainInfo(ctx)
	if err != nil {
		return Status{}, err
	}
	if mainnet := info.Chain == "ckb"; mainnet != (c.network == ckb.Mainnet) {
		return Status{}, &SetupError{What: fmt.Sprintf("the node is on chain %q, the pool on %s", info.Chain, c.network)}
	}
	synced, detail, err := c.node.Synced(ctx)
	return Status{Synced: synced, Detail: detail}, err
}

// Tip implements Coin.
func (c *nervos) Tip(ctx context.Context) (Tip, error) {
	h, err := c.node.TipHeader(ctx)
	if err != nil {
		return Tip{}, err
	}
	return Tip{Height: h.Number, Hash: hex.EncodeToString(h.Hash[:])}, nil
}

// Template implements Coin.
func (c *nervos) Template(ctx context.Context) (*Template, error) {
	t, err := c.node.BlockTemplate(ctx)
	if err != nil {
		return nil, setupIf(err, ckbrpc.ErrMinerDisabled)
	}
	if lock := t.PayoutLock(); c.payout != nil && !sameScript(lock, *c.payout) {
		return nil, &SetupError{What: fmt.Sprintf("the node's [block_assembler] pays to %s, not to the configured address %s",
			ckb.EncodeAddress(c.network, lock), ckb.EncodeAddress(c.network, *c.payout))}
	}
	parent := t.Parent()
	return &Template{
		Height:     t.Height(),
		Parent:     hex.EncodeToString(parent[:]),
		Difficulty: t.Difficulty(),
		Target:     t.Target(),
		Key:        nervosKey(t),
		Work:       nervosWork{t},
	}, nil
}

func sameScript(a, b ckb.Script) bool {
	return a.CodeHash == b.CodeHash && a.HashType == b.HashType && string(a.Args) == string(b.Args)
}

// nervosKey covers the header but for its timestamp, which is all that a node
// changes while the work is the same.
func nervosKey(t *ckb.Template) uint64 {
	header := t.Header()
	header.Timestamp = 0
	raw := header.Encode()
	h := fnv.New64a()
	h.Write(raw[:])
	return h.Sum64()
}

// Submit implements Coin.
func (c *nervos) Submit(ctx context.Context, b Block) error {
	_, err := c.node.SubmitBlock(ctx, b.WorkID, json.RawMessage(b.Payload))
	var refused *ckbrpc.RPCError
	if errors.As(err, &refused) && refused.Code != codeInternal && refused.Code != codeNodeInternal {
		return &RefusedError{Reason: err.Error()}
	}
	return err
}

// nervosWork is a template's Work.
type nervosWork struct{ t *ckb.Template }

// variant is the template with its timestamp moved: another pow_hash for the
// same block.
func (w nervosWork) variant(e Extra) *ckb.Template {
	return w.t.At(w.t.Time().Add(time.Duration(e.Variant) * time.Millisecond))
}

// Input implements Work: pow_hash, then the session's part of the nonce.
func (w nervosWork) Input(e Extra) (Input, error) {
	message := ckb.PowMessage(w.variant(e).PowHash(), nervosNonce(e, nil))
	return Input{Blob: message[:], NonceOffset: len(message) - ckb.NonceSize + nonce1Size, NonceSize: ckb.NonceSize - nonce1Size}, nil
}

// Block implements Work.
func (w nervosWork) Block(e Extra, nonce []byte) (Block, error) {
	t := w.variant(e)
	header, body, err := t.Block(nervosNonce(e, nonce))
	if err != nil {
		return Block{}, err
	}
	id := header.Hash()
	return Block{Hash: hex.EncodeToString(id[:]), Payload: string(body), WorkID: t.WorkID()}, nil
}

// nervosNonce joins the session's part of the nonce and the miner's.
func nervosNonce(e Extra, rest []byte) (n ckb.Nonce) {
	binary.BigEndian.PutUint32(n[:], uint32(e.Nonce))
	copy(n[nonce1Size:], rest)
	return n
}
