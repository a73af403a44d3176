// Package payout pays miners what the ledger owes them.
//
// One payout is one transaction of the wallet. It is written down before the
// wallet is asked, and every state is on disk before the next step is taken:
//
//	created ──▶ prepared ──▶ sending ──▶ sent ──▶ confirmed
//	   │  ▲         │          ▲ │         │ │
//	   │  └─────────┤          │ └──▶ review ◀┘
//	   ▼            ▼          └─ dropped ─┘ │
//	returned ◀──────┴─────────── a person ───┘
//
//	created    the money is set aside in the ledger
//	prepared   the wallet has signed a transaction and kept it to itself; its
//	           hash is written down
//	sending    the transaction is handed out: from here on it may have left
//	sent       the wallet's history shows it
//	confirmed  it is deep enough in the chain; the money is paid
//	returned   it never left; the money is owed again
//	review     it may have left, and the history does not show it
//
// A wallet signs without sending, so everything before "sending" can fail, hang
// or be killed without a coin moving. From "sending" on only that one
// transaction is ever handed out, again and again if need be: a network takes
// it once. Whatever a call answers, the wallet's history decides, asked by the
// hash. Nothing is signed anew for a payout that may have left.
//
// The package imports chain/cryptonote and its wallet clients, pool/config and
// pool/ledger. Package pool and the pool command use it.
package payout
