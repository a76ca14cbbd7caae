-- SPDX-License-Identifier: EUPL-1.2
-- Everything that may stand in the database. tests/mailbox/test_contents.py holds the same list and reads every value.
-- Every key is random or a hash and no table has an order of its own, so no order of arrival can be read from it. What is
-- long stands at a random `place`: a table without rowid keeps whole rows in its inner pages too, four to a page, and a
-- report then rewrites five times as many pages (docs/adr/0007-places.md).
-- Days are YYYY-MM-DD. There is no time of day, no address, no name of a file, and no text of a reporter or officer.

-- The one organisation of this database.
CREATE TABLE organisation (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    organisation TEXT NOT NULL,
    name TEXT NOT NULL,
    address_key BLOB NOT NULL CHECK (length(address_key) = 32), -- key of the hashes of addresses
    announced INTEGER NOT NULL, -- rises when rosters or intake keys change, so that processes read them again
    staged INTEGER NOT NULL -- bytes in staging, all addresses together
) WITHOUT ROWID, STRICT;

-- Versions of the roster that count, and at most one that is only proposed.
CREATE TABLE roster (
    hash BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    version INTEGER NOT NULL,
    counts INTEGER NOT NULL CHECK (counts IN (0, 1)),
    payload BLOB NOT NULL,
    UNIQUE (version, counts)
) WITHOUT ROWID, STRICT;

CREATE TABLE roster_signature (
    roster BLOB NOT NULL REFERENCES roster (hash),
    key BLOB NOT NULL CHECK (length(key) = 32),
    signature BLOB NOT NULL CHECK (length(signature) = 64),
    PRIMARY KEY (roster, key)
) WITHOUT ROWID, STRICT;

-- Intake keys as their members signed them.
CREATE TABLE intake_key (
    hash BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    thing BLOB NOT NULL
) WITHOUT ROWID, STRICT;

-- The highest request counter of each officer's key.
CREATE TABLE request_counter (
    key BLOB NOT NULL PRIMARY KEY CHECK (length(key) = 32),
    counter INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

-- Keyed hashes of reporters' addresses. Decoys among them lead to logs that are listed nowhere.
CREATE TABLE mailbox (
    address BLOB NOT NULL PRIMARY KEY CHECK (length(address) = 32),
    "case" BLOB NOT NULL CHECK (length("case") = 16)
) WITHOUT ROWID, STRICT;

CREATE TABLE decoy (
    n INTEGER NOT NULL PRIMARY KEY,
    address BLOB NOT NULL REFERENCES mailbox (address)
) WITHOUT ROWID, STRICT;

-- The line of a case in the register: where its log begins, who is served it (keys of 32 bytes, sorted), and the facts
-- that terms are counted from. A decoy has no officers and no day.
CREATE TABLE "case" (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    place INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    head BLOB NOT NULL CHECK (length(head) = 32),
    officers BLOB NOT NULL CHECK (length(officers) % 32 = 0),
    received TEXT CHECK (length(received) = 10),
    acknowledged TEXT CHECK (length(acknowledged) = 10),
    feedback TEXT CHECK (length(feedback) = 10)
) WITHOUT ROWID, STRICT;

-- Entry n of a case stands at the case's place + n.
CREATE TABLE log (
    place INTEGER PRIMARY KEY,
    thing BLOB NOT NULL
) STRICT;

-- age files of reporters and officers; those of entry n at 2 (place + n) and the number after it. Taking over replaces
-- the header; the first one is kept until feedback is given.
CREATE TABLE file (
    place INTEGER PRIMARY KEY,
    slot TEXT NOT NULL,
    header BLOB NOT NULL,
    payload BLOB NOT NULL,
    first_header BLOB
) STRICT;

-- Attachments of cases, and uploads that no case has claimed yet. Both point at a blob; claiming moves no byte of it.
CREATE TABLE attachment (
    "case" BLOB NOT NULL CHECK (length("case") = 16),
    id BLOB NOT NULL CHECK (length(id) = 16),
    entry INTEGER NOT NULL,
    size INTEGER NOT NULL,
    blob BLOB NOT NULL CHECK (length(blob) = 16),
    PRIMARY KEY ("case", id)
) WITHOUT ROWID, STRICT;

CREATE TABLE staging (
    address BLOB NOT NULL CHECK (length(address) = 32),
    id BLOB NOT NULL CHECK (length(id) = 16),
    day TEXT NOT NULL CHECK (length(day) = 10),
    weight INTEGER NOT NULL, -- bytes that count for the quotas
    blob BLOB NOT NULL CHECK (length(blob) = 16),
    PRIMARY KEY (address, id)
) WITHOUT ROWID, STRICT;

-- Parts of an upload as they came, until it is claimed.
CREATE TABLE part (
    blob BLOB NOT NULL CHECK (length(blob) = 16),
    n INTEGER NOT NULL,
    size INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    PRIMARY KEY (blob, n)
) WITHOUT ROWID, STRICT;

-- A blob's bytes in rows of 256 KiB; row n of part p is 4 p + n.
CREATE TABLE chunk (
    place INTEGER PRIMARY KEY,
    blob BLOB NOT NULL CHECK (length(blob) = 16),
    n INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    UNIQUE (blob, n)
) STRICT;

-- Blobs that nothing points at any more, to be overwritten in short transactions.
CREATE TABLE erasure (
    blob BLOB NOT NULL PRIMARY KEY CHECK (length(blob) = 16)
) WITHOUT ROWID, STRICT;
