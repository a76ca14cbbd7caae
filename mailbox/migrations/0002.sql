-- SPDX-License-Identifier: EUPL-1.2
-- The facts of the terms, and what the daily run has done (mailbox/daily.py, docs/adr/0008-the-clock.md).

-- First day on which the form was open; last day for which the daily run was complete; last day that officers got mail.
ALTER TABLE organisation ADD COLUMN opened TEXT CHECK (length(opened) = 10);
ALTER TABLE organisation ADD COLUMN ran TEXT CHECK (length(ran) = 10);
ALTER TABLE organisation ADD COLUMN noticed TEXT CHECK (length(noticed) = 10);

-- fold: 1 while something that was erased may still stand in the write-ahead log, 2 also in gaps between rows. failed: cases of the last daily run that
-- could not be read or written.
ALTER TABLE organisation ADD COLUMN fold INTEGER NOT NULL DEFAULT 0 CHECK (fold IN (0, 1, 2));
ALTER TABLE organisation ADD COLUMN failed INTEGER NOT NULL DEFAULT 0;

-- A form that was open before there was a gate stays open.
UPDATE organisation SET opened = coalesce(
    (SELECT min(received) FROM "case"),
    (SELECT date('now') WHERE EXISTS (SELECT 1 FROM roster WHERE counts = 1))
);

-- since: the day that terms are counted from. clock: 1 while they run. held: last day of a legal hold. unread: day of the
-- oldest message that no officer has reacted to. ends: day from whose noon on the case may be destroyed, when approvals or
-- notice allow it. automatic: which acts of the server the log holds (facts.AUTOMATIC).
-- destroyed: day on which files and mailbox went. certificate: signed by the server when every workstation has signed too.
ALTER TABLE "case" ADD COLUMN since TEXT CHECK (length(since) = 10);
ALTER TABLE "case" ADD COLUMN clock INTEGER NOT NULL DEFAULT 1 CHECK (clock IN (0, 1));
ALTER TABLE "case" ADD COLUMN closed TEXT CHECK (length(closed) = 10);
ALTER TABLE "case" ADD COLUMN identity_until TEXT CHECK (length(identity_until) = 10);
ALTER TABLE "case" ADD COLUMN destroy_after TEXT CHECK (length(destroy_after) = 10);
ALTER TABLE "case" ADD COLUMN register_until TEXT CHECK (length(register_until) = 10);
ALTER TABLE "case" ADD COLUMN held TEXT CHECK (length(held) = 10);
ALTER TABLE "case" ADD COLUMN unread TEXT CHECK (length(unread) = 10);
ALTER TABLE "case" ADD COLUMN ends TEXT CHECK (length(ends) = 10);
ALTER TABLE "case" ADD COLUMN automatic INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "case" ADD COLUMN destroyed TEXT CHECK (length(destroyed) = 10);
ALTER TABLE "case" ADD COLUMN certificate BLOB;

UPDATE "case" SET since = received, unread = CASE WHEN acknowledged IS NULL THEN received END;

-- Reminders that the daily run made: one for each case, kind and day, whatever happens.
CREATE TABLE reminder (
    "case" BLOB NOT NULL CHECK (length("case") = 16),
    kind TEXT NOT NULL,
    day TEXT NOT NULL CHECK (length(day) = 10),
    PRIMARY KEY ("case", kind, day)
) WITHOUT ROWID, STRICT;
