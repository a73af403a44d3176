// Package plain prints what the miner does as lines of text, in the manner of
// XMRig, for log files, services and everything else that is no terminal.
//
// It imports miner alone; cmd/adit imports it.
package plain
