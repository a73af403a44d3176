// Package record writes stratum sessions to traces as they happen. It records
// in two places:
//
// Proxy stands between miners and a pool and passes every byte on as it came,
// with TLS and PROXY headers on either side when asked. It never waits for the
// trace: when the trace cannot keep up, events are dropped and counted there,
// and the traffic goes on. A peer that does not read slows the other one down
// and nobody else, as it would without the proxy.
//
// Client is a miner itself: it logs in to a pool and listens, or mines with a
// part of one processor.
//
// It imports harness/trace, stratumclient, hash and the stratum wire formats;
// commands and tests import it.
package record
