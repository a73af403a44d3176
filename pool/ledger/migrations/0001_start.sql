-- One row for each time a pool opened the ledger for writing.
CREATE TABLE epochs (
    epoch     INTEGER PRIMARY KEY AUTOINCREMENT,
    opened_at INTEGER NOT NULL -- milliseconds since 1970
);

-- To whom work is credited.
CREATE TABLE miners (
    id     INTEGER PRIMARY KEY,
    coin   TEXT NOT NULL,
    login  TEXT NOT NULL,
    worker TEXT NOT NULL,
    rig    TEXT NOT NULL,
    UNIQUE (coin, login, worker, rig)
);

-- Accepted shares. Session and template are 64-bit patterns, so may be negative.
CREATE TABLE shares (
    id         INTEGER PRIMARY KEY,
    miner      INTEGER NOT NULL REFERENCES miners (id),
    session    INTEGER NOT NULL,
    template   INTEGER NOT NULL,
    height     INTEGER NOT NULL,
    difficulty INTEGER NOT NULL CHECK (difficulty > 0),
    at         INTEGER NOT NULL, -- milliseconds since 1970
    block      INTEGER NOT NULL  -- 1 when it met the network's target
);

-- Block candidates, written before they are submitted.
CREATE TABLE blocks (
    id         INTEGER PRIMARY KEY,
    miner      INTEGER NOT NULL REFERENCES miners (id),
    height     INTEGER NOT NULL,
    hash       TEXT NOT NULL,
    parent     TEXT NOT NULL,
    template   INTEGER NOT NULL,
    difficulty TEXT NOT NULL, -- decimal: may exceed 64 bits
    payload    TEXT NOT NULL,
    found_at   INTEGER NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('found', 'accepted', 'refused', 'unsure')),
    detail     TEXT NOT NULL,
    settled_at INTEGER
);

-- How far each coin's extra nonces have been handed out (64-bit pattern).
CREATE TABLE extranonces (
    coin TEXT PRIMARY KEY,
    next INTEGER NOT NULL
);
