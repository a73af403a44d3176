-- What the charts show: how each coin's pool did, every few minutes.
CREATE TABLE history (
    coin       TEXT NOT NULL,
    at         INTEGER NOT NULL, -- milliseconds since 1970
    hashrate   INTEGER NOT NULL, -- hashes a second
    miners     INTEGER NOT NULL, -- logins with an open session
    workers    INTEGER NOT NULL, -- open sessions
    difficulty INTEGER NOT NULL, -- of the network, at most 63 bits
    PRIMARY KEY (coin, at)
) WITHOUT ROWID;
