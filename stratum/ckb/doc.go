// Package ckb is the wire format of CKB stratum V1, the mining.* dialect that
// Nervos pools and ASICs speak, in both directions: a pool parses a [Request]
// and appends replies and notifications, a miner or a harness appends requests
// and parses [ServerMessage]s.
//
// A session runs: mining.subscribe, whose result assigns the first bytes of
// the nonce (nonce1) and the length of the rest (nonce2), together 16 bytes;
// mining.authorize; mining.set_target; mining.notify; mining.submit. The nonce
// is nonce1 followed by nonce2 as raw bytes. Targets are 256-bit numbers in
// big-endian order. No field carries a 0x prefix.
//
// Reading tolerates the forms found in the field, which are named at each
// type; writing uses the form of the mainstream documents. Positions beyond
// those a method defines are ignored.
//
// All Append functions append one line with its LF and allocate nothing beyond
// dst. The package imports stratum and nothing else of adit; stratumclient,
// pool and harness import it.
package ckb
