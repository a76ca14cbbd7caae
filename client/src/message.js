// SPDX-License-Identifier: EUPL-1.2
// What a reporter sends (docs/protocol.md sections 4 and 6) and what comes back (section 7).
//
// A draft is {kind, about, text, name, contact, language, to: Set of b64 keys, attachments: [sealed attachment]}.

import { hmac } from "@noble/hashes/hmac.js";

import { b64, bigEndian, compare, equal, frame, join, must, utf8 } from "./bytes.js";
import { decrypt, encrypt, payloadOf } from "./age.js";
import { digest, labelled, sha256 } from "./digest.js";
import { binary, fields, integer, line, listOf, oneOf, readJson, readText, text } from "./json.js";
import { ANSWERS, makeEntry } from "./log.js";
import { breathe } from "./pause.js";
import { padText, unpadText } from "./padding.js";
import { plain } from "./plain.js";
import { openThing, sign } from "./signed.js";

const LONGEST = 262144;

/** Line ends as LF, and no half of a surrogate pair: half a letter has no UTF-8. */
export const lines = (value) => value.replace(/\r\n?/g, "\n").replace(/[\ud800-\udfff]/gu, "\ufffd");

/**
 * Who gets a report {to, not_to, deputy}; Refusal `nobody`. When only the deputy is left, the deputy gets it itself.
 * Who is not chosen is left out, and so is who offers no key today: the page has said so.
 */
export function addressees(roster, { to: chosen }) {
  const members = [...roster.members].sort((one, other) => compare(one.key, other.key));
  const keys = (belongs) => members.filter(belongs).map(({ key }) => key);
  const ticked = ({ key }) => chosen.has(b64(key));
  let to = keys((member) => ticked(member) && member.role === "officer");
  let deputy = keys((member) => ticked(member) && member.role === "deputy")[0] ?? null;
  if (!to.length && deputy) [to, deputy] = [[deputy], null];
  must(to.length, "nobody");
  return { to, not_to: keys((member) => !ticked(member)), deputy };
}

/** The tag by which the same report sent twice is known. */
export function tagOf(receipt, draft, { to, deputy }) {
  const texts = [draft.kind, draft.about, draft.text, draft.name, draft.contact].map((each) => frame(utf8(each)));
  const files = draft.attachments.flatMap(({ ref, plaintextDigest }) => [frame(utf8(ref.name)), bigEndian(ref.length, 8), plaintextDigest]);
  const readers = [bigEndian(to.length, 4), ...to, frame(deputy ?? new Uint8Array(0))];
  return hmac(sha256, receipt.tag, join(...texts, ...readers, bigEndian(draft.attachments.length, 4), ...files));
}

const written = (value) => new TextDecoder().decode(plain(value));

function documentOf(draft) {
  const { about, kind, text: words, language, attachments } = draft;
  return written({ about, version: 1, kind, text: words, language, strength: "browser", attachments: attachments.map(({ ref }) => ref) });
}

const contactOf = ({ name, contact }) => written({ version: 1, name, contact });

/** How many bytes too long the draft's message would be with `more` bytes for its attachments; 0 when it fits. */
export function excess(draft, more) {
  // 4,000 bytes: the rest of a first message to 16 readers.
  return Math.max(0, utf8(JSON.stringify(documentOf(draft))).length + more + 4000 - LONGEST);
}

async function seal(type, document, key, recipients, slots) {
  const file = await encrypt(padText(sign(type, plain(document), key).raw), recipients, slots);
  return { file, ref: { hash: await digest(payloadOf(file)), size: file.length } };
}

function finished(act, receipt, fields_, sealed, draft) {
  const attachments = draft.attachments.map(({ ref: { id, digest: sum }, size }) => ({ id, size, digest: sum }));
  const files = Object.fromEntries(Object.entries(sealed).map(([slot, { ref }]) => [slot, ref]));
  const entry = makeEntry({ case: receipt.case, act, ...fields_, files, attachments }, receipt.key);
  const bodies = Object.fromEntries(Object.entries(sealed).map(([slot, { file }]) => [slot, b64(file)]));
  return { entry, body: plain({ entry: entry.raw, files: bodies }) };
}

/**
 * A first message {entry, body}: body is what POST /api/reports takes.
 * `keys` is newestOffered's map. Refusal `nobody`, `no-key` (a reader offers none), `too-long`.
 */
export async function composeReport(receipt, draft, roster, keys) {
  const readers = addressees(roster, draft);
  const wanted = [...readers.to, ...(readers.deputy ? [readers.deputy] : [])].map((key) => keys.get(b64(key)));
  must(wanted.every(Boolean), "no-key");
  const recipients = wanted.map(({ recipient }) => recipient);
  const { case: id, key, commit } = receipt;
  const document = documentOf(draft);
  const commitment = labelled("commit", commit, sha256(utf8(document)));
  const common = { case: id, number: 1 };
  const message = {
    ...common, roster: roster.hash, head: null, ...readers, reply: receipt.recipient, commit_key: commit, commitment, document,
  };
  const sealed = {
    content: await seal("message", message, key, recipients, roster.slots),
    identity: await seal("identity", { ...common, document: contactOf(draft) }, key, recipients, roster.slots),
  };
  const fields_ = {
    entry: 0, head: null, organisation: roster.organisation, roster: roster.hash, ...readers,
    keys: wanted.map(({ hash }) => hash).sort(compare), tag: tagOf(receipt, draft, readers), commitment,
  };
  return finished("submitted", receipt, fields_, sealed, draft);
}

// Whom a later message, and contact details with it, go to: intake keys are those that `submitted` names.
export function laterRecipients(log, intakeKeys) {
  const { to, deputy, keys } = log.submitted;
  const named = intakeKeys.filter(({ hash }) => keys.some((key) => equal(key, hash)));
  const of = (officer) => {
    const key = named.find((each) => equal(each.officer, officer));
    must(key, "no-key");
    return key.recipient;
  };
  const second = deputy && !(log.caseKey && log.feedback && log.officers.size) ? [of(deputy)] : [];
  if (!log.caseKey) return [0, 1].map(() => [...to.map(of), ...second]);
  // The key for contact details may be destroyed by now.
  const { recipient, identity_recipient } = log.caseKey;
  return [recipient, log.identityGone ? recipient : identity_recipient].map((each) => [each, ...second]);
}

/** A later message on top of the log as its author has just seen it: {entry, body} for POST /api/messages. */
export async function composeAddition(receipt, draft, log, roster, intakeKeys) {
  const { case: id, key } = receipt;
  const number = log.nextNumber(key.verify);
  const [messageTo, identityTo] = laterRecipients(log, intakeKeys);
  const { to, not_to, deputy } = log.submitted;
  const message = {
    case: id, number, roster: roster.hash, head: log.head, to, not_to, deputy,
    reply: null, commit_key: null, commitment: null, document: documentOf({ ...draft, about: "", kind: "addition" }),
  };
  const sealed = { message: await seal("message", message, key, messageTo, roster.slots) };
  if (draft.name || draft.contact) {
    const contact = { case: id, number, document: contactOf(draft) };
    sealed.identity = await seal("identity", contact, key, identityTo, roster.slots);
  }
  return finished("message", receipt, { entry: log.entries.length, head: log.head, number }, sealed, draft);
}

/** An act without files, `objected`, or `agreed` or `declined` with `of`: {entry, body} for POST /api/messages. */
export function composeAct({ case: id, key }, log, act) {
  const entry = makeEntry({ case: id, entry: log.entries.length, head: log.head, ...act }, key);
  return { entry, body: plain({ entry: entry.raw, files: {} }) };
}

const ANSWER = { case: binary(16), number: integer(1, 1e6), roster: binary(32), head: binary(32), document: text(LONGEST) };

/** An officer's answer {kind, text, slots (of a meeting)}; Refusal when the file is not the one that the log's entry names. */
export async function openAnswer(file, entry, receipt) {
  const ref = entry.files.answer;
  must(file.length === ref.size && equal(await digest(payloadOf(file)), ref.hash));
  const { key, payload } = openThing(unpadText(await decrypt(file, receipt.reply)), "answer");
  const answer = fields(readJson(payload), ANSWER);
  const raw = readText(answer.document);
  const checks = { version: oneOf(1), kind: oneOf(...ANSWERS[entry.act]), text: text(LONGEST) };
  const meeting = raw.kind === "meeting";
  const document = fields(raw, meeting ? { ...checks, slots: listOf(line(100), 6) } : checks);
  must(equal(key, entry.author) && equal(answer.case, entry.case) && answer.number === entry.number);
  must(equal(answer.head, entry.head) && document.slots?.length !== 0);
  await breathe();
  return document;
}
