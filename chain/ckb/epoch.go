package ckb

import "fmt"

// Epoch is a header's epoch field: the epoch's number in bits 0 to 23, the
// block's index in it in bits 24 to 39, the epoch's length in blocks in bits
// 40 to 55.
type Epoch uint64

// NewEpoch packs an epoch field. Each part is cut to its width.
func NewEpoch(number, index, length uint64) Epoch {
	return Epoch(number&0xffffff | index&0xffff<<24 | length&0xffff<<40)
}

// Number is the epoch's number.
func (e Epoch) Number() uint64 { return uint64(e) & 0xffffff }

// Index is the block's place in the epoch, from 0.
func (e Epoch) Index() uint64 { return uint64(e) >> 24 & 0xffff }

// Length is the epoch's length in blocks.
func (e Epoch) Length() uint64 { return uint64(e) >> 40 & 0xffff }

// Valid reports whether the field makes sense: a length, an index below it,
// nothing in the top byte. The genesis block's field is 0, which is valid too.
func (e Epoch) Valid() bool {
	return e == 0 || e>>56 == 0 && e.Index() < e.Length()
}

// String is number(index/length), as the node's logs have it.
func (e Epoch) String() string {
	return fmt.Sprintf("%d(%d/%d)", e.Number(), e.Index(), e.Length())
}

// Matured reports whether a cellbase of epoch e can be spent at epoch tip,
// maturity whole epochs later (4 on mainnet). Places within epochs of
// different lengths are compared as fractions.
func (e Epoch) Matured(tip Epoch, maturity uint64) bool {
	due := e.Number() + maturity
	if tip.Number() != due {
		return tip.Number() > due
	}
	// index/length >= e.index/e.length without division; all are 16 bits.
	tipLength, length := max(tip.Length(), 1), max(e.Length(), 1)
	return tip.Index()*length >= e.Index()*tipLength
}
