package monero

import (
	"encoding/binary"

	"github.com/aditmine/adit/chain/cryptonote"
)

// blueprint is what a block is built from.
type blueprint struct {
	txVersion    int
	major, minor uint8
	timestamp    uint64
	prev         cryptonote.Hash
	height       uint64
	unlock       uint64
	reward       uint64
	reserve      int
	secret       cryptonote.Hash // the keys are derived from it
	txs          []cryptonote.Hash
}

// viewTagVersion is the block version from which Monero's outputs carry a tag.
const viewTagVersion = 15

// build serialises the block with nonce 0 and returns where its reserved bytes
// begin, 0 when there are none.
func (p *blueprint) build() (blob []byte, reserved int) {
	header := cryptonote.Header{
		Major: uint64(p.major), Minor: uint64(p.minor), Timestamp: p.timestamp, PrevID: p.prev,
	}
	blob = header.Append(nil)
	blob, reserved = p.appendMinerTx(blob)
	blob = cryptonote.AppendVarint(blob, uint64(len(p.txs)))
	for _, tx := range p.txs {
		blob = append(blob, tx[:]...)
	}
	return blob, reserved
}

func (p *blueprint) appendMinerTx(blob []byte) (_ []byte, reserved int) {
	blob = cryptonote.AppendVarint(blob, uint64(p.txVersion))
	blob = cryptonote.AppendVarint(blob, p.unlock)
	blob = append(blob, 1, 0xff) // one input, newly minted
	blob = cryptonote.AppendVarint(blob, p.height)
	blob = p.appendOutputs(blob)
	extra, payload := p.extra()
	blob = cryptonote.AppendVarint(blob, uint64(len(extra)))
	if p.reserve > 0 {
		reserved = len(blob) + payload
	}
	blob = append(blob, extra...)
	if p.txVersion == 2 {
		blob = append(blob, 0) // no ring signatures
	}
	return blob, reserved
}

func (p *blueprint) appendOutputs(blob []byte) []byte {
	amounts := []uint64{p.reward}
	if p.txVersion == 1 {
		amounts = denominate(p.reward)
	}
	blob = cryptonote.AppendVarint(blob, uint64(len(amounts)))
	for i, amount := range amounts {
		key := p.key("output", i)
		blob = cryptonote.AppendVarint(blob, amount)
		if p.major < viewTagVersion {
			blob = append(append(blob, 2), key[:]...)
			continue
		}
		blob = append(append(blob, 3), key[:]...)
		blob = append(blob, p.key("view tag", i)[0])
	}
	return blob
}

// extra returns the extra field, a public key and the reserved bytes, and
// where in it these begin.
func (p *blueprint) extra() (extra []byte, payload int) {
	key := p.key("transaction", 0)
	extra = append([]byte{1}, key[:]...)
	if p.reserve == 0 {
		return extra, 0
	}
	extra = cryptonote.AppendVarint(append(extra, 2), uint64(p.reserve))
	payload = len(extra)
	return append(extra, make([]byte, p.reserve)...), payload
}

// key makes up a key. It is not a point on the curve: nobody can spend here.
func (p *blueprint) key(purpose string, i int) cryptonote.Hash {
	return cryptonote.Keccak256(p.secret[:], []byte(purpose), binary.LittleEndian.AppendUint32(nil, uint32(i)))
}

// denominate splits an amount into its decimal digits: 1203 is 3, 200, 1000.
func denominate(amount uint64) []uint64 {
	var parts []uint64
	for unit := uint64(1); amount > 0; unit *= 10 {
		if digit := amount % 10; digit > 0 {
			parts = append(parts, digit*unit)
		}
		amount /= 10
	}
	return parts
}
