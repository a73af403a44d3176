package monerod

import (
	"context"
	"fmt"
	"math/big"
)

// Info is the state of a node.
type Info struct {
	Height       uint64 // blocks in its chain; the top block's height is one less
	TargetHeight uint64 // of the network as its peers say, 0 when there are none or it is reached
	Difficulty   *big.Int
	TopHash      string
	Network      string // "mainnet", "testnet", "stagenet", "fakechain" (regtest)
	Version      string
	Incoming     int // connections
	Outgoing     int
	Offline      bool // started with --offline: it has no peers and needs none
	TxPoolSize   int
	Target       int // seconds between blocks the network aims at

	synchronized *bool
	busySyncing  bool
}

type infoAnswer struct {
	status
	Height       uint64 `json:"height"`
	TargetHeight uint64 `json:"target_height"`
	TopHash      string `json:"top_block_hash"`
	Network      string `json:"nettype"`
	Version      string `json:"version"`
	Incoming     int    `json:"incoming_connections_count"`
	Outgoing     int    `json:"outgoing_connections_count"`
	Offline      bool   `json:"offline"`
	TxPoolSize   int    `json:"tx_pool_size"`
	Target       int    `json:"target"`
	Synchronized *bool  `json:"synchronized"`
	BusySyncing  bool   `json:"busy_syncing"`
	difficultyFields
}

// Info asks for the node's state.
func (c *Client) Info(ctx context.Context) (*Info, error) {
	const method = "get_info"
	var a infoAnswer
	if err := c.call(ctx, method, nil, &a); err != nil {
		return nil, err
	}
	difficulty, err := a.difficulty()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	return &Info{
		Height: a.Height, TargetHeight: a.TargetHeight, Difficulty: difficulty, TopHash: a.TopHash,
		Network: a.Network, Version: a.Version, Incoming: a.Incoming, Outgoing: a.Outgoing, Offline: a.Offline,
		TxPoolSize: a.TxPoolSize, Target: a.Target, synchronized: a.Synchronized, busySyncing: a.BusySyncing,
	}, nil
}

// Synced reports whether the node has the whole chain. Nodes too old to say so
// are judged by the height their peers tell.
func (i *Info) Synced() bool {
	if i.busySyncing {
		return false
	}
	if i.synchronized != nil {
		return *i.synchronized
	}
	return i.TargetHeight <= i.Height
}

// Progress says in a few words how far the node is: "height 100 of 2000, 3
// peers".
func (i *Info) Progress() string {
	s := fmt.Sprintf("height %d", i.Height)
	if i.TargetHeight > i.Height {
		s += fmt.Sprintf(" of %d", i.TargetHeight)
	}
	if i.Offline {
		return s + ", offline"
	}
	peers := i.Incoming + i.Outgoing
	if peers == 1 {
		return s + ", 1 peer"
	}
	return s + fmt.Sprintf(", %d peers", peers)
}

// Synced asks the node whether it has the whole chain, and how far it is.
func (c *Client) Synced(ctx context.Context) (synced bool, progress string, err error) {
	info, err := c.Info(ctx)
	if err != nil {
		return false, "", err
	}
	return info.Synced(), info.Progress(), nil
}
