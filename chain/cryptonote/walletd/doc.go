// Package walletd is a client of the wallet services of the Bytecoin family:
// walletd, turtle-service and their relatives. They speak JSON-RPC with a
// password beside the method.
//
// Money is sent in two steps: CreateDelayed signs a transaction, whose hash is
// then known, and SendDelayed hands it out. The service keeps delayed
// transactions in memory: one that was not sent is gone after a restart. A
// send that ends without an answer may have happened: ask Transaction.
//
// It imports nothing of adit but what chain/cryptonote keeps internal. Pool,
// cmd and tests may import it.
package walletd
