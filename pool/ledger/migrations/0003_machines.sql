-- The processes that write to the ledger, by their epoch. One that has not
-- been seen for a while has ended, however it ended.
CREATE TABLE instances (
    epoch   INTEGER PRIMARY KEY REFERENCES epochs (epoch),
    name    TEXT NOT NULL, -- of the machine and process, for people
    roles   TEXT NOT NULL, -- separated by commas
    seen_at INTEGER NOT NULL
);

-- How far each spool has been written to the ledger: what has a number up to
-- this one is there, and is not written again.
CREATE TABLE spools (
    spool   TEXT PRIMARY KEY,
    through INTEGER NOT NULL
);
