// Package rig is the harness as a miner: sessions on a pool, and the search for
// real shares. The laboratory and the replay of traces are built on it.
//
// It imports hash, stratum and the harness's bank, trace and wire; packages of the
// harness, package cmd and tests import it, never pool or miner.
package rig
