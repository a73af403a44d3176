package ckb

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
)

// DepType says how a cell dep is used.
type DepType byte

// Dep types.
const (
	DepTypeCode  DepType = 0
	DepTypeGroup DepType = 1
)

// MarshalText writes "code" or "dep_group".
func (t DepType) MarshalText() ([]byte, error) {
	switch t {
	case DepTypeCode:
		return []byte("code"), nil
	case DepTypeGroup:
		return []byte("dep_group"), nil
	}
	return nil, fmt.Errorf("dep type %d does not exist", byte(t))
}

// UnmarshalText reads "code" or "dep_group".
func (t *DepType) UnmarshalText(text []byte) error {
	switch string(text) {
	case "code":
		*t = DepTypeCode
	case "dep_group":
		*t = DepTypeGroup
	default:
		return fmt.Errorf("unknown dep_type %s", quote(text))
	}
	return nil
}

// OutPoint names an output of a transaction.
type OutPoint struct {
	TxHash Hash   `json:"tx_hash"`
	Index  Uint32 `json:"index"`
}

// NullOutPoint is what a cellbase's input refers to.
func NullOutPoint() OutPoint { return OutPoint{Index: 0xffffffff} }

// CellDep is a cell that a transaction's scripts read.
type CellDep struct {
	OutPoint OutPoint `json:"out_point"`
	DepType  DepType  `json:"dep_type"`
}

// CellInput is a cell that a transaction spends.
type CellInput struct {
	Since          Uint64   `json:"since"`
	PreviousOutput OutPoint `json:"previous_output"`
}

// CellOutput is a cell that a transaction makes. Capacity is in shannons,
// 10^-8 CKB.
type CellOutput struct {
	Capacity Uint64  `json:"capacity"`
	Lock     Script  `json:"lock"`
	Type     *Script `json:"type"`
}

// Transaction is a transaction as the node's JSON has it.
type Transaction struct {
	Version     Uint32       `json:"version"`
	CellDeps    []CellDep    `json:"cell_deps"`
	HeaderDeps  []Hash       `json:"header_deps"`
	Inputs      []CellInput  `json:"inputs"`
	Outputs     []CellOutput `json:"outputs"`
	OutputsData []Bytes      `json:"outputs_data"`
	Witnesses   []Bytes      `json:"witnesses"`
}

// MarshalJSON writes the node's JSON, where an empty list is [].
func (t Transaction) MarshalJSON() ([]byte, error) {
	type plain Transaction
	p := plain(t)
	p.CellDeps = list(p.CellDeps)
	p.HeaderDeps = list(p.HeaderDeps)
	p.Inputs = list(p.Inputs)
	p.Outputs = list(p.Outputs)
	p.OutputsData = list(p.OutputsData)
	p.Witnesses = list(p.Witnesses)
	return json.Marshal(p)
}

// list makes nil an empty list.
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}

// UnmarshalJSON reads the node's JSON; every list must be there. Scalars that
// are missing read as zero: those are all covered by the transaction hash.
func (t *Transaction) UnmarshalJSON(data []byte) error {
	type plain Transaction
	var p plain
	if err := json.Unmarshal(data, &p); err != nil {
		return fmt.Errorf("transaction: %w", err)
	}
	for _, list := range []struct {
		name    string
		missing bool
	}{
		{"cell_deps", p.CellDeps == nil}, {"header_deps", p.HeaderDeps == nil},
		{"inputs", p.Inputs == nil}, {"outputs", p.Outputs == nil},
		{"outputs_data", p.OutputsData == nil}, {"witnesses", p.Witnesses == nil},
	} {
		if list.missing {
			return fmt.Errorf("transaction lacks %s", list.name)
		}
	}
	*t = Transaction(p)
	return nil
}

// Hash is the transaction hash, which the witnesses are no part of.
func (t *Transaction) Hash() Hash { return Sum(t.rawMolecule()) }

// WitnessHash is the hash of the whole transaction.
func (t *Transaction) WitnessHash() Hash { return Sum(t.Encode()) }

// Hashes returns the transaction hash and the witness hash.
func (t *Transaction) Hashes() (tx, witness Hash) {
	raw := t.rawMolecule()
	return Sum(raw), Sum(t.molecule(raw))
}

// Encode is the molecule table Transaction.
func (t *Transaction) Encode() []byte { return t.molecule(t.rawMolecule()) }

func (t *Transaction) molecule(raw []byte) []byte {
	return moleculeDynamic(raw, moleculeBytesVec(t.Witnesses))
}

// rawMolecule is the table RawTransaction.
func (t *Transaction) rawMolecule() []byte {
	le := binary.LittleEndian
	var cellDeps, headerDeps, inputs []byte
	for _, d := range t.CellDeps {
		cellDeps = append(d.OutPoint.append(cellDeps), byte(d.DepType))
	}
	for _, h := range t.HeaderDeps {
		headerDeps = append(headerDeps, h[:]...)
	}
	for _, in := range t.Inputs {
		inputs = in.PreviousOutput.append(le.AppendUint64(inputs, uint64(in.Since)))
	}
	outputs := make([][]byte, len(t.Outputs))
	for i := range t.Outputs {
		outputs[i] = t.Outputs[i].molecule()
	}
	return moleculeDynamic(
		le.AppendUint32(nil, uint32(t.Version)),
		moleculeFixed(len(t.CellDeps), cellDeps),
		moleculeFixed(len(t.HeaderDeps), headerDeps),
		moleculeFixed(len(t.Inputs), inputs),
		moleculeDynamic(outputs...),
		moleculeBytesVec(t.OutputsData),
	)
}

// append adds the struct OutPoint.
func (o OutPoint) append(b []byte) []byte {
	return binary.LittleEndian.AppendUint32(append(b, o.TxHash[:]...), uint32(o.Index))
}

// molecule is the table CellOutput.
func (o *CellOutput) molecule() []byte {
	var typ []byte // an absent option is empty
	if o.Type != nil {
		typ = o.Type.molecule()
	}
	return moleculeDynamic(binary.LittleEndian.AppendUint64(nil, uint64(o.Capacity)), o.Lock.molecule(), typ)
}

func moleculeBytesVec(items []Bytes) []byte {
	out := make([][]byte, len(items))
	for i, item := range items {
		out[i] = moleculeBytes(item)
	}
	return moleculeDynamic(out...)
}

// CellbaseWitness checks that t has the shape of the cellbase of block number
// and returns its witness.
func (t *Transaction) CellbaseWitness(number uint64) (CellbaseWitness, error) {
	var w CellbaseWitness
	switch {
	case len(t.Inputs) != 1 || t.Inputs[0].PreviousOutput != NullOutPoint():
		return w, errors.New("cellbase: want one input, from nowhere")
	case uint64(t.Inputs[0].Since) != number:
		return w, fmt.Errorf("cellbase: made for block %d, not %d", uint64(t.Inputs[0].Since), number)
	case len(t.Outputs) > 1 || len(t.OutputsData) != len(t.Outputs):
		return w, errors.New("cellbase: want at most one output")
	case len(t.Outputs) == 1 && (t.Outputs[0].Type != nil || len(t.OutputsData[0]) != 0):
		return w, errors.New("cellbase: the output has a type or data")
	case len(t.Witnesses) != 1:
		return w, fmt.Errorf("cellbase: %d witnesses, want one", len(t.Witnesses))
	}
	return ParseCellbaseWitness(t.Witnesses[0])
}
