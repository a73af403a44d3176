package ckb

import (
	"encoding/json"
	"fmt"
	"math/big"
	"time"

	"github.com/aditmine/adit/hash"
)

// Template is a block template, checked and frozen: a node hands out others
// under the same work id with a later current_time, so shares and blocks must
// be made from the very template that was hashed. It is immutable and safe for
// concurrent use.
type Template struct {
	workID     uint64
	header     RawHeader
	powHash    Hash
	target     hash.Target
	witness    CellbaseWitness
	cellbase   Hash
	bytesLimit uint64
	txs        []json.RawMessage // as the node sent them, the cellbase first
	uncles     []submitUncle
	proposals  json.RawMessage
	extension  json.RawMessage // nil when the template has none
}

// submitUncle is an uncle without the hash that templates add.
type submitUncle struct {
	Header    json.RawMessage `json:"header"`
	Proposals json.RawMessage `json:"proposals"`
}

// ParseTemplate reads the result of get_block_template. It computes all that
// the template leaves out, and checks what it says: hashes of transactions and
// uncles, the compact target, the shape of the cellbase. It keeps no reference
// to data.
func ParseTemplate(data []byte) (*Template, error) {
	t := &Template{}
	body, err := t.read(data)
	if err == nil {
		err = t.assemble(body)
	}
	if err != nil {
		return nil, fmt.Errorf("block template: %w", err)
	}
	return t, nil
}

// templateBody is what a template says about the block's body.
type templateBody struct {
	cellbase     templateTransaction
	transactions []templateTransaction
	uncles       []templateUncle
	proposals    []ProposalID
	extension    Bytes
}

type templateTransaction struct {
	Hash *Hash           `json:"hash"`
	Data json.RawMessage `json:"data"`
}

type templateUncle struct {
	Hash      *Hash           `json:"hash"`
	Header    json.RawMessage `json:"header"`
	Proposals json.RawMessage `json:"proposals"`
}

// read takes the members apart.
func (t *Template) read(data []byte) (*templateBody, error) {
	var (
		body                       templateBody
		extension                  *Bytes
		version, compact           Uint32
		workID, limit              Uint64
		currentTime, number, epoch Uint64
	)
	f := readFields(data)
	f.need("work_id", &workID)
	f.need("bytes_limit", &limit)
	f.need("version", &version)
	f.need("compact_target", &compact)
	f.need("current_time", &currentTime)
	f.need("number", &number)
	f.need("epoch", &epoch)
	f.need("parent_hash", &t.header.ParentHash)
	f.need("dao", &t.header.DAO)
	f.need("cellbase", &body.cellbase)
	f.need("transactions", &body.transactions)
	f.need("uncles", &body.uncles)
	f.need("proposals", &body.proposals)
	f.need("proposals", &t.proposals)
	f.optional("extension", &extension)
	f.optional("extension", &t.extension)
	if f.err != nil {
		return nil, f.err
	}
	if extension != nil {
		body.extension = *extension
	}
	t.workID, t.bytesLimit = uint64(workID), uint64(limit)
	t.header.Version, t.header.CompactTarget = uint32(version), uint32(compact)
	t.header.Timestamp, t.header.Number, t.header.Epoch = uint64(currentTime), uint64(number), Epoch(epoch)
	return &body, nil
}

// assemble checks the body and completes the header.
func (t *Template) assemble(body *templateBody) error {
	var err error
	if t.target, err = TargetFromCompact(t.header.CompactTarget); err != nil {
		return err
	}
	if !t.header.Epoch.Valid() {
		return fmt.Errorf("epoch %#x makes no sense", uint64(t.header.Epoch))
	}
	txs, witnesses, err := t.addTransactions(body)
	if err != nil {
		return err
	}
	uncles, err := t.addUncles(body.uncles)
	if err != nil {
		return err
	}
	commit(txs, witnesses, uncles, body.proposals, body.extension).Apply(&t.header)
	t.powHash = t.header.PowHash()
	return nil
}

// addTransactions keeps the transactions and returns their hashes.
func (t *Template) addTransactions(body *templateBody) (txs, witnesses []Hash, err error) {
	all := append([]templateTransaction{body.cellbase}, body.transactions...)
	for i, item := range all {
		tx, txHash, witnessHash, err := item.check()
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", transactionName(i), err)
		}
		if i == 0 {
			t.cellbase = txHash
			if t.witness, err = tx.CellbaseWitness(t.header.Number); err != nil {
				return nil, nil, err
			}
		}
		txs = append(txs, txHash)
		witnesses = append(witnesses, witnessHash)
		t.txs = append(t.txs, item.Data)
	}
	return txs, witnesses, nil
}

// check hashes the transaction and compares the hash with the node's.
func (item *templateTransaction) check() (tx *Transaction, txHash, witnessHash Hash, err error) {
	if item.Hash == nil || item.Data == nil {
		return nil, Hash{}, Hash{}, fmt.Errorf("lacks hash or data")
	}
	tx = &Transaction{}
	if err := json.Unmarshal(item.Data, tx); err != nil {
		return nil, Hash{}, Hash{}, err
	}
	txHash, witnessHash = tx.Hashes()
	if txHash != *item.Hash {
		return nil, Hash{}, Hash{}, fmt.Errorf("hashes to %v, but the node calls it %v: is the node newer than this program?", txHash, *item.Hash)
	}
	return tx, txHash, witnessHash, nil
}

func transactionName(i int) string {
	if i == 0 {
		return "cellbase"
	}
	return fmt.Sprintf("transaction %d", i)
}

// addUncles keeps the uncles and returns their hashes.
func (t *Template) addUncles(uncles []templateUncle) ([]Hash, error) {
	var hashes []Hash
	for i, item := range uncles {
		if item.Hash == nil || item.Header == nil || item.Proposals == nil {
			return nil, fmt.Errorf("uncle %d: lacks hash, header or proposals", i)
		}
		var u UncleBlock
		if err := json.Unmarshal(item.Header, &u.Header); err != nil {
			return nil, fmt.Errorf("uncle %d: %w", i, err)
		}
		if err := json.Unmarshal(item.Proposals, &u.Proposals); err != nil {
			return nil, fmt.Errorf("uncle %d: proposals: %w", i, err)
		}
		if got := u.Header.Hash(); got != *item.Hash {
			return nil, fmt.Errorf("uncle %d: hashes to %v, but the node calls it %v", i, got, *item.Hash)
		}
		if ProposalsHash(u.Proposals) != u.Header.ProposalsHash {
			return nil, fmt.Errorf("uncle %d: the proposals do not match the header", i)
		}
		hashes = append(hashes, *item.Hash)
		t.uncles = append(t.uncles, submitUncle{item.Header, item.Proposals})
	}
	return hashes, nil
}

// WorkID numbers the node's template; it changes whenever the node assembles
// another one.
func (t *Template) WorkID() uint64 { return t.workID }

// SameWork reports whether both are for the same work by the node's count,
// so that nothing but current_time can differ: keep the older one.
func (t *Template) SameWork(o *Template) bool {
	return t.workID == o.workID && t.header.ParentHash == o.header.ParentHash
}

// PowHash is the 32 bytes that miners hash together with a nonce.
func (t *Template) PowHash() [32]byte { return t.powHash }

// Height is the block's number.
func (t *Template) Height() uint64 { return t.header.Number }

// Parent is the hash of the block before.
func (t *Template) Parent() Hash { return t.header.ParentHash }

// Target is the network target that a block's hash must meet.
func (t *Template) Target() hash.Target { return t.target }

// Difficulty is the expected number of hashes for the block.
func (t *Template) Difficulty() *big.Int { return DifficultyFromTarget(t.target) }

// Time is the block's timestamp.
func (t *Template) Time() time.Time { return time.UnixMilli(int64(t.header.Timestamp)) }

// Header is the header that PowHash covers.
func (t *Template) Header() RawHeader { return t.header }

// PayoutLock is the lock script that is paid for the block, eleven blocks
// later. It comes from the node's [block_assembler] settings, by way of the
// cellbase's witness.
func (t *Template) PayoutLock() Script { return t.witness.Lock }

// CellbaseHash is the cellbase's transaction hash.
func (t *Template) CellbaseHash() Hash { return t.cellbase }

// Transactions counts the block's transactions, the cellbase included.
func (t *Template) Transactions() int { return len(t.txs) }

// Uncles counts the block's uncles.
func (t *Template) Uncles() int { return len(t.uncles) }

// Block makes the block with the given nonce, the sixteen bytes as they were
// hashed (extranonce1 || nonce2 in stratum): its header, and the JSON that
// submit_block takes, whose body is the template's word for word.
func (t *Template) Block(nonce [NonceSize]byte) (Header, json.RawMessage, error) {
	header := Header{RawHeader: t.header, Nonce: nonce}
	block := struct {
		Header       Header            `json:"header"`
		Uncles       []submitUncle     `json:"uncles"`
		Transactions []json.RawMessage `json:"transactions"`
		Proposals    json.RawMessage   `json:"proposals"`
		Extension    json.RawMessage   `json:"extension,omitempty"`
	}{header, list(t.uncles), t.txs, t.proposals, t.extension}
	body, err := json.Marshal(block)
	if err != nil {
		return Header{}, nil, fmt.Errorf("writing block %d: %w", t.header.Number, err)
	}
	return header, body, nil
}
