-- Payouts: one transaction of the wallet each. The money of an open one is in
-- its logins' accounts of kind 'inflight'.
CREATE TABLE payouts (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    coin       TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('created', 'prepared', 'sending', 'sent', 'confirmed', 'returned', 'review')),
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,           -- of the last change of state
    tried_at   INTEGER NOT NULL,           -- of the last thing that happened to it
    attempts   INTEGER NOT NULL DEFAULT 0, -- that failed in this state
    detail     TEXT NOT NULL DEFAULT '',
    tx_hash    TEXT NOT NULL DEFAULT '',   -- once the wallet has signed it
    metadata   TEXT NOT NULL DEFAULT '',   -- what the wallet wants back to hand it out
    fee        INTEGER NOT NULL DEFAULT 0  -- of the network
);
CREATE INDEX payouts_by_state ON payouts (coin, state);
CREATE UNIQUE INDEX one_payout_a_hash ON payouts (coin, tx_hash) WHERE tx_hash <> '';

-- Who gets what: amount leaves the login's balance, of which withheld pays for
-- the network's fee and the rest is sent.
CREATE TABLE payout_entries (
    payout   INTEGER NOT NULL REFERENCES payouts (id),
    login    TEXT NOT NULL,
    amount   INTEGER NOT NULL CHECK (amount > 0),
    withheld INTEGER NOT NULL DEFAULT 0 CHECK (withheld >= 0 AND withheld < amount),
    PRIMARY KEY (payout, login)
) WITHOUT ROWID;
CREATE INDEX payout_entries_by_login ON payout_entries (login);

-- The journal's transactions of a payout: the money set aside, and then
-- either paid or given back.
CREATE TABLE payout_transactions (
    tx     INTEGER NOT NULL REFERENCES transactions (id),
    payout INTEGER NOT NULL REFERENCES payouts (id),
    step   TEXT NOT NULL CHECK (step IN ('intent', 'paid', 'returned')),
    PRIMARY KEY (payout, step)
) WITHOUT ROWID;
CREATE UNIQUE INDEX one_payout_a_transaction ON payout_transactions (tx);

-- Coins whose payouts are paused.
CREATE TABLE payout_pauses (
    coin   TEXT PRIMARY KEY,
    at     INTEGER NOT NULL,
    reason TEXT NOT NULL
);

-- From what a miner wants to be paid, where that is not the pool's default.
CREATE TABLE payout_thresholds (
    coin   TEXT NOT NULL,
    login  TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    PRIMARY KEY (coin, login)
) WITHOUT ROWID;
