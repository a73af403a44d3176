package ckb

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// Network is the human-readable part of addresses.
type Network string

// The networks. Development chains use the testnet's addresses.
const (
	Mainnet Network = "ckb"
	Testnet Network = "ckt"
)

// String names the network.
func (n Network) String() string {
	switch n {
	case Mainnet:
		return "mainnet (ckb)"
	case Testnet:
		return "testnet (ckt)"
	}
	return string(n)
}

// AddressFormat is the first byte of an address's payload, RFC 0021.
type AddressFormat byte

// The formats. All but the first are deprecated, but still met.
const (
	FormatFull     AddressFormat = 0x00 // code hash, hash type, args; bech32m
	FormatShort    AddressFormat = 0x01 // index of a well-known lock, args; bech32
	FormatFullData AddressFormat = 0x02 // code hash, args; hash type data; bech32
	FormatFullType AddressFormat = 0x04 // code hash, args; hash type type; bech32
)

// maxAddress bounds the length of an address in characters, far above what
// any lock needs.
const maxAddress = 2048

// Reasons why an address is refused, for errors.Is.
var (
	ErrAddressFormat   = errors.New("malformed address")
	ErrAddressChecksum = errors.New("wrong checksum")
	ErrAddressNetwork  = errors.New("wrong network")
)

// AddressError is an address that was refused.
type AddressError struct {
	Address string
	Reason  string
	Err     error // one of the three reasons above
}

// Error shows the address and why it was refused.
func (e *AddressError) Error() string {
	return fmt.Sprintf("CKB address %s %s", quote([]byte(e.Address)), e.Reason)
}

// Unwrap gives the kind of reason.
func (e *AddressError) Unwrap() error { return e.Err }

// Address is a lock script on a network, and the format it is written in.
type Address struct {
	Network Network
	Format  AddressFormat
	Script  Script
}

// ParseAddress reads an address of any format and either network. It fails
// with an *AddressError.
func ParseAddress(s string) (Address, error) {
	a, err := parseAddress(s)
	if err == nil {
		return a, nil
	}
	refusal, ok := errors.AsType[*AddressError](err)
	if !ok {
		refusal = &AddressError{Reason: err.Error(), Err: ErrAddressFormat}
	}
	refusal.Address = s
	return Address{}, refusal
}

// ParseAddressOn reads an address that must belong to network.
func ParseAddressOn(network Network, s string) (Address, error) {
	a, err := ParseAddress(s)
	if err == nil && a.Network != network {
		reason := fmt.Sprintf("is for the %v, not for the %v", a.Network, network)
		return Address{}, &AddressError{Address: s, Reason: reason, Err: ErrAddressNetwork}
	}
	return a, err
}

// parseAddress fails with an *AddressError where the reason is another than
// ErrAddressFormat.
func parseAddress(s string) (Address, error) {
	if len(s) > maxAddress {
		return Address{}, fmt.Errorf("is longer than %d characters", maxAddress)
	}
	hrp, groups, check, err := bech32Decode(s)
	switch {
	case err != nil:
		return Address{}, err
	case hrp != string(Mainnet) && hrp != string(Testnet):
		return Address{}, &AddressError{Err: ErrAddressNetwork,
			Reason: fmt.Sprintf("begins with %s, not with ckb1 or ckt1", quote([]byte(hrp)))}
	case check != checkBech32 && check != checkBech32m:
		return Address{}, &AddressError{Err: ErrAddressChecksum,
			Reason: "has a wrong checksum: a character is wrong, missing or too many"}
	}
	payload, err := regroup(groups, 5, 8)
	if err != nil {
		return Address{}, err
	}
	if len(payload) == 0 {
		return Address{}, errors.New("holds nothing")
	}
	a := Address{Network: Network(hrp), Format: AddressFormat(payload[0])}
	switch want, known := a.Format.check(); {
	case !known:
		return Address{}, fmt.Errorf("has the unknown format %#02x", payload[0])
	case want != check:
		return Address{}, &AddressError{Err: ErrAddressChecksum,
			Reason: fmt.Sprintf("has the wrong kind of checksum for format %#02x", payload[0])}
	}
	a.Script, err = a.readScript(payload[1:])
	return a, err
}

// check is the checksum constant that the format goes with.
func (f AddressFormat) check() (check uint32, known bool) {
	switch f {
	case FormatFull:
		return checkBech32m, true
	case FormatShort, FormatFullData, FormatFullType:
		return checkBech32, true
	}
	return 0, false
}

// readScript reads the payload after its first byte.
func (a *Address) readScript(p []byte) (Script, error) {
	if a.Format == FormatShort {
		return a.readShort(p)
	}
	if len(p) < len(Hash{}) {
		return Script{}, errors.New("is too short for a code hash")
	}
	s := Script{CodeHash: Hash(p), HashType: HashTypeData}
	p = p[len(s.CodeHash):]
	switch a.Format {
	case FormatFullType:
		s.HashType = HashTypeType
	case FormatFull:
		if len(p) == 0 {
			return Script{}, errors.New("is too short for a hash type")
		}
		s.HashType = HashType(p[0])
		if !s.HashType.active() {
			return Script{}, fmt.Errorf("has the unknown hash type %d", p[0])
		}
		p = p[1:]
	}
	s.Args = bytes.Clone(p)
	return s, nil
}

// active reports whether the chain takes scripts of this hash type.
func (t HashType) active() bool {
	return t == HashTypeData || t == HashTypeType || t == HashTypeData1 || t == HashTypeData2
}

// readShort reads an index into the well-known locks, and the args.
func (a *Address) readShort(p []byte) (Script, error) {
	if len(p) == 0 || int(p[0]) >= shortLocks {
		return Script{}, errors.New("names an unknown lock")
	}
	index, args := int(p[0]), p[1:]
	if !shortArgs(index, len(args)) {
		return Script{}, fmt.Errorf("has %d bytes of lock arguments, want 20", len(args))
	}
	return Script{CodeHash: shortCodeHash(a.Network, index), HashType: HashTypeType, Args: bytes.Clone(args)}, nil
}

// shortArgs reports whether a short address may have n bytes of args: a
// 20-byte hash, to which anyone-can-pay added up to two bytes of minimum
// amounts by an earlier version of the RFC.
func shortArgs(index, n int) bool {
	return n == 20 || index == shortAnyoneCanPay && (n == 21 || n == 22)
}

// String writes the address in its format; a script that the format cannot
// express is written in full format.
func (a Address) String() string {
	if payload := a.deprecatedPayload(); payload != nil {
		return bech32Encode(string(a.Network), payload, checkBech32)
	}
	payload := append([]byte{byte(FormatFull)}, a.Script.CodeHash[:]...)
	payload = append(payload, byte(a.Script.HashType))
	payload = append(payload, a.Script.Args...)
	return bech32Encode(string(a.Network), payload, checkBech32m)
}

// deprecatedPayload is nil for the full format, or when the format cannot
// express the script.
func (a *Address) deprecatedPayload() []byte {
	s := &a.Script
	switch {
	case a.Format == FormatShort && s.HashType == HashTypeType:
		for i := range shortLocks {
			if s.CodeHash == shortCodeHash(a.Network, i) && shortArgs(i, len(s.Args)) {
				return append([]byte{byte(FormatShort), byte(i)}, s.Args...)
			}
		}
	case a.Format == FormatFullData && s.HashType == HashTypeData,
		a.Format == FormatFullType && s.HashType == HashTypeType:
		return append(append([]byte{byte(a.Format)}, s.CodeHash[:]...), s.Args...)
	}
	return nil
}

// EncodeAddress writes a lock in the full format, the only one not deprecated.
func EncodeAddress(network Network, lock Script) string {
	return Address{Network: network, Script: lock}.String()
}

// Indices of the short format.
const (
	shortSighash      = 0 // one key: secp256k1 + blake160
	shortMultisig     = 1
	shortAnyoneCanPay = 2
	shortLocks        = 3
)

// shortCodeHash is the code hash of a well-known lock (RFCs 0024 and 0026),
// all with hash type "type".
func shortCodeHash(network Network, index int) Hash {
	code := "0x9bd7e06f3ecf4be0f2fcd2188b23f1b9fcc88e5d4b65a8637b17723bbda3cce8"
	switch {
	case index == shortMultisig:
		code = "0x5c5069eb0857efc65e1bca0c07df34c31663b3622fd3876c876320fc9634e2a8"
	case index == shortAnyoneCanPay && network == Mainnet:
		code = "0xd369597ff47f29fbc0d47d2e3775370d1250b85140c670e4718af712983a2354"
	case index == shortAnyoneCanPay:
		code = "0x3419a1c09eb2567f6552ee7a8ecffd64155cffe0f1796e6e61ec088d740c1356"
	}
	h, err := ParseHash(code)
	if err != nil {
		return Hash{} // the literals above are well-formed; a test reads them all
	}
	return h
}

// SighashLock is the common single-key lock for a 20-byte public key hash.
func SighashLock(pubKeyHash [20]byte) Script {
	return Script{CodeHash: shortCodeHash(Mainnet, shortSighash), HashType: HashTypeType, Args: pubKeyHash[:]}
}

// LooksLikeAddress reports whether s begins as an address of either network
// does, to tell addresses from account names before parsing.
func LooksLikeAddress(s string) bool {
	lower := strings.ToLower(s)
	return strings.HasPrefix(lower, "ckb1") || strings.HasPrefix(lower, "ckt1")
}
