package ckb

import (
	"context"
	"encoding/json"

	"github.com/aditmine/adit/chain/ckb"
	"github.com/aditmine/adit/chain/internal/jsonrpc"
)

// While synchronisation is paused, the node claims to have heard of a chain
// longer by behindBy blocks, from some peers. Otherwise it has none.
const (
	behindBy     = 1000
	claimedPeers = 8
)

// bestKnown is the height of the best chain the node claims to know of, and
// from how many peers. The caller holds the lock.
func (n *Node) bestKnown() (number uint64, peers int) {
	if n.syncing {
		return n.tip().Header.Number + behindBy, claimedPeers
	}
	return n.tip().Header.Number, 0
}

func (n *Node) getBlockchainInfo(_ context.Context, params json.RawMessage) (any, error) {
	if err := jsonrpc.Params(params, 0); err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	tip := n.tip()
	return map[string]any{
		"alerts": []any{}, "chain": n.cfg.Chain, "difficulty": "0x" + tip.difficulty().Text(16),
		"epoch": ckb.Uint64(tip.Header.Epoch), "is_initial_block_download": n.syncing,
		"median_time": ckb.Uint64(tip.medianTime()),
	}, nil
}

func (n *Node) getConsensus(_ context.Context, params json.RawMessage) (any, error) {
	if err := jsonrpc.Params(params, 0); err != nil {
		return nil, err
	}
	n.mu.Lock()
	genesis := n.best[0].hash
	n.mu.Unlock()
	return map[string]any{
		"id": n.cfg.Chain, "genesis_hash": genesis, "block_version": ckb.Uint32(0),
		"cellbase_maturity":         ckb.Uint64(ckb.NewEpoch(n.cfg.Maturity, 0, 1)),
		"epoch_duration_target":     ckb.Uint64(n.cfg.EpochLength * uint64(n.cfg.BlockInterval.Seconds())),
		"max_block_bytes":           ckb.Uint64(maxBytes),
		"max_block_cycles":          ckb.Uint64(maxCycles),
		"max_block_proposals_limit": ckb.Uint64(maxProposals),
		"max_uncles_num":            ckb.Uint64(maxUncles),
		"tx_proposal_window":        map[string]ckb.Uint64{"closest": windowClosest, "farthest": windowFarthest},
	}, nil
}

func (n *Node) localNodeInfo(_ context.Context, params json.RawMessage) (any, error) {
	if err := jsonrpc.Params(params, 0); err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	_, peers := n.bestKnown()
	return map[string]any{
		"active": true, "addresses": []any{}, "connections": ckb.Uint64(peers),
		"node_id": "adit-simulated-node", "protocols": []any{}, "version": "0.0.0 (adit simulated node)",
	}, nil
}

func (n *Node) getPeers(_ context.Context, params json.RawMessage) (any, error) {
	if err := jsonrpc.Params(params, 0); err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	_, count := n.bestKnown()
	peers := make([]any, count)
	for i := range peers {
		peers[i] = map[string]any{
			"addresses": []any{}, "connected_duration": ckb.Uint64(1000), "is_outbound": true,
			"node_id": "simulated-peer", "protocols": []any{}, "version": "0.0.0",
		}
	}
	return peers, nil
}

func (n *Node) syncState(_ context.Context, params json.RawMessage) (any, error) {
	if err := jsonrpc.Params(params, 0); err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	best, _ := n.bestKnown()
	tip := n.tip()
	return map[string]any{
		"ibd": n.syncing, "best_known_block_number": ckb.Uint64(best),
		"best_known_block_timestamp": ckb.Uint64(tip.Header.Timestamp),
		"inflight_blocks_count":      ckb.Uint64(0), "orphan_blocks_count": ckb.Uint64(0),
		"fast_time": ckb.Uint64(1000), "normal_time": ckb.Uint64(1250), "low_time": ckb.Uint64(1500),
		"tip_hash": tip.hash, "tip_number": ckb.Uint64(tip.Header.Number),
		"unverified_tip_hash": tip.hash, "unverified_tip_number": ckb.Uint64(tip.Header.Number),
		"assume_valid_target": ckb.Hash{}, "assume_valid_target_reached": true,
		"min_chain_work": "0x0", "min_chain_work_reached": true,
	}, nil
}
