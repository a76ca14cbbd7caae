// SPDX-License-Identifier: EUPL-1.2
// The log of a case (docs/protocol.md section 8): every entry signed by somebody who may make it, none missing or moved.

import { b64, compare, equal, must } from "./bytes.js";
import { checkRecipient } from "./age.js";
import { binary, day, fields, integer, later, listOf, oneOf, optional, organisationName, readJson, shape } from "./json.js";
import { breathe } from "./pause.js";
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
const ANSWER = { day, number: NUMBER, files: files(["answer", "copy"]) };
const REPORTER = {
  submitted: {
    organisation: organisationName, roster: HASH, to: rising, not_to: rising, deputy: optional(HASH), keys: rising,
    tag: HASH, commitment: HASH, files: files(["content", "identity"]), attachments,
  },
  message: { number: integer(2, MOST), files: files(["message"], ["identity"]), attachments },
  withdrawn: {},
  agreed: {},
};
const SERVER = {
  received: { day, of: HASH, commitment: optional(HASH), dues: optional(shape({ acknowledgement: day, feedback: day })) },
  "handed-over": { day, deputy: HASH },
};
const OFFICER = {
  "not-involved": { day },
  recused: { day },
  "case-key": { day, recipient: checkRecipient, identity_recipient: checkRecipient, files: files([], ["grant"]) },
  "officer-added": { day, officer: HASH, key: HASH, files: files(["grant"]) },
  acknowledged: ANSWER,
  answered: ANSWER,
  feedback: ANSWER,
  "identity-opened": { day },
};

/** Acts that bring an answer, with the kind that its document must have. */
export const ANSWERS = { acknowledged: "acknowledgement", answered: "answer", feedback: "feedback" };

const own = (table, name) => Object.prototype.hasOwnProperty.call(table, name);

/** One verified entry {act, case, entry, head, author, hash, raw, …fields}. */
export function parseEntry(raw) {
  const { key, payload, hash } = openThing(raw, "entry");
  const document = readJson(payload);
  const table = [REPORTER, SERVER, OFFICER].find((acts) => typeof document.act === "string" && own(acts, document.act));
  must(table);
  const checks = { case: binary(16), entry: integer(0, MOST), head: optional(HASH), act: oneOf(document.act) };
  return { ...fields(document, { ...checks, ...table[document.act] }), by: table, author: key, hash, raw };
}

/** Sign an entry; bytes in the fields become b64. */
export const makeEntry = (document, key) => parseEntry(sign("entry", plain(document), key).raw);

/** What a log's entries add up to. `servers` are the server's keys of all verified rosters. */
export class CaseLog {
  constructor(receipt, servers) {
    Object.assign(this, { receipt, entries: [], officers: new Set(), ever: new Set(), numbers: new Map(), last: "" });
    this.servers = new Set(servers.map(b64));
  }

  get head() {
    return this.entries.at(-1)?.hash ?? null;
  }

  get submitted() {
    return this.entries[0];
  }

  nextNumber(author) {
    return (this.numbers.get(b64(author)) ?? 0) + 1;
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
    const before = this.entries.at(-1);
    must(["submitted", "message"].includes(before.act) === (entry.act === "received"), "log");
    if (entry.by === REPORTER) must(equal(entry.author, this.submitted.author) && entry.act !== "submitted", "log");
    else must((entry.by === OFFICER ? this.officers : this.servers).has(b64(entry.author)), "log");
    must((entry.day ?? this.last) >= this.last, "log");
    if (entry.number) must(entry.number === this.nextNumber(entry.author), "log");
    const id = (key) => key && b64(key);
    switch (entry.act) {
      case "received":
        must(equal(entry.of, before.hash) && same(entry.commitment, before.commitment ?? null), "log");
        return must(before.act === "submitted" ? lawful(entry) : entry.dues === null, "log");
      case "case-key":
        must(!this.caseKey && entry.recipient !== entry.identity_recipient, "log");
        return must("grant" in entry.files === this.submitted.to.length > 1, "log");
      case "officer-added":
        must(this.caseKey && !this.ever.has(id(entry.officer)), "log");
        return must(!this.submitted.not_to.some((key) => equal(key, entry.officer)), "log");
      case "handed-over":
        return must(same(entry.deputy, this.submitted.deputy) && !this.ever.has(id(entry.deputy)), "log");
      case "identity-opened":
        return must(this.caseKey, "log");
      default:
        if (own(ANSWERS, entry.act)) must(this.caseKey, "log");
    }
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
    this.entries.push(entry);
    this.last = entry.day ?? this.last;
    const author = b64(entry.author);
    const joins = (key) => this.officers.add(b64(key)) && this.ever.add(b64(key));
    if (entry.act === "submitted") {
      entry.to.forEach(joins);
      this.numbers.set(author, 1);
    }
    if (entry.act === "recused") this.officers.delete(author);
    if (entry.act === "officer-added") joins(entry.officer);
    if (entry.act === "handed-over") joins(entry.deputy);
    if (entry.act === "case-key") this.caseKey = entry;
    if (entry.act === "feedback") this.feedback = true;
    if (entry.number) this.numbers.set(author, entry.number);
  }
}

/** Whether the terms that the server promises are none that are over, and none longer than the law's. */
export function lawful({ day: from, dues }) {
  if (!dues) return false;
  const { acknowledgement: first, feedback: second } = dues;
  return from <= first && first <= later(from, 7) && first <= second && second <= later(from, 99);
}

const same = (one, other) => (one === null || other === null ? one === other : equal(one, other));

/** The state of a whole log of the receipt's case. */
export async function replay(raws, receipt, rosters) {
  const log = new CaseLog(receipt, rosters.map(({ server }) => server));
  for (const raw of raws) {
    log.append(raw);
    await breathe();
  }
  return log;
}
