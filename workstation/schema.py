# SPDX-License-Identifier: EUPL-1.2
"""The vault's tables. One list of steps; `PRAGMA user_version` says how many were taken."""

from typing import Final

STEPS: Final[tuple[str, ...]] = (
    """
    CREATE TABLE fact (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;

    CREATE TABLE intake_key (
        hash BLOB PRIMARY KEY, start TEXT NOT NULL, secret TEXT NOT NULL, thing BLOB NOT NULL,
        announced INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID;

    -- Keys of all members, as announced: a log names them by hash.
    CREATE TABLE known_key (hash BLOB PRIMARY KEY, thing BLOB NOT NULL) STRICT, WITHOUT ROWID;

    CREATE TABLE roster (version INTEGER PRIMARY KEY, hash BLOB NOT NULL, travelling BLOB NOT NULL) STRICT;

    -- declaration: NULL (not asked yet), 'not-involved', 'involved'. seen: entries that the officer has had on screen.
    CREATE TABLE dossier (
        id BLOB PRIMARY KEY, declaration TEXT, seen INTEGER NOT NULL DEFAULT 0, about TEXT
    ) STRICT, WITHOUT ROWID;

    -- Every pair of case secrets that was ever announced or received, by the announced recipient: which one counts is
    -- for the log to say, and an announcement whose answer was lost may still turn out to have been the first.
    CREATE TABLE case_secret (
        dossier BLOB NOT NULL REFERENCES dossier, recipient TEXT NOT NULL,
        secret BLOB NOT NULL, identity_secret BLOB NOT NULL, PRIMARY KEY (dossier, recipient)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE entry (
        dossier BLOB NOT NULL REFERENCES dossier, number INTEGER NOT NULL, raw BLOB NOT NULL,
        PRIMARY KEY (dossier, number)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE file (
        dossier BLOB NOT NULL REFERENCES dossier, entry INTEGER NOT NULL, slot TEXT NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (dossier, entry, slot)
    ) STRICT, WITHOUT ROWID;

    -- Text that an officer wrote and that did not demonstrably arrive.
    CREATE TABLE draft (
        dossier BLOB PRIMARY KEY REFERENCES dossier, kind TEXT NOT NULL, number INTEGER NOT NULL, text TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE alarm (
        id INTEGER PRIMARY KEY, kind TEXT NOT NULL, dossier BLOB, day TEXT NOT NULL, acknowledged TEXT
    ) STRICT;
    """,
    """
    -- secret is NULL once it was destroyed: hash and thing are public, and a log still names them.
    CREATE TABLE intake_key_now (
        hash BLOB PRIMARY KEY, start TEXT NOT NULL, secret TEXT, thing BLOB NOT NULL,
        announced INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID;
    INSERT INTO intake_key_now SELECT hash, start, secret, thing, announced FROM intake_key;
    DROP TABLE intake_key;
    ALTER TABLE intake_key_now RENAME TO intake_key;

    -- identity_secret is NULL once the contact details were destroyed.
    CREATE TABLE case_secret_now (
        dossier BLOB NOT NULL REFERENCES dossier, recipient TEXT NOT NULL,
        secret BLOB NOT NULL, identity_secret BLOB, PRIMARY KEY (dossier, recipient)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO case_secret_now SELECT dossier, recipient, secret, identity_secret FROM case_secret;
    DROP TABLE case_secret;
    ALTER TABLE case_secret_now RENAME TO case_secret;

    -- The day on which everything readable of the case was removed here, because its time was over.
    ALTER TABLE dossier ADD COLUMN destroyed TEXT;

    CREATE TABLE reminder (
        dossier BLOB NOT NULL REFERENCES dossier, kind TEXT NOT NULL, day TEXT NOT NULL,
        PRIMARY KEY (dossier, kind, day)
    ) STRICT, WITHOUT ROWID;

    -- Closed and destroyed cases: days and categories, no names and no text. Outlives the dossier until register_until.
    CREATE TABLE register (
        id BLOB PRIMARY KEY, received TEXT NOT NULL, closed TEXT NOT NULL, regime TEXT, outcome TEXT,
        register_until TEXT NOT NULL, destroyed TEXT, certificate BLOB
    ) STRICT, WITHOUT ROWID;
    """,
    """
    -- A case as its list and its search see it: made from its log and what it holds, and gone when one of them changes.
    -- look: nothing comes to its end in this case before that day.
    CREATE TABLE sight (
        dossier BLOB PRIMARY KEY REFERENCES dossier, version INTEGER NOT NULL, line TEXT NOT NULL, words TEXT NOT NULL,
        look TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE TRIGGER entry_added AFTER INSERT ON entry BEGIN DELETE FROM sight WHERE dossier = NEW.dossier; END;
    CREATE TRIGGER file_added AFTER INSERT ON file BEGIN DELETE FROM sight WHERE dossier = NEW.dossier; END;
    CREATE TRIGGER file_gone AFTER DELETE ON file BEGIN DELETE FROM sight WHERE dossier = OLD.dossier; END;
    CREATE TRIGGER secret_added AFTER INSERT ON case_secret BEGIN DELETE FROM sight WHERE dossier = NEW.dossier; END;
    CREATE TRIGGER secret_changed AFTER UPDATE ON case_secret BEGIN DELETE FROM sight WHERE dossier = NEW.dossier; END;
    CREATE TRIGGER secret_gone AFTER DELETE ON case_secret BEGIN DELETE FROM sight WHERE dossier = OLD.dossier; END;
    CREATE TRIGGER declared AFTER UPDATE OF declaration, destroyed ON dossier
        BEGIN DELETE FROM sight WHERE dossier = NEW.id; END;
    CREATE TRIGGER dossier_gone BEFORE DELETE ON dossier BEGIN DELETE FROM sight WHERE dossier = OLD.id; END;

    -- Categories of a case, for the register and the yearly report: no names and no text.
    ALTER TABLE register ADD COLUMN categories TEXT;

    -- Yearly counts of colleagues, as they signed them.
    CREATE TABLE yearly (
        year INTEGER NOT NULL, officer BLOB NOT NULL, thing BLOB NOT NULL, PRIMARY KEY (year, officer)
    ) STRICT, WITHOUT ROWID;
    """,
)
