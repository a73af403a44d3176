// Package monerod is a client of a Monero-like node: block templates, block
// submission, headers and the state of synchronisation, over the JSON-RPC of
// monerod (https://docs.getmonero.org/rpc-library/monerod-rpc/). Other coins'
// nodes that kept Monero's method names work too.
//
// It imports chain/cryptonote. Pool, harness, cmd and tests may import it.
package monerod
