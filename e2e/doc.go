// Package e2e tests the whole against real programs: a Monero node and wallet,
// and adit's own binary run as a user runs it.
//
// The tests are behind the build tag e2e (make e2e): they take minutes and need
// Debian's packages monero. A missing program skips the test by
// name; with ADIT_REQUIRE_REAL=1 it fails it. Servers listen on loopback only.
package e2e
