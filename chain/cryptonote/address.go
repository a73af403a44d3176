package cryptonote

import (
	"bytes"
	"errors"
	"fmt"
)

// AddressKind tells what an address stands for.
type AddressKind uint8

// The kinds of address. Pools pay to all of them; block rewards can be mined
// to standard addresses only.
const (
	StandardAddress AddressKind = iota + 1
	IntegratedAddress
	Subaddress
)

// String returns "standard address", "integrated address" or "subaddress".
func (k AddressKind) String() string {
	switch k {
	case StandardAddress:
		return "standard address"
	case IntegratedAddress:
		return "integrated address"
	case Subaddress:
		return "subaddress"
	}
	return fmt.Sprintf("address kind %d", uint8(k))
}

const (
	paymentIDSize = 8
	checksumSize  = 4
	keysSize      = 2 * HashSize
	// maxAddressText bounds what is decoded at all: an integrated address
	// with the longest prefix takes 120 characters.
	maxAddressText = 128
)

// Address is a decoded address.
type Address struct {
	Prefix    uint64 // tells network and kind
	Spend     Hash   // public spend key
	View      Hash   // public view key
	PaymentID []byte // 8 bytes in an integrated address, else nil
}

// Why an address is not one. Find them with errors.Is.
var (
	ErrAddressText     = errors.New("not base58 text")
	ErrAddressLength   = errors.New("wrong length")
	ErrAddressChecksum = errors.New("the checksum is wrong: a character is mistyped")
	ErrAddressNetwork  = errors.New("wrong network")
)

// AddressError is what is wrong with an address, in words for its owner.
type AddressError struct {
	Address string
	Reason  string
	Err     error // one of the errors above
}

// Error names the address, shortened, and the reason.
func (e *AddressError) Error() string {
	return fmt.Sprintf("address %s: %s", shortAddress(e.Address), e.Reason)
}

// Unwrap gives the sentinel.
func (e *AddressError) Unwrap() error { return e.Err }

// shortAddress keeps both ends of an address, enough for its owner.
func shortAddress(s string) string {
	const ends = 8
	if len(s) <= 3*ends {
		return fmt.Sprintf("%q", s)
	}
	return fmt.Sprintf("%q", s[:ends]+"..."+s[len(s)-ends:])
}

// DecodeAddress reads an address of any network and checks its length and
// checksum. Whether the keys are points on the curve is not checked. Errors
// are *AddressError.
func DecodeAddress(s string) (Address, error) {
	fail := func(sentinel, detail error) (Address, error) {
		return Address{}, &AddressError{Address: s, Reason: detail.Error(), Err: sentinel}
	}
	if len(s) > maxAddressText {
		return fail(ErrAddressLength, fmt.Errorf("has %d characters, too many for an address", len(s)))
	}
	data, err := decodeBase58(s)
	if err != nil {
		return fail(ErrAddressText, fmt.Errorf("%w (the text has %d characters)", err, len(s)))
	}
	if len(data) <= checksumSize {
		return fail(ErrAddressLength, fmt.Errorf("has %d characters, too few for an address", len(s)))
	}
	body, sum := data[:len(data)-checksumSize], data[len(data)-checksumSize:]
	if want := Keccak256(body); !bytes.Equal(sum, want[:checksumSize]) {
		return fail(ErrAddressChecksum, ErrAddressChecksum)
	}
	prefix, n, err := Varint(body)
	if err != nil {
		return fail(ErrAddressText, fmt.Errorf("network prefix: %w", err))
	}
	keys := body[n:]
	if len(keys) != keysSize && len(keys) != keysSize+paymentIDSize {
		return fail(ErrAddressLength, fmt.Errorf("holds %d bytes behind its prefix, not %d or %d",
			len(keys), keysSize, keysSize+paymentIDSize))
	}
	a := Address{Prefix: prefix, Spend: Hash(keys[:HashSize]), View: Hash(keys[HashSize:keysSize])}
	if len(keys) > keysSize {
		a.PaymentID = keys[keysSize:]
	}
	return a, nil
}

// String encodes the address.
func (a Address) String() string {
	data := AppendVarint(nil, a.Prefix)
	data = append(data, a.Spend[:]...)
	data = append(data, a.View[:]...)
	data = append(data, a.PaymentID...)
	sum := Keccak256(data)
	return encodeBase58(append(data, sum[:checksumSize]...))
}

// ParseAddress reads an address that must belong to network n, and tells which
// kind it is. An address of another known network is refused by name. Errors
// are *AddressError.
func (n Network) ParseAddress(s string) (Address, AddressKind, error) {
	a, err := DecodeAddress(s)
	if err != nil {
		return Address{}, 0, err
	}
	kind, ok := n.kind(a.Prefix)
	if !ok {
		return Address{}, 0, &AddressError{Address: s, Reason: n.foreign(a.Prefix), Err: ErrAddressNetwork}
	}
	if integrated := a.PaymentID != nil; integrated != (kind == IntegratedAddress) {
		return Address{}, 0, &AddressError{Address: s, Err: ErrAddressLength,
			Reason: fmt.Sprintf("its prefix says %s of %s, its length says otherwise", kind, n)}
	}
	return a, kind, nil
}

// foreign words the refusal of a prefix that is not n's.
func (n Network) foreign(prefix uint64) string {
	for _, other := range Networks() {
		if kind, ok := other.kind(prefix); ok {
			return fmt.Sprintf("this is a %s %s, the pool mines on %s", other, kind, n)
		}
	}
	return fmt.Sprintf("network prefix %d is unknown, the pool mines on %s", prefix, n)
}
