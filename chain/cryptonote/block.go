package cryptonote

import (
	"bytes"
	"encoding/binary"
)

// NonceSize is the length of the nonce in a block header.
const NonceSize = 4

// Header is the part of a block that miners vary and that comes first in the
// hashing blob.
type Header struct {
	Major, Minor uint64
	Timestamp    uint64 // seconds since 1970
	PrevID       Hash
	Nonce        uint32 // read little-endian
}

// Append appends the header's serialised form to dst.
func (h Header) Append(dst []byte) []byte {
	dst = AppendVarint(dst, h.Major)
	dst = AppendVarint(dst, h.Minor)
	dst = AppendVarint(dst, h.Timestamp)
	dst = append(dst, h.PrevID[:]...)
	return binary.LittleEndian.AppendUint32(dst, h.Nonce)
}

// Block is a parsed block. It is immutable and safe for concurrent use.
type Block struct {
	header      Header
	nonceOffset int
	tx          MinerTx
	txHashes    []Hash
	blob        []byte
}

// ParseBlock reads a whole block in the standard format, as block templates
// have it. It copies blob. Errors are *ParseError; those that wrap
// ErrUnsupported may be another coin's format.
func ParseBlock(blob []byte) (*Block, error) {
	r := &reader{blob: bytes.Clone(blob)}
	b := &Block{blob: r.blob}
	b.header = Header{
		Major:     r.varint("major version"),
		Minor:     r.varint("minor version"),
		Timestamp: r.varint("timestamp"),
		PrevID:    r.hash("previous block id"),
	}
	b.nonceOffset = r.pos
	if nonce := r.take("nonce", NonceSize); nonce != nil {
		b.header.Nonce = binary.LittleEndian.Uint32(nonce)
	}
	b.tx = parseMinerTx(r)
	b.parseTxHashes(r)
	if r.err != nil {
		return nil, r.err
	}
	return b, nil
}

func (b *Block) parseTxHashes(r *reader) {
	at := r.pos
	n := r.varint("number of transactions")
	if r.err != nil {
		return
	}
	if n > uint64(r.left()/HashSize) {
		r.failf("number of transactions", at, "is %d, and the blob has %d bytes left, %d a hash",
			n, r.left(), HashSize)
		return
	}
	b.txHashes = make([]Hash, 0, n)
	for range n {
		b.txHashes = append(b.txHashes, r.hash("transaction hash"))
	}
	if r.left() > 0 {
		r.fail("end of block", r.pos, unsupported("%d bytes follow the last transaction hash", r.left()))
	}
}

// Header returns a copy of the block's header.
func (b *Block) Header() Header { return b.header }

// Height returns the height that the miner transaction states.
func (b *Block) Height() uint64 { return b.tx.Height }

// Reward returns what the miner transaction pays, in atomic units.
func (b *Block) Reward() uint64 { return b.tx.reward }

// TxCount returns the number of transactions, the miner transaction included.
func (b *Block) TxCount() int { return 1 + len(b.txHashes) }

// TxHashes returns a copy of the hashes of the block's transactions, without
// the miner transaction's.
func (b *Block) TxHashes() []Hash { return append([]Hash(nil), b.txHashes...) }

// NonceOffset returns where the nonce lies, both in the block and in its
// hashing blob: 39 with one-byte versions and a timestamp after 1978.
func (b *Block) NonceOffset() int { return b.nonceOffset }

// MinerTx returns a copy of the miner transaction.
func (b *Block) MinerTx() MinerTx {
	tx := b.tx
	tx.Outputs = append([]Output(nil), tx.Outputs...)
	tx.Extra = bytes.Clone(tx.Extra)
	return tx
}

// MinerTxHash returns the hash of the miner transaction.
func (b *Block) MinerTxHash() Hash {
	return minerTxHash(b.tx.Version, b.blob[b.tx.start:b.tx.end])
}

// Bytes returns a copy of the serialised block.
func (b *Block) Bytes() []byte { return bytes.Clone(b.blob) }

// HashingBlob returns what the proof of work hashes: header, tree hash and
// number of transactions.
func (b *Block) HashingBlob() []byte {
	return b.hashingBlob(b.MinerTxHash(), b.branch())
}

// ID returns the block's id.
func (b *Block) ID() Hash { return BlockID(b.HashingBlob()) }

// branch returns what leads from the miner transaction's hash to the tree's
// root.
func (b *Block) branch() []Hash {
	return firstLeafBranch(append([]Hash{{}}, b.txHashes...))
}

func (b *Block) hashingBlob(minerTx Hash, branch []Hash) []byte {
	root := rootFromBranch(minerTx, branch)
	size := b.tx.start + HashSize + binary.MaxVarintLen64
	out := append(make([]byte, 0, size), b.blob[:b.tx.start]...)
	out = append(out, root[:]...)
	return AppendVarint(out, uint64(b.TxCount()))
}

// BlockID returns the id of the block with the given hashing blob: the hash of
// the blob behind its length. It is not the proof-of-work hash. (Monero's
// block 202612 is the one block whose id does not follow this rule.)
func BlockID(hashingBlob []byte) Hash {
	return Keccak256(AppendVarint(nil, uint64(len(hashingBlob))), hashingBlob)
}
