// Package spool keeps a stratum node acknowledging while its database is away.
//
// Store stands before a ledger of several machines. What is to be written goes
// to the database; when that fails for any reason that may pass, it goes to a
// Log instead: a folder of append-only files, every record with a checksum,
// every append synced to disk before it is answered. When the database is back
// the log is drained, in order. Each batch has a number that the ledger keeps
// with what it wrote, so that a batch whose commit was not heard of is not
// written twice.
//
// The package imports pool/ledger; package pool uses it.
package spool
