package ckb_test

import (
	"bytes"
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/ckb"
	"github.com/aditmine/adit/chain/ckb/ckbrpc"
	simckb "github.com/aditmine/adit/chain/simnode/ckb"
)

// requireInvalid wants the node's refusal with a text.
func requireInvalid(t *testing.T, err error, want string) {
	t.Helper()
	var e *ckbrpc.RPCError
	require.ErrorAs(t, err, &e)
	require.Equal(t, ckbrpc.CodeInvalid, e.Code)
	require.ErrorContains(t, err, want)
}

func TestRefusesWhatMissesTheTarget(t *testing.T) {
	w := start(t, nil)
	tmpl := w.template()
	_, block, err := tmpl.Block(w.solve(tmpl, false))
	require.NoError(t, err)
	_, err = w.submit(tmpl, block)
	requireInvalid(t, err, "Pow(InvalidNonce")
	require.Equal(t, uint64(1), w.node.Status().Counts.Refused)
}

// A nonce written in the order of its bytes is the classic mistake. One in 256
// would pass by luck; seed and clock stand still, so it is always the same.
func TestRefusesANonceInTheWrongOrder(t *testing.T) {
	w := start(t, func(c *simckb.Config) { c.CompactTarget = ckb.CompactFromDifficulty(big.NewInt(256)) })
	tmpl := w.template()
	header, block := w.mine(tmpl)
	var backwards ckb.Nonce
	for i, b := range header.Nonce {
		backwards[len(backwards)-1-i] = b
	}
	wrong := bytes.Replace(block, []byte(header.Nonce.String()), []byte(backwards.String()), 1)
	require.NotEqual(t, string(block), string(wrong))
	_, err := w.submit(tmpl, wrong)
	requireInvalid(t, err, "Pow(InvalidNonce")

	// Padding it with zeros is no better.
	padded := bytes.Replace(block, []byte(header.Nonce.String()), []byte(strings.Replace(header.Nonce.String(), "0x", "0x0", 1)), 1)
	_, err = w.submit(tmpl, padded)
	require.ErrorContains(t, err, "redundant leading zeros")

	_, err = w.submit(tmpl, block)
	require.NoError(t, err)
}

// change edits a submission.
func change(t *testing.T, block json.RawMessage, edit func(*ckb.Block)) json.RawMessage {
	t.Helper()
	var b ckb.Block
	require.NoError(t, json.Unmarshal(block, &b))
	edit(&b)
	out, err := json.Marshal(b)
	require.NoError(t, err)
	return out
}

// fullTemplate leads the node to a template with an uncle, proposals and
// transactions.
func (w *world) fullTemplate() *ckb.Template {
	w.t.Helper()
	w.node.AddTransactions(5)
	w.step()
	stale := w.template()
	w.step()
	w.node.AddTransactions(2)
	_, block := w.mine(stale)
	_, err := w.submit(stale, block)
	require.NoError(w.t, err)
	tmpl := w.template()
	require.Equal(w.t, 1, tmpl.Uncles())
	require.Equal(w.t, 6, tmpl.Transactions())
	return tmpl
}

// What is missing in the body shows as bad proof of work, as the node
// recomputes the commitments first.
func TestBodyMistakesShowAsInvalidNonce(t *testing.T) {
	w := start(t, func(c *simckb.Config) { c.CompactTarget = ckb.CompactFromDifficulty(big.NewInt(256)) })
	tmpl := w.fullTemplate()
	_, block := w.mine(tmpl)
	for name, edit := range map[string]func(*ckb.Block){
		"no uncle":       func(b *ckb.Block) { b.Uncles = nil },
		"no extension":   func(b *ckb.Block) { b.Extension = nil },
		"no proposals":   func(b *ckb.Block) { b.Proposals = nil },
		"no cellbase":    func(b *ckb.Block) { b.Transactions = b.Transactions[1:] },
		"no transaction": func(b *ckb.Block) { b.Transactions = b.Transactions[:5] },
		"other order": func(b *ckb.Block) {
			b.Transactions[1], b.Transactions[2] = b.Transactions[2], b.Transactions[1]
		},
		"other time": func(b *ckb.Block) { b.Header.Timestamp++ },
		"other root": func(b *ckb.Block) { b.Header.Nonce[5]++ },
	} {
		_, err := w.submit(tmpl, change(t, block, edit))
		requireInvalid(t, err, "Pow(InvalidNonce")
		require.NotEmpty(t, name)
	}
	// The header's own commitments do not matter.
	ignored := change(t, block, func(b *ckb.Block) { b.Header.TransactionsRoot = ckb.Hash{} })
	_, err := w.submit(tmpl, ignored)
	require.NoError(t, err)
	view, found, err := w.client.BlockByNumber(t.Context(), tmpl.Height())
	require.NoError(t, err)
	require.True(t, found)
	require.Len(t, view.Uncles, 1)
	require.Len(t, view.Transactions, 6)
}

// resolve gives an edited block the proof of work it then needs.
func (w *world) resolve(block json.RawMessage, edit func(*ckb.Block)) json.RawMessage {
	w.t.Helper()
	return change(w.t, block, func(b *ckb.Block) {
		edit(b)
		b.Commitments().Apply(&b.Header.RawHeader)
		for ckb.VerifyPow(&b.Header, w.hasher) != nil {
			b.Header.Nonce[3]++
			if b.Header.Nonce[3] == 0 {
				b.Header.Nonce[4]++
			}
		}
	})
}

func TestRefusesBrokenRules(t *testing.T) {
	w := start(t, nil)
	for range 12 {
		w.step()
	}
	w.node.AddTransactions(4)
	w.step()
	w.step()
	tmpl := w.template()
	_, block := w.mine(tmpl)
	cellbase := func(b *ckb.Block) *ckb.Transaction { return &b.Transactions[0] }
	easier := ckb.CompactFromDifficulty(big.NewInt(2))
	for want, edit := range map[string]func(*ckb.Block){
		"BlockVersionError":         func(b *ckb.Block) { b.Header.Version = 1 },
		"UnknownParentError":        func(b *ckb.Block) { b.Header.ParentHash[0]++ },
		"NumberError":               func(b *ckb.Block) { b.Header.Number++ },
		"Epoch(NumberMismatch":      func(b *ckb.Block) { b.Header.Epoch++ },
		"Epoch(TargetMismatch":      func(b *ckb.Block) { b.Header.CompactTarget = easier },
		"BlockTimeTooOld":           func(b *ckb.Block) { b.Header.Timestamp -= 60_000 },
		"BlockTimeTooNew":           func(b *ckb.Block) { b.Header.Timestamp += 16_000 },
		"InvalidDAO":                func(b *ckb.Block) { b.Header.DAO[0]++ },
		"InvalidRewardAmount":       func(b *ckb.Block) { cellbase(b).Outputs[0].Capacity++ },
		"InvalidRewardTarget":       func(b *ckb.Block) { cellbase(b).Outputs[0].Lock = ckb.SighashLock([20]byte{9}) },
		"one input":                 func(b *ckb.Block) { cellbase(b).Inputs = nil },
		"cellbase witness":          func(b *ckb.Block) { cellbase(b).Witnesses[0] = ckb.Bytes{1} },
		"Cellbase(InvalidQuantity":  func(b *ckb.Block) { b.Transactions = nil },
		"unknown transaction":       func(b *ckb.Block) { b.Transactions[1].Version = 1 },
		"committed already":         func(b *ckb.Block) { b.Transactions = append(b.Transactions, b.Transactions[1]) },
		"ProposalDuplicate":         func(b *ckb.Block) { b.Proposals = make([]ckb.ProposalID, 2) },
		"ExceededMaximumProposals":  func(b *ckb.Block) { b.Proposals = make([]ckb.ProposalID, 1501) },
		"ExceededMaximumBlockBytes": func(b *ckb.Block) { b.Transactions[1].Witnesses[0] = make(ckb.Bytes, 600_000) },
		"OverCount":                 func(b *ckb.Block) { b.Uncles = make([]ckb.UncleBlock, 3) },
		"unknown block":             func(b *ckb.Block) { b.Uncles = make([]ckb.UncleBlock, 1) },
		"NoBlockExtension":          func(b *ckb.Block) { b.Extension = nil },
		"InvalidBlockExtensionLen":  func(b *ckb.Block) { b.Extension = b.Extension[:31] },
		"InvalidChainRoot":          func(b *ckb.Block) { b.Extension[0]++ },
	} {
		_, err := w.submit(tmpl, w.resolve(block, edit))
		requireInvalid(t, err, want)
	}
	longer := w.resolve(block, func(b *ckb.Block) { b.Extension = append(b.Extension, 1, 2, 3) })
	_, err := w.submit(tmpl, longer)
	require.NoError(t, err, "an extension may go on after the chain root")
}

func TestRefusesTransactionsBeforeTheirTime(t *testing.T) {
	w := start(t, nil)
	w.node.AddTransactions(1)
	w.step() // proposes
	committing := w.step()
	require.Zero(t, w.template().Height()-committing.Number-1)
	tmpl := w.template() // may commit
	_, block := w.mine(tmpl)
	var full ckb.Block
	require.NoError(t, json.Unmarshal(block, &full))
	require.Len(t, full.Transactions, 2)

	early := start(t, nil)
	early.node.AddTransactions(1) // the same one, by the same seed
	first := early.template()
	_, block = early.mine(first)
	_, err := early.submit(first, early.resolve(block, func(b *ckb.Block) {
		b.Transactions = append(b.Transactions, full.Transactions[1])
	}))
	requireInvalid(t, err, "is not proposed")
}

func TestUncleRules(t *testing.T) {
	w := start(t, nil)
	tmpl := w.fullTemplate()
	_, block := w.mine(tmpl)
	for want, edit := range map[string]func(*ckb.Block){
		"Duplicate":     func(b *ckb.Block) { b.Uncles = append(b.Uncles, b.Uncles[0]) },
		"ProposalsHash": func(b *ckb.Block) { b.Uncles[0].Proposals = make([]ckb.ProposalID, 1) },
		"DoubleInclusion": func(b *ckb.Block) {
			tip, _, err := w.client.BlockByNumber(t.Context(), tmpl.Height()-1)
			require.NoError(t, err)
			b.Uncles = []ckb.UncleBlock{{Header: tip.Header, Proposals: tip.Proposals}}
		},
		"InvalidDifficultyEpoch": func(b *ckb.Block) {
			genesis, _, err := w.client.BlockByNumber(t.Context(), 0)
			require.NoError(t, err)
			b.Uncles = []ckb.UncleBlock{{Header: genesis.Header}}
		},
	} {
		_, err := w.submit(tmpl, w.resolve(block, edit))
		requireInvalid(t, err, want)
	}
}
