package ckb

import "github.com/aditmine/adit/chain/ckb"

// templateView is the JSON of get_block_template.
type templateView struct {
	Version          ckb.Uint32       `json:"version"`
	CompactTarget    ckb.Uint32       `json:"compact_target"`
	CurrentTime      ckb.Uint64       `json:"current_time"`
	Number           ckb.Uint64       `json:"number"`
	Epoch            ckb.Uint64       `json:"epoch"`
	ParentHash       ckb.Hash         `json:"parent_hash"`
	CyclesLimit      ckb.Uint64       `json:"cycles_limit"`
	BytesLimit       ckb.Uint64       `json:"bytes_limit"`
	UnclesCountLimit ckb.Uint64       `json:"uncles_count_limit"`
	Uncles           []templateUncle  `json:"uncles"`
	Transactions     []templateTx     `json:"transactions"`
	Proposals        []ckb.ProposalID `json:"proposals"`
	Cellbase         templateCellbase `json:"cellbase"`
	WorkID           ckb.Uint64       `json:"work_id"`
	DAO              ckb.Hash         `json:"dao"`
	Extension        *ckb.Bytes       `json:"extension"`
}

type templateUncle struct {
	Hash      ckb.Hash         `json:"hash"`
	Required  bool             `json:"required"`
	Proposals []ckb.ProposalID `json:"proposals"`
	Header    ckb.Header       `json:"header"`
}

type templateTx struct {
	Hash     ckb.Hash        `json:"hash"`
	Required bool            `json:"required"`
	Cycles   *ckb.Uint64     `json:"cycles"`
	Depends  []ckb.Uint64    `json:"depends"`
	Data     ckb.Transaction `json:"data"`
}

type templateCellbase struct {
	Hash   ckb.Hash        `json:"hash"`
	Cycles *ckb.Uint64     `json:"cycles"`
	Data   ckb.Transaction `json:"data"`
}

// view writes the work as a template with the given time. It shares what does
// not change any more, so that it can be marshalled after the lock is gone.
func (w work) view(time uint64) templateView {
	b := &w.block
	h := &b.Header
	v := templateView{
		Version: ckb.Uint32(h.Version), CompactTarget: ckb.Uint32(h.CompactTarget),
		CurrentTime: ckb.Uint64(time), Number: ckb.Uint64(h.Number), Epoch: ckb.Uint64(h.Epoch),
		ParentHash: h.ParentHash, CyclesLimit: maxCycles, BytesLimit: maxBytes, UnclesCountLimit: maxUncles,
		Uncles: []templateUncle{}, Transactions: []templateTx{}, Proposals: orEmpty(b.Proposals),
		Cellbase: templateCellbase{Hash: w.cellbase, Data: b.Transactions[0]},
		WorkID:   ckb.Uint64(w.id), DAO: h.DAO,
	}
	if b.Extension != nil {
		v.Extension = &b.Extension
	}
	for i := range b.Uncles {
		u := &b.Uncles[i]
		v.Uncles = append(v.Uncles, templateUncle{Hash: u.Header.Hash(), Proposals: orEmpty(u.Proposals), Header: u.Header})
	}
	for i := range b.Transactions[1:] {
		t := b.Transactions[1+i]
		v.Transactions = append(v.Transactions, templateTx{Hash: t.Hash(), Data: t})
	}
	return v
}

func orEmpty[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}
