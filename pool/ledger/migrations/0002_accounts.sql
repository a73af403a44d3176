-- Rounds: the shares between two blocks found under one scheme. The live one
-- of a coin and scheme has no block yet. When a PROP block is lost, its round
-- gets an heir: the round whose block pays for both.
CREATE TABLE rounds (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    coin      TEXT NOT NULL,
    scheme    TEXT NOT NULL CHECK (scheme IN ('pplns', 'prop', 'solo', 'pps')),
    opened_at INTEGER NOT NULL,
    block     INTEGER, -- 0: none, its shares are paid for by a settlement
    heir      INTEGER REFERENCES rounds (id)
);
CREATE INDEX rounds_by_heir ON rounds (heir) WHERE heir IS NOT NULL;
CREATE UNIQUE INDEX one_live_round ON rounds (coin, scheme) WHERE block IS NULL;

-- The old blocks, with more states and what accounting needs.
CREATE TABLE blocks_2 (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    miner       INTEGER NOT NULL REFERENCES miners (id),
    height      INTEGER NOT NULL,
    hash        TEXT NOT NULL,
    parent      TEXT NOT NULL,
    template    INTEGER NOT NULL,
    difficulty  TEXT NOT NULL, -- decimal: may exceed 64 bits
    payload     TEXT NOT NULL,
    found_at    INTEGER NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('found', 'accepted', 'refused', 'unsure', 'unlocked', 'orphaned')),
    detail      TEXT NOT NULL,
    settled_at  INTEGER,
    scheme      TEXT NOT NULL CHECK (scheme IN ('pplns', 'prop', 'solo', 'pps')),
    fee         INTEGER NOT NULL CHECK (fee BETWEEN 0 AND 10000), -- basis points
    round       INTEGER NOT NULL REFERENCES rounds (id),
    depth       INTEGER NOT NULL DEFAULT 0, -- blocks above it when last seen in the chain
    reward      INTEGER,                    -- atomic units, once unlocked
    span        TEXT NOT NULL DEFAULT '',   -- of its PPLNS window, in work, once unlocked
    resubmitted INTEGER NOT NULL DEFAULT 0, -- 1 once handed in again after a restart
    restored    INTEGER NOT NULL DEFAULT 0  -- 1 once taken for lost and proven otherwise
);

-- One round for each old block, one live round for each coin.
INSERT INTO rounds (coin, scheme, opened_at, block)
    SELECT m.coin, 'pplns', b.found_at, b.id FROM blocks b JOIN miners m ON m.id = b.miner ORDER BY b.id;
INSERT INTO rounds (coin, scheme, opened_at)
    SELECT DISTINCT coin, 'pplns', 0 FROM miners;
INSERT INTO blocks_2 (id, miner, height, hash, parent, template, difficulty, payload, found_at, state, detail, settled_at, scheme, fee, round)
    SELECT b.id, b.miner, b.height, b.hash, b.parent, b.template, b.difficulty, b.payload, b.found_at, b.state, b.detail, b.settled_at,
           'pplns', 0, (SELECT r.id FROM rounds r WHERE r.block = b.id)
    FROM blocks b;
DROP TABLE blocks;
ALTER TABLE blocks_2 RENAME TO blocks;
CREATE INDEX blocks_by_state ON blocks (state, height);

-- Shares know under which fee they were made, and their round, whose scheme is
-- theirs. Old
-- ones were made under PPLNS without a fee, and belong to the first block
-- that was found after them; the share that solved a block, to that block.
ALTER TABLE shares ADD COLUMN fee INTEGER NOT NULL DEFAULT 0;
ALTER TABLE shares ADD COLUMN round INTEGER NOT NULL DEFAULT 0;
CREATE INDEX upgrade_blocks ON blocks (found_at, id);
UPDATE shares SET round = COALESCE(
    CASE WHEN block = 1 THEN (SELECT b.round FROM blocks b WHERE b.template = shares.template AND b.miner = shares.miner ORDER BY b.id LIMIT 1) END,
    (SELECT b.round FROM blocks b JOIN miners m ON m.id = b.miner
        WHERE b.found_at >= shares.at AND m.coin = (SELECT coin FROM miners WHERE id = shares.miner) ORDER BY b.found_at, b.id LIMIT 1),
    (SELECT r.id FROM rounds r WHERE r.block IS NULL AND r.coin = (SELECT coin FROM miners WHERE id = shares.miner)));
DROP INDEX upgrade_blocks;
CREATE INDEX shares_by_round ON shares (round, height);

-- Old shares, rolled up: as many rows as are needed to divide any reward as if
-- each share were still there.
CREATE TABLE share_sums (
    round      INTEGER NOT NULL,
    height     INTEGER NOT NULL, -- 0 once it makes no difference
    miner      INTEGER NOT NULL REFERENCES miners (id),
    fee        INTEGER NOT NULL,
    difficulty INTEGER NOT NULL CHECK (difficulty > 0),
    shares     INTEGER NOT NULL CHECK (shares > 0),
    blocks     INTEGER NOT NULL,
    last_at    INTEGER NOT NULL,
    PRIMARY KEY (round, height, miner, fee, difficulty)
) WITHOUT ROWID;

-- Every share, rolled up or not.
CREATE VIEW all_shares AS
    SELECT round, height, miner, fee, difficulty, 1 AS shares, block AS blocks, at AS last_at FROM shares
    UNION ALL
    SELECT round, height, miner, fee, difficulty, shares, blocks, last_at FROM share_sums;

-- Accounts. Their balances are the sums of their entries. What miners are
-- owed is positive; 'rewards' is where money comes from, and negative.
CREATE TABLE accounts (
    id      INTEGER PRIMARY KEY,
    coin    TEXT NOT NULL,
    kind    TEXT NOT NULL CHECK (kind IN ('miner', 'fees', 'fund', 'rewards', 'inflight', 'paid')),
    login   TEXT NOT NULL, -- '' for the pool's own accounts
    balance INTEGER NOT NULL,
    UNIQUE (coin, kind, login)
);

-- The journal: the entries of a transaction sum to zero.
CREATE TABLE transactions (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    coin  TEXT NOT NULL,
    kind  TEXT NOT NULL CHECK (kind IN ('block', 'pps', 'payout')),
    block INTEGER REFERENCES blocks (id),
    at    INTEGER NOT NULL
);
CREATE UNIQUE INDEX one_reward_a_block ON transactions (block) WHERE kind = 'block';
CREATE TABLE entries (
    tx      INTEGER NOT NULL REFERENCES transactions (id),
    account INTEGER NOT NULL REFERENCES accounts (id),
    amount  INTEGER NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (tx, account)
) WITHOUT ROWID;
CREATE INDEX entries_by_account ON entries (account);

-- The work that a block's reward was divided by, and the rounds it came from.
CREATE TABLE block_work (
    block INTEGER NOT NULL REFERENCES blocks (id),
    login TEXT NOT NULL,
    fee   INTEGER NOT NULL,
    work  TEXT NOT NULL, -- decimal
    PRIMARY KEY (block, login, fee)
) WITHOUT ROWID;
CREATE TABLE block_rounds (
    block INTEGER NOT NULL REFERENCES blocks (id),
    round INTEGER NOT NULL REFERENCES rounds (id),
    PRIMARY KEY (block, round)
) WITHOUT ROWID;

-- PPS shares are paid by height, at the reward and difficulty that the chain's
-- block of that height turned out to have. A settlement is a round of its own:
-- its shares are moved into it.
CREATE TABLE settlements (
    tx         INTEGER PRIMARY KEY REFERENCES transactions (id),
    round      INTEGER NOT NULL UNIQUE REFERENCES rounds (id),
    height     INTEGER NOT NULL,
    hash       TEXT NOT NULL,
    reward     INTEGER NOT NULL,
    difficulty TEXT NOT NULL
);
