package cryptonote

import (
	"bytes"
	"errors"
	"fmt"
)

// Fields of a transaction's extra (Monero's tx_extra).
const (
	extraPadding       = 0x00
	extraPubKey        = 0x01
	extraNonce         = 0x02
	extraMergeMining   = 0x03
	extraAdditionalKey = 0x04
	extraMinergate     = 0xde
)

// ErrReservedTooSmall says that the reserved area of a template cannot take
// what should be written there. Find it with errors.Is.
var ErrReservedTooSmall = errors.New("reserved area of the template is too small")

// Template is a block template in which a pool varies the reserved bytes of
// the miner transaction and miners vary the nonce. It is immutable and safe
// for concurrent use; what all jobs of a template share is computed once.
type Template struct {
	*Block
	branch   []Hash
	reserved int // offset in the block
	size     int // bytes reserved from there
}

// ParseTemplate reads the blob of a node's block template. reservedOffset is
// where the node says the reserved bytes begin; they must lie in the extra
// nonce field of the miner transaction, and ReservedSize tells how many there
// are. A negative offset means that nothing is reserved. It copies blob.
// Errors are *ParseError.
func ParseTemplate(blob []byte, reservedOffset int) (*Template, error) {
	b, err := ParseBlock(blob)
	if err != nil {
		return nil, err
	}
	t := &Template{Block: b, branch: b.branch()}
	if reservedOffset < 0 {
		return t, nil
	}
	t.reserved = reservedOffset
	if t.size, err = b.reservedSize(reservedOffset); err != nil {
		return nil, &ParseError{Field: "reserved bytes", Offset: reservedOffset, Err: err}
	}
	return t, nil
}

// reservedSize returns how many bytes there are from offset to the end of the
// extra nonce that holds it.
func (b *Block) reservedSize(offset int) (int, error) {
	from, to := b.tx.extraOffset, b.tx.extraOffset+len(b.tx.Extra)
	if offset < from || offset >= to {
		return 0, fmt.Errorf("not in the miner transaction's extra field, bytes %d to %d", from, to-1)
	}
	r := &reader{blob: b.blob[:to], pos: from}
	for r.left() > 0 && r.pos <= offset {
		tag, payload := nextExtraField(r)
		if r.err != nil {
			return 0, fmt.Errorf("extra field does not parse up to there: %w", r.err)
		}
		if tag == extraNonce && offset >= payload && offset < r.pos {
			return r.pos - offset, nil
		}
	}
	return 0, errors.New("not inside an extra nonce field (tag 2)")
}

// nextExtraField moves r behind the field where it stands and returns the
// field's tag and where its payload begins.
func nextExtraField(r *reader) (tag byte, payload int) {
	at := r.pos
	tag = r.byte("extra field tag")
	payload = r.pos
	switch tag {
	case extraPadding: // fills the rest
		r.take("extra padding", uint64(r.left()))
	case extraPubKey:
		r.hash("transaction public key")
	case extraNonce, extraMergeMining, extraMinergate:
		n := r.varint("extra field length")
		payload = r.pos
		r.take("extra field", n)
	case extraAdditionalKey:
		n := r.varint("number of additional keys")
		payload = r.pos
		for i := uint64(0); i < n && r.err == nil; i++ {
			r.hash("additional key")
		}
	default:
		r.fail("extra field tag", at, unsupported("tag %#02x", tag))
	}
	return tag, payload
}

// ReservedSize returns how many bytes HashingBlob and Block accept as extra.
func (t *Template) ReservedSize() int { return t.size }

// ReservedOffset returns where the reserved bytes lie in the block.
func (t *Template) ReservedOffset() int { return t.reserved }

// HashingBlob returns the hashing blob of the template with extra written at
// the start of the reserved bytes; those behind it stay as the node sent them.
// Its nonce is the template's. Only the miner transaction is hashed again. The
// only error wraps ErrReservedTooSmall.
func (t *Template) HashingBlob(extra []byte) ([]byte, error) {
	if err := t.fits(extra); err != nil {
		return nil, err
	}
	tx := bytes.Clone(t.blob[t.tx.start:t.tx.end])
	if len(extra) > 0 {
		copy(tx[t.reserved-t.tx.start:], extra)
	}
	return t.hashingBlob(minerTxHash(t.tx.Version, tx), t.branch), nil
}

// BlockBlob returns the whole block with extra and nonce filled in, ready to
// be submitted. The nonce is the four bytes as they lie in the blob. The only
// error wraps ErrReservedTooSmall.
func (t *Template) BlockBlob(extra []byte, nonce [NonceSize]byte) ([]byte, error) {
	if err := t.fits(extra); err != nil {
		return nil, err
	}
	blob := t.Bytes()
	copy(blob[t.nonceOffset:], nonce[:])
	if len(extra) > 0 {
		copy(blob[t.reserved:], extra)
	}
	return blob, nil
}

func (t *Template) fits(extra []byte) error {
	if len(extra) > t.size {
		return fmt.Errorf("%w: it has %d bytes and %d are needed; ask the node for a larger reserve_size",
			ErrReservedTooSmall, t.size, len(extra))
	}
	return nil
}
