// Package adapter describes pools to the harness: a YAML file says how one is
// started, stopped and reset, where its ports are, what it declares, and how
// its ledger is read. A pool without an adapter can be tested all the same;
// only the checks that need one are skipped.
//
// It imports harness/conform, whose interfaces it fulfils. Package cmd imports
// it.
package adapter
