// Package penalty decides who has sent so much bad work that a pool should
// stop listening, and for how long.
//
// It judges by ratio over a sliding window, never by a single mistake, and in
// three steps, each wider than the one before:
//
//   - a session whose own shares are mostly bad is cut;
//   - a login at an address (a party) whose shares from there are mostly bad is
//     banned there. What others send under the same login from elsewhere does
//     not count, so nobody can be banned by a stranger who knows his address;
//   - an address is banned when several of its parties were banned and their bad
//     shares outnumber all good ones from there. A bad rig behind a NAT or a
//     proxy therefore does not take its neighbours with it.
//
// Bans end by themselves. Everything kept is bounded; what was not touched for
// longest is forgotten first.
//
// The package reads no clock of its own, starts nothing, and imports pool/lru.
// Package pool drives it; the API and the commands show and edit bans.
package penalty
