package monero

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/aditmine/adit/chain/cryptonote"
	"github.com/aditmine/adit/chain/internal/jsonrpc"
)

// Error codes of monerod.
const (
	codeWrongParam    = -1
	codeTooHigh       = -2
	codeReserve       = -3
	codeWrongAddress  = -4
	codeInternal      = -5
	codeWrongBlob     = -6
	codeNotAccepted   = -7
	codeBusy          = -9
	codeSubaddress    = -12
	codeInvalidParams = -32602
)

// methods lists the JSON-RPC methods under both of their names.
func (n *Node) methods() map[string]jsonrpc.Method {
	info := func(context.Context, json.RawMessage) (any, error) { return n.getInfo(), nil }
	return map[string]jsonrpc.Method{
		"get_block_template":         n.getBlockTemplate,
		"getblocktemplate":           n.getBlockTemplate,
		"submit_block":               n.submitBlock,
		"submitblock":                n.submitBlock,
		"get_last_block_header":      n.getLastBlockHeader,
		"getlastblockheader":         n.getLastBlockHeader,
		"get_block_header_by_height": n.getBlockHeaderByHeight,
		"getblockheaderbyheight":     n.getBlockHeaderByHeight,
		"get_block_header_by_hash":   n.getBlockHeaderByHash,
		"getblockheaderbyhash":       n.getBlockHeaderByHash,
		"get_block":                  n.getBlock,
		"getblock":                   n.getBlock,
		"get_block_count":            n.getBlockCount,
		"getblockcount":              n.getBlockCount,
		"get_info":                   info,
	}
}

// plain serves an answer that needs no parameters, outside of JSON-RPC.
func plain(answer func() any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(answer()) //nolint:errcheck // the caller left
	}
}

// decode reads named parameters; missing ones keep their zero value.
func decode(params json.RawMessage, into any) error {
	if params == nil {
		return nil
	}
	if json.Unmarshal(params, into) != nil {
		return jsonrpc.Errorf(codeInvalidParams, "Invalid params")
	}
	return nil
}

// monerod says that it reserves up to 255 bytes, and fails above 127.
const (
	maxReserve      = 255
	possibleReserve = 127
)

func (n *Node) getBlockTemplate(_ context.Context, params json.RawMessage) (any, error) {
	var p struct {
		Address string `json:"wallet_address"`
		Reserve int64  `json:"reserve_size"`
	}
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	if p.Reserve < 0 || p.Reserve > maxReserve {
		return nil, jsonrpc.Errorf(codeReserve, "Too big reserved size, maximum %d", maxReserve)
	}
	if p.Reserve > possibleReserve {
		return nil, jsonrpc.Errorf(codeInternal, "Internal error: failed to create block template")
	}
	address, err := n.checkAddress(p.Address)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.unsynced {
		return nil, jsonrpc.Errorf(codeBusy, "Core is busy")
	}
	return n.template(address, int(p.Reserve))
}

// checkAddress refuses addresses as monerod does.
func (n *Node) checkAddress(s string) (cryptonote.Address, error) {
	networks := []cryptonote.Network{n.cfg.Network}
	if n.cfg.Network == (cryptonote.Network{}) {
		networks = cryptonote.Networks()
	}
	for _, network := range networks {
		address, kind, err := network.ParseAddress(s)
		switch {
		case err != nil:
		case kind == cryptonote.Subaddress:
			return address, jsonrpc.Errorf(codeSubaddress, "Mining to subaddress is not supported yet")
		default:
			return address, nil
		}
	}
	return cryptonote.Address{}, jsonrpc.Errorf(codeWrongAddress, "Failed to parse wallet address")
}

// template builds a template on the tip. Like monerod it gives the same again
// while neither the chain nor the pool changes, but for the timestamp. n.mu is
// held.
func (n *Node) template(address cryptonote.Address, reserve int) (*templateAnswer, error) {
	tip := n.tree.tip()
	p := n.blueprint(tip, 0)
	p.reserve, p.txs = reserve, n.pool.list()
	p.secret = cryptonote.Keccak256(append(p.secret[:], address.Spend[:]...), address.View[:])
	blob, offset := p.build()
	block, err := cryptonote.ParseBlock(blob)
	if err != nil {
		return nil, jsonrpc.Errorf(codeInternal, "Internal error: failed to create block template: %v", err)
	}
	return &templateAnswer{
		difficultyAnswer: wide(n.nextDifficulty(tip)),
		Blob:             hex.EncodeToString(blob), HashingBlob: hex.EncodeToString(block.HashingBlob()),
		ExpectedReward: n.cfg.Reward, Height: p.height, PrevHash: p.prev, ReservedOffset: offset, Status: statusOK,
	}, nil
}

func (n *Node) submitBlock(_ context.Context, params json.RawMessage) (any, error) {
	var p []string
	if json.Unmarshal(params, &p) != nil {
		return nil, jsonrpc.Errorf(codeInvalidParams, "Invalid params")
	}
	if len(p) != 1 {
		return nil, jsonrpc.Errorf(codeWrongParam, "Wrong param")
	}
	blob, err := hex.DecodeString(p[0])
	if err != nil {
		return nil, jsonrpc.Errorf(codeWrongBlob, "Wrong block blob")
	}
	err = n.Submit(blob)
	switch {
	case errors.Is(err, ErrUnreadable):
		return nil, jsonrpc.Errorf(codeWrongBlob, "Wrong block blob")
	case err != nil:
		return nil, jsonrpc.Errorf(codeNotAccepted, "Block not accepted")
	}
	return statusAnswer{Status: statusOK}, nil
}

func (n *Node) getBlockCount(context.Context, json.RawMessage) (any, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return countAnswer{Count: n.tree.tip().height + 1, Status: statusOK}, nil
}

func (n *Node) getHeight() any {
	n.mu.Lock()
	defer n.mu.Unlock()
	tip := n.tree.tip()
	return heightAnswer{Hash: tip.id, Height: tip.height + 1, Status: statusOK}
}

// missingBlocks is how far a node that is not synchronised says it is behind.
const missingBlocks = 1000

func (n *Node) getInfo() any {
	n.mu.Lock()
	defer n.mu.Unlock()
	tip := n.tree.tip()
	a := infoAnswer{
		difficultyAnswer: wide(n.nextDifficulty(tip)),
		Height:           tip.height + 1, TopHash: tip.id, Target: int(n.cfg.BlockInterval.Seconds()),
		Offline: true, Synchronized: !n.unsynced, BusySyncing: n.unsynced, Nettype: "fakechain",
		AltBlocks: len(n.tree.known) - len(n.tree.main), TxPoolSize: len(n.pool.waiting),
		Version: "adit-simnode", Status: statusOK,
	}
	if n.unsynced {
		a.TargetHeight = a.Height + missingBlocks
	}
	return a
}
