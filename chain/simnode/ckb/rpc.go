package ckb

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/aditmine/adit/chain/ckb"
	"github.com/aditmine/adit/chain/internal/jsonrpc"
	"github.com/aditmine/adit/chain/simnode"
)

// The node's own error codes.
const (
	codeInternal = -1
	codeInvalid  = -3
)

// handler serves the RPC, behind the faults, and the control endpoints.
func (n *Node) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(simnode.ControlPath, simnode.Control(n.actions()...))
	mux.Handle("/", n.faults.Wrap(&jsonrpc.Handler{MaxBatch: 100, Methods: n.methods()}))
	return mux
}

// methods are the RPC.
func (n *Node) methods() map[string]jsonrpc.Method {
	return map[string]jsonrpc.Method{
		"get_block_template":       n.getBlockTemplate,
		"submit_block":             n.submitBlock,
		"get_tip_header":           n.getTipHeader,
		"get_tip_block_number":     n.getTipBlockNumber,
		"get_header":               byHash(n, headerOf),
		"get_header_by_number":     byNumber(n, headerOf),
		"get_block":                byHash(n, blockOf),
		"get_block_by_number":      byNumber(n, blockOf),
		"get_block_hash":           byNumber(n, hashOf),
		"get_block_economic_state": n.getBlockEconomicState,
		"get_current_epoch":        n.getCurrentEpoch,
		"get_blockchain_info":      n.getBlockchainInfo,
		"get_consensus":            n.getConsensus,
		"local_node_info":          n.localNodeInfo,
		"get_peers":                n.getPeers,
		"sync_state":               n.syncState,
	}
}

func (n *Node) getBlockTemplate(_ context.Context, params json.RawMessage) (any, error) {
	var bytesLimit, proposalsLimit ckb.Uint64
	var maxVersion ckb.Uint32
	if err := jsonrpc.Params(params, 0, &bytesLimit, &proposalsLimit, &maxVersion); err != nil {
		return nil, err
	}
	return n.template(), nil
}

func (n *Node) submitBlock(_ context.Context, params json.RawMessage) (any, error) {
	var workID string
	var b ckb.Block
	if err := jsonrpc.Params(params, 2, &workID, &b); err != nil {
		return nil, err
	}
	return n.submit(&b)
}

func (n *Node) getTipHeader(_ context.Context, params json.RawMessage) (any, error) {
	if err := jsonFormat(params); err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.tip().Header.View(), nil
}

func (n *Node) getTipBlockNumber(_ context.Context, params json.RawMessage) (any, error) {
	if err := jsonrpc.Params(params, 0); err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return ckb.Uint64(n.tip().Header.Number), nil
}

// jsonFormat reads an optional verbosity behind the parameters given. The
// molecule format, verbosity 0, is not offered.
func jsonFormat(params json.RawMessage, first ...any) error {
	verbosity := ckb.Uint32(2)
	if err := jsonrpc.Params(params, len(first), append(first, &verbosity)...); err != nil {
		return err
	}
	if verbosity == 0 {
		return jsonrpc.Errorf(jsonrpc.CodeInvalidParams, "InvalidParams: the simulated node answers JSON only, not verbosity 0")
	}
	return nil
}

// What the look-ups show of a block.
func headerOf(b *block) any { return b.Header.View() }
func blockOf(b *block) any  { return b.Block.View() }
func hashOf(b *block) any   { return b.hash }

// byHash answers for any block that the node has; null for none.
func byHash(n *Node, show func(*block) any) jsonrpc.Method {
	return func(_ context.Context, params json.RawMessage) (any, error) {
		var h ckb.Hash
		if err := jsonFormat(params, &h); err != nil {
			return nil, err
		}
		n.mu.Lock()
		b := n.blocks[h]
		n.mu.Unlock()
		if b == nil {
			return nil, nil
		}
		return show(b), nil
	}
}

// byNumber answers for the best chain; null above its tip.
func byNumber(n *Node, show func(*block) any) jsonrpc.Method {
	return func(_ context.Context, params json.RawMessage) (any, error) {
		var number ckb.Uint64
		if err := jsonFormat(params, &number); err != nil {
			return nil, err
		}
		n.mu.Lock()
		b := n.onChain(uint64(number))
		n.mu.Unlock()
		if b == nil {
			return nil, nil
		}
		return show(b), nil
	}
}

// onChain is the best chain's block at a height, nil above the tip. The caller
// holds the lock.
func (n *Node) onChain(number uint64) *block {
	if number >= uint64(len(n.best)) {
		return nil
	}
	return n.best[number]
}

func (n *Node) getBlockEconomicState(_ context.Context, params json.RawMessage) (any, error) {
	var h ckb.Hash
	if err := jsonrpc.Params(params, 1, &h); err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	b := n.blocks[h]
	if b == nil || b.parent == nil || n.onChain(b.Header.Number) != b {
		return nil, nil
	}
	final := n.onChain(b.Header.Number + finalization)
	if final == nil {
		return nil, nil
	}
	r := n.reward(b, final.parent)
	return map[string]any{
		"finalized_at": final.hash,
		"issuance":     map[string]ckb.Uint64{"primary": ckb.Uint64(r.primary), "secondary": ckb.Uint64(n.secondary())},
		"miner_reward": map[string]ckb.Uint64{
			"primary": ckb.Uint64(r.primary), "secondary": ckb.Uint64(r.secondary),
			"committed": ckb.Uint64(r.committed), "proposal": ckb.Uint64(r.proposal),
		},
		"txs_fee": ckb.Uint64(r.fees),
	}, nil
}

func (n *Node) getCurrentEpoch(_ context.Context, params json.RawMessage) (any, error) {
	if err := jsonrpc.Params(params, 0); err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	h := &n.tip().Header
	return map[string]any{
		"number": ckb.Uint64(h.Epoch.Number()), "length": ckb.Uint64(h.Epoch.Length()),
		"start_number": ckb.Uint64(h.Number - h.Epoch.Index()), "compact_target": ckb.Uint32(h.CompactTarget),
	}, nil
}
