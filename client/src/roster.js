// SPDX-License-Identifier: EUPL-1.2
// Who may read reports (docs/protocol.md section 5): the chain of rosters and the intake keys of its members.

import { b64, compare, must, unb64 } from "./bytes.js";
import { checkRecipient } from "./age.js";
import { labelled } from "./digest.js";
import { binary, boolean, day, fields, integer, later, line, listOf, oneOf, optional, organisationName, readJson, shape } from "./json.js";
import { breathe } from "./pause.js";
import { openThing, signs } from "./signed.js";

const MEMBERS = 16;
const OFFERED = 30;
const NAME = line(200);
const ROSTER = {
  version: integer(1, 1e6),
  organisation: organisationName,
  name: NAME,
  previous: optional(binary(32)),
  server: binary(32),
  members: listOf(
    shape({ key: binary(32), name: NAME, function: NAME, role: oneOf("officer", "deputy"), manager: boolean, hr: boolean }),
    MEMBERS,
  ),
};
const VERSION = {
  payload: unb64,
  signatures: listOf(shape({ key: binary(32), signature: binary(64) }), MEMBERS),
};

function parseRoster(payload) {
  const roster = fields(readJson(payload), ROSTER);
  const ids = new Set(roster.members.map(({ key }) => b64(key)));
  const deputies = roster.members.filter(({ role }) => role === "deputy");
  must(ids.size === roster.members.length && ids.size > deputies.length && deputies.length <= 1, "roster");
  must(!ids.has(b64(roster.server)) && (roster.version === 1) === (roster.previous === null), "roster");
  return {
    ...roster,
    hash: labelled("roster", payload),
    ids,
    deputy: deputies.length ? deputies[0].key : null,
    slots: [4, 8, 16].find((slots) => ids.size <= slots),
    member: (key) => roster.members.find((member) => !compare(member.key, key)),
  };
}

/** All rosters, first to last, each signed as the one before demands; Refusal `roster` when anything does not hold. */
export async function verifyRosters(versions, organisation) {
  const rosters = [];
  must(Array.isArray(versions) && versions.length, "roster");
  for (const version of versions) {
    const { payload, signatures } = fields(version, VERSION);
    const roster = parseRoster(payload);
    const signers = new Set();
    for (const { key, signature } of signatures) {
      must(signs(key, signature, "roster", payload), "roster");
      signers.add(b64(key));
      await breathe();
    }
    must(signers.size === signatures.length && roster.organisation === organisation, "roster");
    const before = rosters.at(-1);
    if (before) must(roster.version === before.version + 1 && !compare(roster.previous, before.hash), "roster");
    else must(roster.version === 1, "roster");
    const able = before?.ids ?? roster.ids;
    const present = [...able].filter((id) => signers.has(id)).length;
    must(present >= (before ? Math.min(2, able.size) : able.size), "roster");
    rosters.push(roster);
  }
  return rosters;
}

/**
 * Whether each of these members (by b64 of the key) stood in a version before the one with the hash `named`, and does not
 * stand in it; a case that began with `since` names no older one.
 */
export function haveLeft(ids, since, named, rosters) {
  const [first, place] = [since, named].map((hash) => rosters.findIndex((roster) => !compare(roster.hash, hash)));
  const before = rosters.slice(0, place < 0 ? 0 : place);
  return first >= 0 && place >= first && ids.every((id) => before.some((roster) => roster.ids.has(id)) && !rosters[place].ids.has(id));
}

/** An intake key {officer, recipient, from, hash} of this organisation. */
export function parseIntakeKey(raw, organisation) {
  const { key: officer, payload, hash } = openThing(raw, "intake-key");
  const read = fields(readJson(payload), { organisation: organisationName, recipient: checkRecipient, from: day });
  must(read.organisation === organisation, "roster");
  return { officer, hash, recipient: read.recipient, from: read.from };
}

/** Intake keys as an answer of the server lists them. */
export async function parseIntakeKeys(list, organisation) {
  const keys = [];
  for (const raw of listOf(unb64, 1000)(list)) {
    keys.push(parseIntakeKey(raw, organisation));
    await breathe();
  }
  return keys;
}

/** Each member's newest key among those offered on the day, by b64 of the member's key. */
export function newestOffered(keys, roster, today) {
  const offered = keys.filter(({ from }) => from <= today && today < later(from, OFFERED));
  offered.sort((one, other) => (one.from < other.from ? -1 : one.from > other.from ? 1 : compare(one.hash, other.hash)));
  return new Map(offered.map((key) => [b64(key.officer), key]).filter(([id]) => roster.ids.has(id)));
}
