// Package miner is the mining engine: it turns a pool's jobs into work for
// search workers, and what the workers find into shares.
//
// The engine hands out the nonce space so that no nonce is tried twice and
// none is left out, re-hashes every hit with an independent implementation
// before it is sent, and keeps the books a rig owner wants to see. Everything
// an interface shows comes from one call, [Engine.Snapshot].
//
// It may import hash, chain, gpu and stratumclient; only cmd/adit and the
// packages below it import it. Sockets live in stratumclient, hashing in
// hash/cpu and gpu: both are handed in.
package miner
