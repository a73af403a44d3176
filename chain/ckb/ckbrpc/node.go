package ckbrpc

import (
	"context"
	"errors"
	"fmt"

	"github.com/aditmine/adit/chain/ckb"
)

// ChainInfo is the answer of get_blockchain_info.
type ChainInfo struct {
	Chain                string     `json:"chain"`      // "ckb" mainnet, "ckb_testnet", "ckb_dev"
	Difficulty           string     `json:"difficulty"` // 0x-prefixed hex, up to 256 bits
	Epoch                ckb.Uint64 `json:"epoch"`      // a ckb.Epoch
	InitialBlockDownload bool       `json:"is_initial_block_download"`
	MedianTime           ckb.Uint64 `json:"median_time"` // milliseconds since 1970
}

// BlockchainInfo describes the chain.
func (c *Client) BlockchainInfo(ctx context.Context) (ChainInfo, error) {
	var info ChainInfo
	err := c.call(ctx, &info, "get_blockchain_info")
	if err == nil && info.Chain == "" {
		return info, c.nonsense("get_blockchain_info", errors.New("it names no chain"))
	}
	return info, err
}

// NodeInfo is the answer of local_node_info, as far as it is of use here.
type NodeInfo struct {
	Version     string     `json:"version"`
	NodeID      string     `json:"node_id"`
	Active      bool       `json:"active"`
	Connections ckb.Uint64 `json:"connections"`
}

// LocalNodeInfo describes the node.
func (c *Client) LocalNodeInfo(ctx context.Context) (NodeInfo, error) {
	var info NodeInfo
	err := c.call(ctx, &info, "local_node_info")
	return info, err
}

// SyncState is the answer of sync_state, as far as it is of use here.
type SyncState struct {
	IBD                  bool       `json:"ibd"` // initial block download
	BestKnownBlockNumber ckb.Uint64 `json:"best_known_block_number"`
	InflightBlocksCount  ckb.Uint64 `json:"inflight_blocks_count"`
	OrphanBlocksCount    ckb.Uint64 `json:"orphan_blocks_count"`
}

// SyncState says how far the node has come.
func (c *Client) SyncState(ctx context.Context) (SyncState, error) {
	var s SyncState
	err := c.call(ctx, &s, "sync_state")
	return s, err
}

// syncSlack is how many blocks a node may be behind the best it heard of and
// still count as synchronised: new blocks are announced before they arrive.
const syncSlack = 2

// Synced reports whether the node has caught up with its network, so that its
// templates are worth mining on. detail is one line for a person either way.
//
// A private chain without peers counts as synchronised even while the node
// speaks of initial block download, which it does whenever its last block is
// a day old: such a chain moves only when somebody mines on it.
func (c *Client) Synced(ctx context.Context) (synced bool, detail string, err error) {
	info, err := c.BlockchainInfo(ctx)
	if err != nil {
		return false, "", err
	}
	tip, err := c.TipNumber(ctx)
	if err != nil {
		return false, "", err
	}
	best, peers, err := c.network(ctx, tip)
	if err != nil {
		return false, "", err
	}
	detail = fmt.Sprintf("%s at block %d of %d, %d peers", info.Chain, tip, max(tip, best), peers)
	switch {
	case best > tip+syncSlack:
		return false, detail, nil
	case info.InitialBlockDownload && peers == 0 && private(info.Chain):
		return true, detail + ", a private chain", nil
	case info.InitialBlockDownload:
		return false, detail + ", in initial block download", nil
	}
	return true, detail, nil
}

// private reports whether a chain is neither of the two public ones.
func private(chain string) bool { return chain != "ckb" && chain != "ckb_testnet" }

// network asks what the node heard from its peers; a node whose Net module is
// off knows nothing better than its own tip.
func (c *Client) network(ctx context.Context, tip uint64) (best, peers uint64, err error) {
	state, err := c.SyncState(ctx)
	if methodMissing(err) {
		return tip, 0, nil
	}
	if err != nil {
		return 0, 0, err
	}
	node, err := c.LocalNodeInfo(ctx)
	return uint64(state.BestKnownBlockNumber), uint64(node.Connections), err
}

// Consensus is the answer of get_consensus, as far as it is of use here.
type Consensus struct {
	ID               string     `json:"id"`
	GenesisHash      ckb.Hash   `json:"genesis_hash"`
	CellbaseMaturity ckb.Uint64 `json:"cellbase_maturity"` // a ckb.Epoch; its number counts
}

// Consensus tells the chain's rules.
func (c *Client) Consensus(ctx context.Context) (Consensus, error) {
	var rules Consensus
	err := c.call(ctx, &rules, "get_consensus")
	return rules, err
}
