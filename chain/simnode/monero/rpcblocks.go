package monero

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"

	"github.com/aditmine/adit/chain/cryptonote"
	"github.com/aditmine/adit/chain/internal/jsonrpc"
)

const statusOK = "OK"

type statusAnswer struct {
	Status    string `json:"status"`
	Untrusted bool   `json:"untrusted"`
}

type countAnswer struct {
	Count  uint64 `json:"count"`
	Status string `json:"status"`
}

type heightAnswer struct {
	Hash   cryptonote.Hash `json:"hash"`
	Height uint64          `json:"height"`
	Status string          `json:"status"`
}

type difficultyAnswer struct {
	Difficulty uint64 `json:"difficulty"`
	Top64      uint64 `json:"difficulty_top64"`
	Wide       string `json:"wide_difficulty"`
}

func wide(d uint64) difficultyAnswer {
	return difficultyAnswer{Difficulty: d, Wide: fmt.Sprintf("0x%x", d)}
}

type templateAnswer struct {
	difficultyAnswer
	Blob           string          `json:"blocktemplate_blob"`
	HashingBlob    string          `json:"blockhashing_blob"`
	ExpectedReward uint64          `json:"expected_reward"`
	Height         uint64          `json:"height"`
	PrevHash       cryptonote.Hash `json:"prev_hash"`
	ReservedOffset int             `json:"reserved_offset"`
	SeedHash       string          `json:"seed_hash"`
	SeedHeight     uint64          `json:"seed_height"`
	NextSeedHash   string          `json:"next_seed_hash"`
	Status         string          `json:"status"`
	Untrusted      bool            `json:"untrusted"`
}

type infoAnswer struct {
	difficultyAnswer
	AltBlocks    int             `json:"alt_blocks_count"`
	BusySyncing  bool            `json:"busy_syncing"`
	Height       uint64          `json:"height"`
	Incoming     int             `json:"incoming_connections_count"`
	Mainnet      bool            `json:"mainnet"`
	Nettype      string          `json:"nettype"`
	Offline      bool            `json:"offline"`
	Outgoing     int             `json:"outgoing_connections_count"`
	Status       string          `json:"status"`
	Synchronized bool            `json:"synchronized"`
	Target       int             `json:"target"`
	TargetHeight uint64          `json:"target_height"`
	TopHash      cryptonote.Hash `json:"top_block_hash"`
	TxPoolSize   int             `json:"tx_pool_size"`
	Untrusted    bool            `json:"untrusted"`
	Version      string          `json:"version"`
}

type headerAnswer struct {
	Header headerFields `json:"block_header"`
	Status string       `json:"status"`
}

type headerFields struct {
	difficultyAnswer
	BlockSize      int             `json:"block_size"`
	CumulativeWide string          `json:"wide_cumulative_difficulty"`
	Depth          uint64          `json:"depth"`
	Hash           cryptonote.Hash `json:"hash"`
	Height         uint64          `json:"height"`
	Major          uint64          `json:"major_version"`
	MinerTxHash    cryptonote.Hash `json:"miner_tx_hash"`
	Minor          uint64          `json:"minor_version"`
	Nonce          uint32          `json:"nonce"`
	NumTxes        int             `json:"num_txes"`
	Orphan         bool            `json:"orphan_status"`
	PrevHash       cryptonote.Hash `json:"prev_hash"`
	Reward         uint64          `json:"reward"`
	Timestamp      uint64          `json:"timestamp"`
}

type blockAnswer struct {
	headerAnswer
	Blob        string            `json:"blob"`
	JSON        string            `json:"json"`
	MinerTxHash cryptonote.Hash   `json:"miner_tx_hash"`
	TxHashes    []cryptonote.Hash `json:"tx_hashes,omitempty"`
}

// header needs n.mu.
func (n *Node) header(e *entry) headerAnswer {
	h := e.block.Header()
	return headerAnswer{Status: statusOK, Header: headerFields{
		difficultyAnswer: wide(e.difficulty), CumulativeWide: "0x" + new(big.Int).Set(e.cumulative).Text(16),
		BlockSize: len(e.block.Bytes()), Depth: n.describe(e).Depth, Hash: e.id, Height: e.height,
		Major: h.Major, Minor: h.Minor, MinerTxHash: e.block.MinerTxHash(), Nonce: h.Nonce,
		NumTxes: e.block.TxCount() - 1, Orphan: !e.main, PrevHash: h.PrevID, Reward: e.block.Reward(),
		Timestamp: h.Timestamp,
	}}
}

func (n *Node) getLastBlockHeader(context.Context, json.RawMessage) (any, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.header(n.tree.tip()), nil
}

func (n *Node) getBlockHeaderByHeight(_ context.Context, params json.RawMessage) (any, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	e, err := n.find(params, false)
	if err != nil {
		return nil, err
	}
	return n.header(e), nil
}

func (n *Node) getBlockHeaderByHash(_ context.Context, params json.RawMessage) (any, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	e, err := n.find(params, true)
	if err != nil {
		return nil, err
	}
	return n.header(e), nil
}

func (n *Node) getBlock(_ context.Context, params json.RawMessage) (any, error) {
	var p struct{ Hash string }
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	e, err := n.find(params, p.Hash != "")
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(blockJSON(e.block))
	if err != nil {
		return nil, err
	}
	return blockAnswer{
		headerAnswer: n.header(e), Blob: hex.EncodeToString(e.block.Bytes()), JSON: string(text),
		MinerTxHash: e.block.MinerTxHash(), TxHashes: e.block.TxHashes(),
	}, nil
}

// find returns the block that params ask for, by hash or by height. n.mu is
// held.
func (n *Node) find(params json.RawMessage, byHash bool) (*entry, error) {
	var p struct {
		Hash   string `json:"hash"`
		Height uint64 `json:"height"`
	}
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	if !byHash {
		if e := n.tree.at(p.Height); e != nil {
			return e, nil
		}
		return nil, jsonrpc.Errorf(codeTooHigh, "Requested block height: %d greater than current top block height: %d",
			p.Height, n.tree.tip().height)
	}
	id, err := cryptonote.ParseHash(p.Hash)
	if err != nil {
		return nil, jsonrpc.Errorf(codeWrongParam, "Failed to parse hex representation of block hash. Hex = %.80s.", p.Hash)
	}
	if e := n.tree.known[id]; e != nil {
		return e, nil
	}
	return nil, jsonrpc.Errorf(codeInternal, "Internal error: can't get block by hash. Hash = %s.", id)
}

// blockJSON is the part of a block's JSON form that pools read: the miner
// transaction and the list of the others.
func blockJSON(b *cryptonote.Block) any {
	h, tx := b.Header(), b.MinerTx()
	outputs := []any{}
	for _, o := range tx.Outputs {
		target := map[string]any{"key": o.Key}
		if o.Tagged {
			target = map[string]any{"tagged_key": map[string]any{"key": o.Key, "view_tag": hex.EncodeToString([]byte{o.ViewTag})}}
		}
		outputs = append(outputs, map[string]any{"amount": o.Amount, "target": target})
	}
	extra := make([]int, len(tx.Extra))
	for i, c := range tx.Extra {
		extra[i] = int(c)
	}
	return map[string]any{
		"major_version": h.Major, "minor_version": h.Minor, "timestamp": h.Timestamp, "prev_id": h.PrevID, "nonce": h.Nonce,
		"miner_tx": map[string]any{
			"version": tx.Version, "unlock_time": tx.UnlockTime, "extra": extra, "vout": outputs,
			"vin": []any{map[string]any{"gen": map[string]any{"height": tx.Height}}},
		},
		"tx_hashes": b.TxHashes(),
	}
}
