// Package ckb is a small CKB node for demonstrations, tests and conformance
// runs: the mining, chain and net methods of the real node's RPC over a chain
// that lives in memory.
//
// What is real: templates and blocks are complete and consistent, commitments
// are recomputed from the submitted body before the proof of work is looked
// at (so a body mistake shows as an invalid nonce, as with the real node),
// Eaglesong is verified with the hasher handed in, blocks on a known parent
// that is not the tip are kept beside the chain, the chain with most work
// wins, a block is paid eleven blocks later, targets change with epochs.
//
// What is not: scripts do not run, transactions are made up and spend nothing,
// blocks that the node makes by itself carry no proof of work, and there is no
// peer-to-peer network.
//
// It imports chain/simnode, chain/ckb, chain/internal/jsonrpc and hash; cmd
// and tests import it.
package ckb
