// Package wallet is a simulated wallet, with as much chain behind it as paying
// needs. It speaks the RPC of monero-wallet-rpc (Monero) and that of the
// walletd family (Walletd), as far as pools use them, and keeps account of what
// really arrived where.
//
// Every call can fail in every way, before it takes effect or after. The
// network can forget transactions, and the service be restarted.
//
// It imports chain/simnode. Tests import it.
package wallet
