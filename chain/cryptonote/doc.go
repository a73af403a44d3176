// Package cryptonote is what a Monero-like coin is: block templates and what
// a pool does with them, block ids, tree hashes and addresses.
//
// The block format is the standard one of CryptoNote (CNS003) with Monero's
// additions: miner transactions of version 1 and 2, outputs with and without
// view tag. Formats that put more into the header (Haven, Zephyr), sign blocks
// (Wownero, Scala) or wrap them into a parent block (TurtleCoin, Bytecoin) are
// refused with an error that says where the blob stopped making sense.
//
// Everything here is pure: no sockets, no clocks. Clients of monerod and
// monero-wallet-rpc live in the packages below. It imports nothing of adit;
// everything above the chain floor may import it.
package cryptonote
