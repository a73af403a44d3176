// Package rpc is what the clients of monerod and monero-wallet-rpc share: one
// JSON-RPC endpoint with a time limit per call, HTTP digest login, and errors
// in words.
//
// It imports chain/internal/jsonrpc. Packages monerod and walletrpc import it;
// it is internal to chain/cryptonote.
package rpc
