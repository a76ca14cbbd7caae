// SPDX-License-Identifier: EUPL-1.2
// The log of a case (docs/protocol.md section 8): every entry signed by somebody who may make it, none missing or moved,
// none before its time. The same rules as crypto/entry.py, chain.py, rules.py and course.py, held equal by shared vectors.

import { b64, compare, equal, must } from "./bytes.js";
import { checkRecipient } from "./age.js";
import { binary, day, fields, integer, later, listOf, months, oneOf, optional, organisationName, readJson, shape } from "./json.js";
import { breathe } from "./pause.js";
import { haveLeft } from "./roster.js";
import { openThing, sign } from "./signed.js";
import { plain } from "./plain.js";

const HASH = binary(32);
const SIZE = integer(1, 2 ** 40);
const MOST = 1e6;
const FILE = shape({ hash: HASH, size: SIZE });

const files = (required, possible = []) => (value) => {
  must(value !== null && typeof value === "object" && !Array.isArray(value));
  const names = Object.keys(value);
  must(required.every((name) => names.includes(name)) && names.every((name) => required.includes(name) || possible.includes(name)));
  return Object.fromEntries(names.map((name) => [name, FILE(value[name])]));
};
const rising = (value) => {
  const items = listOf(HASH, 16)(value);
  must(items.every((item, index) => index === 0 || compare(items[index - 1], item) < 0));
  return items;
};
const attachments = (value) => {
  const items = listOf(shape({ id: binary(16), size: SIZE, digest: HASH }), 20)(value);
  must(new Set(items.map(({ id }) => b64(id))).size === items.length);
  return items;
};

const NUMBER = integer(1, MOST);
const DAY = { day };
const ANSWER = { day, number: NUMBER, files: files(["answer", "copy"]) };
const NOTE = { day, files: files(["note"]) };
const REPORTER = {
  submitted: {
    organisation: organisationName, roster: HASH, to: rising, not_to: rising, deputy: optional(HASH), keys: rising,
    tag: HASH, commitment: HASH, files: files(["content", "identity"]), attachments,
  },
  message: { number: integer(2, MOST), files: files(["message"], ["identity"]), attachments },
  withdrawn: {},
  agreed: { of: HASH },
  declined: { of: HASH },
  objected: {},
};
const SERVER = {
  received: { day, of: HASH, commitment: optional(HASH), dues: optional(shape({ acknowledgement: day, feedback: day })) },
  "acknowledged-auto": DAY,
  lapsed: { day, term: oneOf("acknowledgement", "feedback"), end: oneOf("internal", "nominal"), due: day },
  "handed-over": { day, deputy: HASH, roster: optional(HASH) },
  "identity-destroyed": DAY,
  "destruction-announced": { day, on: day },
};
const OFFICER = {
  "not-involved": DAY,
  recused: DAY,
  "case-key": { day, recipient: checkRecipient, identity_recipient: checkRecipient, files: files([], ["grant"]) },
  "officer-added": { day, officer: HASH, key: HASH, files: files(["grant"]) },
  acknowledged: ANSWER,
  answered: ANSWER,
  feedback: ANSWER,
  asked: ANSWER,
  "identity-opened": DAY,
  read: DAY,
  noted: NOTE,
  "clock-stopped": ANSWER,
  "clock-runs": { day, since: day },
  closed: { ...NOTE, identity_until: day, destroy_after: day, register_until: day },
  reopened: NOTE,
  held: { ...NOTE, until: day },
  released: DAY,
  "destruction-approved": DAY,
  destroyed: DAY,
};

/** Acts that bring an answer, with the kinds of which its document must have one. */
export const ANSWERS = {
  acknowledged: ["acknowledgement"], answered: ["answer"], feedback: ["feedback"], "clock-stopped": ["clock"],
  asked: ["account", "consent", "meeting", "detriment"],
};

/** What the reporter sends and the server receives at once. */
export const isMessage = ({ act }) => ["submitted", "message", "objected", "agreed", "declined"].includes(act);

const own = (table, name) => Object.prototype.hasOwnProperty.call(table, name);
const same = (one, other) => (one === null || other === null ? one === other : equal(one, other));
const inOrder = (...days) => days.every((each, index) => !index || days[index - 1] <= each);
const latest = (...days) => days.filter(Boolean).sort().at(-1);
const EARLIEST = -3660;
const NOTICE = 30;
const HALF_YEAR = 184;

/** One verified entry {act, case, entry, head, author, id (b64 of the author), hash, raw, …fields}. */
export function parseEntry(raw) {
  const { key, payload, hash } = openThing(raw, "entry");
  const document = readJson(payload);
  const table = [REPORTER, SERVER, OFFICER].find((acts) => typeof document.act === "string" && own(acts, document.act));
  must(table);
  const checks = { case: binary(16), entry: integer(0, MOST), head: optional(HASH), act: oneOf(document.act) };
  return { ...fields(document, { ...checks, ...table[document.act] }), by: table, author: key, id: b64(key), hash, raw };
}

/** Sign an entry; bytes in the fields become b64. */
export const makeEntry = (document, key) => parseEntry(sign("entry", plain(document), key).raw);

const taken = ({ caseKey }) => caseKey;
const replies = ({ answersTo }, { act, of }) => ![undefined, act].includes(answersTo.get(b64(of)));
const closedAndRead = ({ closed, unread, held }, on) =>
  closed && !(unread && on < later(unread, HALF_YEAR)) && !(held && on <= held.until);

/** When each act may stand; who may make it was asked before. An act without a rule may stand always. */
const RULES = {
  received: ({ last, submitted }, entry) =>
    equal(entry.of, last.hash) && same(entry.commitment, last.commitment ?? null) && (last === submitted ? lawful(entry) : !entry.dues),
  objected: ({ mayObject }) => mayObject,
  agreed: replies,
  declined: replies,
  "acknowledged-auto": ({ acknowledged }) => !acknowledged,
  lapsed({ runs, closed, lapses, since, feedback, acknowledged: first }, { day: on, term, end, due }) {
    const [act, least, most] = term === "feedback" ? [feedback, 75, 99] : [first, 0, 7];
    const over = end === "internal" ? on >= due : on > due;
    return runs && !closed && !act && over && !lapses.has(since + term + end) && inOrder(later(since, least), due, later(since, most));
  },
  // The log knows no roster: that its officers left the one named here is for `replay` to check.
  "handed-over": ({ submitted, ever, lapses, officers }, { deputy, roster }) =>
    same(deputy, submitted.deputy) && !ever.has(b64(deputy)) && !roster === !!(lapses.size || !officers.size),
  "identity-destroyed": (log, { day: on }) => closedAndRead(log, on) && !log.identityGone && on >= log.closed.identity_until,
  "destruction-announced": (log, { day: on, on: end }) =>
    closedAndRead(log, on) && !log.announced && on >= log.closed.destroy_after && end === later(on, NOTICE),
  // Whoever let a term lapse may have made a key that opens for nobody; the deputy begins anew.
  "case-key": ({ caseKey, ever, handedOver, submitted }, { author, recipient, identity_recipient, files: { grant } }) =>
    (!caseKey || (same(author, submitted.deputy) && caseKey.entry < handedOver)) && recipient !== identity_recipient && !grant === ever.size < 2,
  "officer-added": ({ caseKey, submitted, officers, ever }, { officer }) =>
    caseKey && (officers.has(b64(officer)) || !ever.has(b64(officer))) && !submitted.not_to.some((key) => equal(key, officer)),
  "identity-opened": taken,
  acknowledged: taken,
  answered: taken,
  feedback: taken,
  asked: taken,
  noted: taken,
  read: ({ unread }) => unread,
  "clock-stopped": ({ caseKey, runs, closed, feedback, objected }) => caseKey && runs && !closed && !feedback && !objected,
  // Whoever could move the day forward while terms run could put them off for ever.
  "clock-runs": (log, { day: on, since }) =>
    log.caseKey && !log.closed && inOrder(later(on, EARLIEST), since, on) && (!log.runs || since < log.since),
  closed: ({ caseKey, feedback, runs }, { day: on, identity_until, destroy_after, register_until }) =>
    caseKey && (feedback || !runs) && inOrder(later(on, 28), identity_until, destroy_after, register_until) &&
    inOrder(later(on, 365), register_until, later(on, -EARLIEST)),
  reopened: ({ closed }) => closed,
  held: ({ caseKey }, { day: on, until }) => caseKey && inOrder(on, until, later(on, HALF_YEAR)),
  released: ({ held }) => held,
  "destruction-approved": (log, { day: on, id }) =>
    closedAndRead(log, on) && later(on, NOTICE) >= log.closed.destroy_after && !log.approvals.has(id),
  destroyed: ({ ends, destroyed }, { day: on, id }) => ends && on >= ends && !destroyed.has(id),
};

const acknowledged = (log, { day: on }) => (log.acknowledged ??= on);
const replied = ({ answersTo }, { act, of }) => answersTo.set(b64(of), act);
const joins = (key) => (log) => [log.officers, log.ever].forEach((set) => set.add(b64(key)));
const closes = (closed) => ({ closed, approvals: new Set(closed && [closed.id]), announced: undefined });

/** What each act changes. */
const TAKES = {
  submitted: (log, { to }) => to.forEach((key) => joins(key)(log)),
  received(log, { day: on, dues: dues_ }) {
    if (dues_) Object.assign(log, { received: on, since: on, promised: dues_ });
    log.unread ??= on;
    const { closed, announced, heard } = log;
    const late = closed && on > later(closed.destroy_after, HALF_YEAR);
    // The mailbox says that a message helps: after a notice it does once, however late.
    if (!late || (announced && heard <= announced.day)) log.heard = on;
    // What was approved before the reporter said something new was approved without knowing it.
    if (closed && !(late && announced)) Object.assign(log, closes(closed));
  },
  objected(log) {
    // Whatever was decided while no term ran was decided without the reporter.
    if (!log.runs) Object.assign(log, closes(), { feedback: undefined });
    Object.assign(log, { objected: true, runs: true, since: [log.received, log.since].sort()[0] });
  },
  agreed: replied,
  declined: replied,
  asked: ({ answersTo }, { hash }) => answersTo.set(b64(hash), "open"),
  acknowledged,
  "acknowledged-auto": acknowledged,
  feedback: (log, { day: on }) => (log.feedback ??= on),
  lapsed: (log, entry) => log.lapses.set(log.since + entry.term + entry.end, entry),
  "handed-over"(log, { deputy, entry }) {
    joins(deputy)(log);
    log.handedOver = entry;
  },
  "identity-destroyed": (log) => (log.identityGone = true),
  "destruction-announced": (log, entry) => (log.announced = entry),
  recused: (log, { id }) => log.officers.delete(id) && log.recused.add(id),
  "case-key": (log, entry) => (log.caseKey = entry),
  "officer-added": (log, { officer }) => joins(officer)(log),
  "clock-stopped": (log) => (log.runs = false),
  "clock-runs"(log, { since }) {
    // A question that became a report: what was answered was the question.
    if (!log.runs) log.feedback = undefined;
    Object.assign(log, { since, runs: true });
  },
  closed: (log, entry) => Object.assign(log, closes(entry)),
  reopened: (log) => Object.assign(log, closes()),
  held: (log, held) => Object.assign(log, { held, announced: undefined }),
  released: (log) => (log.held = undefined),
  "destruction-approved": (log, { id }) => log.approvals.add(id),
  destroyed: (log, { id }) => log.destroyed.add(id),
};

/**
 * What a log's entries add up to. `servers` are the server's keys of all verified rosters. Besides: received, since (terms
 * are counted from here), runs, acknowledged, feedback, lapses (by since, term and end), unread, closed, held … as in course.py;
 * answersTo: by the b64 hash of what asked: `open`, or the act of the reporter's newest answer.
 */
export class CaseLog {
  constructor(receipt, servers) {
    Object.assign(this, { receipt, entries: [], numbers: new Map(), lastDay: "", runs: true, lapses: new Map(), answersTo: new Map() });
    for (const name of ["officers", "ever", "approvals", "recused", "destroyed"]) this[name] = new Set();
    this.servers = new Set(servers.map(b64));
  }

  get last() {
    return this.entries.at(-1);
  }

  get head() {
    return this.last?.hash ?? null;
  }

  get submitted() {
    return this.entries[0];
  }

  nextNumber(author) {
    return (this.numbers.get(b64(author)) ?? 0) + 1;
  }

  /** Whether the reporter may still object: once, to a stopped clock or to a later day to count from. */
  get mayObject() {
    return !this.objected && (!this.runs || this.since > this.received);
  }

  /** The day from which on the case may be destroyed; undefined while nothing says so. */
  get ends() {
    const { closed, heard, held, announced, unread } = this;
    if (!closed) return undefined;
    const postponed = [heard > closed.day && later(heard, NOTICE), held && later(held.until, 1), unread && later(unread, HALF_YEAR)];
    const end = latest(closed.destroy_after, ...postponed);
    const approved = [...this.approvals].filter((id) => !this.recused.has(id));
    return announced ? latest(end, announced.on) : approved.length > 1 ? end : undefined;
  }

  /** Verify one entry and take it in; Refusal, and nothing changes. */
  append(raw) {
    const entry = parseEntry(raw);
    must(equal(entry.case, this.receipt.case), "log");
    must(entry.entry === this.entries.length && same(entry.head, this.head), "log");
    if (entry.entry === 0) this.#checkSubmitted(entry);
    else this.#check(entry);
    this.#take(entry);
    return entry;
  }

  #check(entry) {
    const { act } = entry;
    must(isMessage(this.last) === (act === "received"), "log");
    if (entry.by === REPORTER) must(entry.id === this.submitted.id && act !== "submitted", "log");
    else must((entry.by === OFFICER ? this.officers : this.servers).has(entry.id), "log");
    must((entry.day ?? this.lastDay) >= this.lastDay && (!this.destroyed.size || act === "destroyed"), "log");
    if (entry.number) must(entry.number === this.nextNumber(entry.author), "log");
    if (RULES[act]) must(RULES[act](this, entry), "log");
  }

  #checkSubmitted(entry) {
    const { organisation, key } = this.receipt;
    const ids = [...entry.to, ...entry.not_to, ...(entry.deputy ? [entry.deputy] : [])].map(b64);
    // The case follows from the key, so this is the case check of the protocol too.
    must(entry.act === "submitted" && equal(entry.author, key.verify) && entry.organisation === organisation, "log");
    must(entry.to.length > 0 && new Set(ids).size === ids.length, "log");
    must(entry.keys.length === entry.to.length + (entry.deputy ? 1 : 0), "log");
  }

  #take(entry) {
    const { act, by, id } = entry;
    this.entries.push(entry);
    this.lastDay = entry.day ?? this.lastDay;
    if (by === OFFICER && !["not-involved", "recused", "case-key", "officer-added", "destroyed"].includes(act)) this.unread = undefined;
    TAKES[act]?.(this, entry);
    if (entry.number ?? !entry.entry) this.numbers.set(id, entry.number ?? 1);
  }
}

/** Whether the terms that the server promises are none that are over, and none longer than the law's. */
export function lawful({ day: from, dues: promised }) {
  if (!promised) return false;
  const { acknowledgement: first, feedback: second } = promised;
  return inOrder(from, first, later(from, 7)) && inOrder(first, second, later(from, 99));
}

/**
 * The last days of both terms as the reporter is told them (mailbox/terms.py, nominal), or what the server promised when
 * that is earlier. A late acknowledgement moves nothing, and nothing moves a day to later.
 */
export function dues({ since, acknowledged: first, received, promised }) {
  const week = later(since, 7);
  const base = first && first < week ? latest(first, since) : week;
  const counted = { acknowledgement: week, feedback: months(base, 3) };
  if (since > received) return counted;
  return Object.fromEntries(Object.keys(counted).map((term) => [term, [counted[term], promised[term]].sort()[0]]));
}

/** The state of a whole log of the receipt's case. */
export async function replay(raws, receipt, rosters) {
  const log = new CaseLog(receipt, rosters.map(({ server }) => server));
  for (const raw of raws) {
    const officers = [...log.officers];
    const { act, roster } = log.append(raw);
    if (act === "handed-over" && roster) must(haveLeft(officers, log.submitted.roster, roster, rosters), "log");
    await breathe();
  }
  return log;
}
