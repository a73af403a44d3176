package ckb

import (
	"encoding/binary"
	"fmt"
)

// The molecule serialisation of RFC 0008, as far as blocks need it. Structs
// and arrays are plain concatenation; what follows are the kinds that carry
// lengths.

// moleculeFixed is a vector of items of one size: their count, then the items.
func moleculeFixed(count int, items []byte) []byte {
	out := make([]byte, 4, 4+len(items))
	binary.LittleEndian.PutUint32(out, uint32(count))
	return append(out, items...)
}

// moleculeBytes is the vector of bytes.
func moleculeBytes(b []byte) []byte { return moleculeFixed(len(b), b) }

// moleculeDynamic is a table, or a vector of items that differ in size: the
// full size, the offset of each item, then the items.
func moleculeDynamic(items ...[]byte) []byte {
	head := 4 * (1 + len(items))
	size := head
	for _, item := range items {
		size += len(item)
	}
	out := make([]byte, 0, size)
	out = binary.LittleEndian.AppendUint32(out, uint32(size))
	offset := head
	for _, item := range items {
		out = binary.LittleEndian.AppendUint32(out, uint32(offset))
		offset += len(item)
	}
	for _, item := range items {
		out = append(out, item...)
	}
	return out
}

// moleculeTable splits a table of exactly n fields, n at least 1.
func moleculeTable(b []byte, n int) ([][]byte, error) {
	head := 4 * (1 + n)
	if len(b) < head {
		return nil, fmt.Errorf("a table of %d fields needs %d bytes, not %d", n, head, len(b))
	}
	word := func(i int) uint64 { return uint64(binary.LittleEndian.Uint32(b[4*i:])) }
	if word(0) != uint64(len(b)) {
		return nil, fmt.Errorf("the table says %d bytes, but has %d", word(0), len(b))
	}
	if word(1) != uint64(head) {
		return nil, fmt.Errorf("the table's first field begins at %d, not %d", word(1), head)
	}
	out := make([][]byte, n)
	for i := range n {
		from, to := word(1+i), uint64(len(b))
		if i+1 < n {
			to = word(2 + i)
		}
		if from > to || to > uint64(len(b)) {
			return nil, fmt.Errorf("the table's field %d lies at %d to %d of %d bytes", i, from, to, len(b))
		}
		out[i] = b[from:to]
	}
	return out, nil
}

// parseMoleculeBytes reads a vector of bytes.
func parseMoleculeBytes(b []byte) ([]byte, error) {
	if len(b) < 4 || uint64(binary.LittleEndian.Uint32(b)) != uint64(len(b)-4) {
		return nil, fmt.Errorf("%d bytes are not a byte vector", len(b))
	}
	return b[4:], nil
}
