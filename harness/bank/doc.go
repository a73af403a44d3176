// Package bank keeps shares that were found beforehand, so that a run need not
// look for them again. They fit where the same jobs come again: with the harness
// as the pool's node, on a chain that repeats, and a pool that assigns its
// extranonces in order. Elsewhere no job is found in the bank and everything is
// mined as without it.
//
// A bank is not trusted: Verify hashes every share of it before any is used. What
// a run took from a bank it counts apart from what it mined.
//
// It imports hash. The harness's packages and package cmd import it.
package bank
