// Package stratumclient is the miner's end of a stratum connection: one
// contract over the CryptoNote and the CKB dialect.
//
// A [Client] keeps one pool of a list connected: it logs in, turns the pool's
// messages into jobs, sends shares, tells what became of each, and falls back
// and returns along the list. A [Session] is one connection of it and can be
// used alone, which is what the harness does: it hands out every line it
// receives next to what the line means, and sends raw lines.
//
// The dialect follows from the algorithm: Eaglesong is mined over CKB stratum,
// everything else over CryptoNote stratum.
//
// # Events and back pressure
//
// A Client reports through one channel of events and never waits for its
// reader. What a slow reader has not fetched yet is bounded: an unread job is
// replaced by the next one, of connection events and notices the oldest go,
// and verdicts on shares are never dropped, because Submit takes no more
// shares than there may be unread verdicts.
//
// # Shares
//
// Every Submit leads to exactly one ShareResult, whether the pool answered,
// stayed silent, or the connection was lost; the one exception is ErrBacklog.
// A share goes to the connection its job came from and nowhere else.
//
// Time, randomness and connections come in through the configuration. The
// package may import stratum, chain and hash; miner, harness and cmd import it.
package stratumclient
