-- SPDX-License-Identifier: EUPL-1.2
-- Everything that may stand in the database. tests/mailbox/test_contents.py holds the same list and reads every value.
-- No table has a rowid and every key is random or a hash, so no order of arrival can be read from the tables.
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

-- The line of a case in the register: the keyed hash of its reporter's address, the verification keys of the officers
-- who are served it (32 bytes each, sorted), and the facts that terms are counted from. Decoys have no day.
-- One row and no other index, since every page that a report touches is encrypted and written anew.
CREATE TABLE "case" (
    address BLOB NOT NULL PRIMARY KEY CHECK (length(address) = 32),
    id BLOB NOT NULL CHECK (length(id) = 16),
    entries INTEGER NOT NULL,
    head BLOB NOT NULL CHECK (length(head) = 32),
    officers BLOB NOT NULL CHECK (length(officers) % 32 = 0),
    received TEXT CHECK (length(received) = 10),
    acknowledged TEXT CHECK (length(acknowledged) = 10),
    feedback TEXT CHECK (length(feedback) = 10)
) WITHOUT ROWID, STRICT;

CREATE TABLE decoy (
    n INTEGER NOT NULL PRIMARY KEY,
    address BLOB NOT NULL REFERENCES "case" (address)
) WITHOUT ROWID, STRICT;

-- Signed entries, each with the one or two age files that came with it. Taking over replaces a header; the first one is
-- kept until feedback is given. `address` leads from a case back to its row above, and stands in entry 0 only.
CREATE TABLE log (
    "case" BLOB NOT NULL CHECK (length("case") = 16),
    entry INTEGER NOT NULL,
    address BLOB CHECK (length(address) = 32),
    slot_1 TEXT,
    slot_2 TEXT,
    thing BLOB NOT NULL,
    header_1 BLOB,
    payload_1 BLOB,
    first_header_1 BLOB,
    header_2 BLOB,
    payload_2 BLOB,
    first_header_2 BLOB,
    PRIMARY KEY ("case", entry)
) WITHOUT ROWID, STRICT;

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
    blob BLOB NOT NULL CHECK (length(blob) = 16),
    n INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (blob, n)
) WITHOUT ROWID, STRICT;

-- Blobs that nothing points at any more, to be overwritten in short transactions.
CREATE TABLE erasure (
    blob BLOB NOT NULL PRIMARY KEY CHECK (length(blob) = 16)
) WITHOUT ROWID, STRICT;
