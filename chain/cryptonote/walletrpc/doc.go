// Package walletrpc is a client of monero-wallet-rpc: a wallet's address and
// balance, sending, and the history that tells whether something was sent
// (https://docs.getmonero.org/rpc-library/wallet-rpc/).
//
// A call that sends money and ends without an answer may have sent it: ask
// Transfers before sending again.
//
// It imports nothing of adit but what chain/cryptonote keeps internal. Pool,
// cmd and tests may import it.
package walletrpc
