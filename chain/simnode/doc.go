// Package simnode is what the simulated nodes share: serving HTTP until a
// context ends, failing on demand, and being steered while they run.
//
// A simulated node speaks the RPC of the real one and verifies proof of work
// for real. Beside the RPC it answers POST requests under /sim/ that make it
// slow, fail, reorganise its chain and so on; GET /sim/ lists them. They need
// no password: such a node holds nothing of worth and belongs on a loopback
// address.
//
// The nodes are chain/simnode/monero and chain/simnode/ckb. This package may
// import the chain packages; the nodes, cmd and tests import it.
package simnode
