// Package stratum holds what every JSON stratum dialect shares: reading lines
// within limits, checking and walking JSON without surprises, request ids that
// come back exactly as they were sent, and errors that say whether to answer
// or to hang up. The dialects themselves are stratum/cryptonote and
// stratum/ckb.
//
// The package knows bytes only. It opens no sockets, does no coin arithmetic
// (targets are bytes or hexadecimal text here) and imports nothing of adit;
// chain, stratumclient, miner, pool and harness may import it.
//
// # Framing
//
// One JSON object a line, lines ended by LF. A CR before the LF, and blanks
// around a line, are tolerated; blank lines are skipped. See [LineReader].
//
// # Strictness
//
// JSON leaves room for two readers to understand one text differently, and a
// pool, a proxy and a miner are three readers. [Parse] therefore refuses, as
// malformed, what RFC 8259 section 4 and 8 leave open:
//
//   - a key that appears twice in one object, at any depth;
//   - anything after the object, and batches: an array is not a message;
//   - invalid UTF-8, and \u escapes that name half of a surrogate pair;
//   - nesting, strings, objects and arrays beyond [Limits].
//
// Keys compare exactly, upper and lower case differ, after their escapes are
// resolved. Types are not converted: a number is not a string, 1.0 and 1e0 are
// not integers. A member whose value is null counts as missing. Unknown
// members are ignored.
package stratum
