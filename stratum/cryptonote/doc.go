// Package cryptonote is the wire format of the CryptoNote stratum dialect,
// the JSON-RPC 2.0 lines that XMRig and every Monero-type pool speak, in both
// directions: a pool parses a [Request] and appends replies and jobs, a miner
// or a harness appends requests and parses [ServerMessage]s.
//
// Reading is as tolerant as the servers and miners in the field are varied
// (an error may be null or missing, hexadecimal digits may be upper case);
// writing is strict, in the one form that all of them understand. What stays
// strict in reading is what decides about money: the lengths and digits of
// nonce, result, blob and target, and the types of the ids.
//
// All Append functions append one line with its LF and allocate nothing beyond
// dst. Blobs, nonces, hashes and targets are bytes in wire order: a nonce is
// the four bytes as they lie in the blob, a target is little-endian.
//
// The package imports stratum and nothing else of adit; stratumclient, pool
// and harness import it.
package cryptonote
