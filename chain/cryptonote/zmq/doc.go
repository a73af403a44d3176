// Package zmq reads what a monerod publishes with --zmq-pub: a subscriber of
// ZMTP 3 (rfc.zeromq.org/spec/23) over TCP with the NULL mechanism, and the
// message of monerod's topic json-minimal-chain_main, which announces blocks.
// A publisher of the same is there for simulated nodes.
//
// It knows one part of ZeroMQ: SUB and PUB, one frame a message. Limits bound
// what a peer can make it hold.
//
// The package imports chain/cryptonote; chain/simnode and pool/nodes use it.
package zmq
