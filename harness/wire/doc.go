// Package wire follows one stratum connection from its lines: which session,
// target and extranonce are in force, which jobs were issued, which shares
// were handed in on them, and what the pool said. The judge feeds it recorded
// lines, the replayer live ones.
//
// It imports hash, stratum, chain and nothing of the harness but the dialect
// names of harness/trace; harness packages import it. It hashes nothing.
package wire
