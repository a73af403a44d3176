// Package monero is a small Monero-like node in one process: it speaks
// monerod's RPC, builds block templates, verifies every submitted block for
// real (structure, parent, height, miner transaction, proof of work), keeps a
// chain with alternative branches and retargets its difficulty. It has no
// peers and no wallet; coinbase keys are made up, so its coins cannot be spent.
//
// It answers as monerod 0.18 does, also where that is surprising: OK to a
// block that it has already, that lost the race, or whose parent it does not
// know.
//
// RPC, on /json_rpc: get_block_template, submit_block, get_last_block_header,
// get_block_header_by_height, get_block_header_by_hash, get_block, get_info,
// get_block_count, with their older names without underscores; plain
// /get_info and /get_height. The chain is steered by methods of Node and by
// POST requests under /sim/: lag, fail, clear, reorg, mine, tx, synced,
// difficulty, status (see package simnode).
//
// It imports the chain packages and hash; the code that hashes is handed in.
// Package cmd and tests import it; pool, miner and harness meet it over the
// wire only.
package monero
