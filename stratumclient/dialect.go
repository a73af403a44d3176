package stratumclient

import "github.com/aditmine/adit/hash"

// Dialect is a wire format between miner and pool.
type Dialect string

// The dialects.
const (
	CryptoNote Dialect = "cryptonote"
	CKB        Dialect = "ckb"
)

// DialectOf says which dialect pools of an algorithm speak. nil stands for any
// algorithm that a CryptoNote pool names.
func DialectOf(a *hash.Algorithm) Dialect {
	if a != nil && a.Family == hash.Eaglesong {
		return CKB
	}
	return CryptoNote
}
