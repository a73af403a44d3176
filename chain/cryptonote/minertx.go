package cryptonote

import (
	"errors"
	"fmt"
	"math/bits"
)

// Tags of the binary transaction format (CNS003 and Monero's cryptonote_basic).
const (
	inputGen        = 0xff // the only input of a miner transaction
	outputKey       = 0x02 // 32-byte one-time key
	outputTaggedKey = 0x03 // the same and a view tag, since Monero v15
	rctNull         = 0x00 // ring signature type of a miner transaction v2
)

// Output is one output of a miner transaction.
type Output struct {
	Amount  uint64 // atomic units
	Key     Hash   // one-time public key
	Tagged  bool   // whether ViewTag is present
	ViewTag byte
}

// MinerTx is the parsed miner (coinbase) transaction of a block.
type MinerTx struct {
	Version    uint64
	UnlockTime uint64
	// Height is what its input says, the height of the block.
	Height  uint64
	Outputs []Output
	Extra   []byte

	reward      uint64
	start, end  int // where it lies in the block
	extraOffset int // where Extra lies in the block
}

// Reward returns the sum of the outputs in atomic units.
func (tx *MinerTx) Reward() uint64 { return tx.reward }

// parseMinerTx reads the miner transaction where r stands.
func parseMinerTx(r *reader) MinerTx {
	tx := MinerTx{start: r.pos}
	at := r.pos
	tx.Version = r.varint("miner transaction version")
	if r.err == nil && tx.Version != 1 && tx.Version != 2 {
		r.fail("miner transaction version", at, unsupported("version %d, known are 1 and 2", tx.Version))
	}
	tx.UnlockTime = r.varint("miner transaction unlock time")
	tx.Height = parseGenInput(r)
	tx.parseOutputs(r)
	extraLen := r.varint("length of the miner transaction's extra field")
	tx.extraOffset = r.pos
	tx.Extra = r.take("miner transaction's extra field", extraLen)
	if at = r.pos; tx.Version == 2 {
		if t := r.byte("ring signature type of the miner transaction"); r.err == nil && t != rctNull {
			r.fail("ring signature type of the miner transaction", at, unsupported("type %d, want 0", t))
		}
	}
	tx.end = r.pos
	return tx
}

func unsupported(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrUnsupported, fmt.Sprintf(format, args...))
}

// parseGenInput reads the inputs, of which a miner transaction has exactly
// one, and returns the height in it.
func parseGenInput(r *reader) uint64 {
	at := r.pos
	if n := r.varint("number of miner transaction inputs"); r.err == nil && n != 1 {
		r.failf("number of miner transaction inputs", at, "is %d, want 1", n)
	}
	at = r.pos
	if tag := r.byte("miner transaction input type"); r.err == nil && tag != inputGen {
		r.failf("miner transaction input type", at, "is %#02x, want 0xff (newly minted)", tag)
	}
	return r.varint("height in the miner transaction")
}

func (tx *MinerTx) parseOutputs(r *reader) {
	at := r.pos
	n := r.varint("number of miner transaction outputs")
	const smallest = 1 + 1 + HashSize
	if r.err == nil && n > uint64(r.left()/smallest) {
		r.failf("number of miner transaction outputs", at, "is %d, which %d bytes cannot hold", n, r.left())
	}
	for i := uint64(0); i < n && r.err == nil; i++ {
		at = r.pos
		out := parseOutput(r)
		sum, carry := bits.Add64(tx.reward, out.Amount, 0)
		if carry != 0 {
			r.fail("miner transaction output amount", at, errors.New("the sum is larger than 64 bits"))
		}
		tx.reward = sum
		tx.Outputs = append(tx.Outputs, out)
	}
}

func parseOutput(r *reader) Output {
	out := Output{Amount: r.varint("miner transaction output amount")}
	at := r.pos
	switch tag := r.byte("miner transaction output type"); {
	case r.err != nil:
	case tag == outputKey:
		out.Key = r.hash("miner transaction output key")
	case tag == outputTaggedKey:
		out.Key = r.hash("miner transaction output key")
		out.Tagged = true
		out.ViewTag = r.byte("miner transaction output view tag")
	default:
		r.fail("miner transaction output type", at, unsupported("type %#02x, known are 0x02 and 0x03", tag))
	}
	return out
}

// minerTxHash returns the hash of a serialised miner transaction. Version 1
// has no signatures, so it is the hash of all of it; version 2 hashes prefix,
// ring signature base (one null byte) and an absent prunable part.
func minerTxHash(version uint64, raw []byte) Hash {
	if version == 1 {
		return Keccak256(raw)
	}
	prefix := Keccak256(raw[:len(raw)-1])
	base := Keccak256([]byte{rctNull})
	return Keccak256(prefix[:], base[:], make([]byte, HashSize))
}
