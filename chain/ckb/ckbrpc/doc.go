// Package ckbrpc asks a Nervos CKB node over its JSON-RPC: block templates in,
// blocks out, and what the chain says of both afterwards. Methods and shapes
// are those of the node's RPC documentation.
//
// It imports chain/ckb and chain/internal/jsonrpc; pool, harness, cmd and
// tests may import it.
package ckbrpc
