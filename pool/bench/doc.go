// Package bench measures the pool, and kills it: a pool in a process of its
// own, clients in another, real sockets between them. It consists of tests
// only, because proof of work that costs nothing is never part of a program
// that anybody runs.
//
// The tests that kill run with every `go test`; -kills says how often. The
// measurements need the build tag bench and print a table: `make bench-pool`.
//
// It imports package pool and what that is made of; nothing imports it.
package bench
