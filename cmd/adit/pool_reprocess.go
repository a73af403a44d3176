package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/unlock"
)

func newPoolReprocessCmd() *cobra.Command {
	var at payoutsAt
	cmd := &cobra.Command{
		Use:   "reprocess BLOCK",
		Short: "Have a block that was written off looked at again",
		Long: `Makes a block that was refused or orphaned a candidate again: BLOCK is its hash
or its number in the ledger. The pool looks lost blocks over by itself until
three times the confirmations lie above them; this is for later, when a node had
been on a wrong chain. The coin's node is asked at once and its answer printed;
the pool, at its next look, divides the reward if the block is in the chain and
deep enough, and writes it off again if it is not. Shares that a PROP block had
given to the next round go back with it.

The ledger is written to: a SQLite one only while no pool runs.`,
		Example: `  adit pool reprocess 5d1c...e0 -c pool.toml`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return at.write(cmd, func(cfg config.Config, s ledger.Store) error {
				b, err := lostBlock(cmd.Context(), cfg, s, args[0])
				if err != nil {
					return err
				}
				err = s.SettleBlock(cmd.Context(), b.ID, ledger.BlockUnsure, "looked at again by hand; it was "+string(b.State), time.Now())
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "block %d, %s at height %d of %s, is a candidate again\n", b.ID, b.Hash, b.Height, b.Coin)
				return sayWhere(cmd.Context(), cmd.OutOrStdout(), cfg, b)
			})
		},
	}
	cmd.Flags().StringVarP(&at.file, "config", "c", defaultPoolConfig, "configuration `file`")
	return cmd
}

// lostBlock finds a block by its hash or number, and makes sure that it was
// written off.
func lostBlock(ctx context.Context, cfg config.Config, s ledger.Store, name string) (ledger.Block, error) {
	id, _ := strconv.ParseInt(name, 10, 64) // 0 where it is a hash
	for _, c := range cfg.Coins {
		blocks, err := s.Candidates(ctx, c.Name, 0)
		if err != nil {
			return ledger.Block{}, err
		}
		for _, b := range blocks {
			if b.Hash != name && b.ID != id {
				continue
			}
			if b.State != ledger.BlockOrphaned && b.State != ledger.BlockRefused {
				return b, fmt.Errorf("block %s is %s: the pool looks after it by itself", name, b.State)
			}
			return b, nil
		}
	}
	unlocked, err := s.Blocks(ctx, math.MaxInt32)
	if err != nil {
		return ledger.Block{}, err
	}
	for _, b := range unlocked {
		if b.Hash == name || b.ID == id {
			return b, fmt.Errorf("block %s is %s: its reward has been divided", name, b.State)
		}
	}
	return ledger.Block{}, fmt.Errorf("the ledger has no block %s: 'adit pool stats' lists them", name)
}

// sayWhere prints where the coin's node has a block.
func sayWhere(ctx context.Context, out io.Writer, cfg config.Config, b ledger.Block) error {
	coin, ok := cfg.CoinNamed(b.Coin)
	if !ok {
		return errors.New("the configuration does not have its coin any more")
	}
	chain, err := unlock.Connect(coin.AtNode(coin.NodeURLs()[0]))
	if err != nil {
		return err
	}
	defer chain.Close()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	sight, err := chain.Look(ctx, b.Hash, b.Height)
	if err != nil {
		fmt.Fprintf(out, "the node could not be asked, the pool will: %v\n", err)
		return nil
	}
	fmt.Fprintf(out, "the node has it %s, with %d blocks above its height\n", sight.Place, sight.Depth)
	return nil
}
