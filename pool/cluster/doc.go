// Package cluster lets several processes be one pool over one PostgreSQL
// database: each says which roles it has, one of them leads where only one may
// act, and they tell each other of new tips and bans.
//
// Leadership is an advisory lock that a connection holds: the server gives it
// to another when the connection ends, however it ends. Messages are
// LISTEN/NOTIFY: quick, and lost when nobody is there, so that they may only
// ever say sooner what would be found out anyway.
//
// A pool of one process needs none of it: Alone leads everything.
//
// The package imports nothing of adit. Package pool and its command use it.
package cluster
