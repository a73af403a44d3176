// Package ckb is what a Nervos CKB block is: headers and their hashes, compact
// targets, Merkle roots, molecule serialisation, addresses, and the way from a
// node's block template to a proof-of-work message and back to a block that
// the node takes.
//
// Sources: the CKB RFCs 0006 (Merkle tree), 0008 (molecule), 0021 (address),
// 0022 (transaction structure), 0027 (block structure), and the node's RPC
// documentation. Integers are little-endian in bytes and 0x-prefixed minimal
// hex in JSON.
//
// It imports package hash only. The node client is chain/ckb/ckbrpc, a
// simulated node chain/simnode/ckb; miner, pool, harness, stratumclient and
// cmd may import all three.
package ckb
