// SPDX-License-Identifier: EUPL-1.2
// The reporter's client without a page: takes a JSON list of requests on stdin, answers with a JSON list on stdout.
// Used by tests/client/test_interop.py; MELDKLUIS_CORE names the built code.

import { webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";

// Node 18, Debian 12's, has it under another name.
globalThis.crypto ??= webcrypto;
const { attachment, bytes, log, message, proof, receipt, roster } = await import(process.env.MELDKLUIS_CORE);
const { b64, unb64 } = bytes;

async function draftOf(request) {
  const parts = [];
  const attachments = [];
  for (const { name, content } of request.attachments ?? []) {
    const own = [];
    attachments.push(await attachment.sealAttachment(new Blob([unb64(content)]), name, async (part) => own.push(part)));
    parts.push(b64(bytes.join(...own)));
  }
  const { kind = "report", about = "", text = "", name = "", contact = "", language = "nl", to } = request;
  return { parts, draft: { kind, about, text, name, contact, language, to: new Set(to), attachments } };
}

const receiptOf = (request) => receipt.derive(receipt.parse(request.code), request.organisation);
const sealedOf = ({ body }, parts) => ({ body: Buffer.from(body).toString(), parts });

const acts = {
  generate: ({ language }) => ({ code: receipt.generate(language).join(" ") }),
  async report(request) {
    const rosters = await roster.verifyRosters(request.versions, request.organisation);
    const now = rosters.at(-1);
    const keys = roster.newestOffered(await roster.parseIntakeKeys(request.intake_keys, request.organisation), now, request.day);
    const { draft, parts } = await draftOf(request);
    return sealedOf(await message.composeReport(receiptOf(request), draft, now, keys), parts);
  },
  async addition(request) {
    const rosters = await roster.verifyRosters(request.versions, request.organisation);
    const keys = await roster.parseIntakeKeys(request.intake_keys, request.organisation);
    const mine = receiptOf(request);
    const { draft, parts } = await draftOf(request);
    const read = await log.replay(request.log.map(unb64), mine, rosters);
    return sealedOf(await message.composeAddition(mine, draft, read, rosters.at(-1), keys), parts);
  },
  async answer(request) {
    const rosters = await roster.verifyRosters(request.versions, request.organisation);
    const mine = receiptOf(request);
    const read = await log.replay(request.log.map(unb64), mine, rosters);
    return { text: (await message.openAnswer(unb64(request.file), read.entries[request.entry], mine)).text };
  },
  async received(request) {
    const rosters = await roster.verifyRosters(request.versions, request.organisation);
    const { received } = proof.checkReceived(request.answer, log.parseEntry(unb64(request.entry)), rosters);
    return { day: received.day, proof: proof.armor(unb64(request.answer.proof), request.versions) };
  },
};

const answers = [];
for (const request of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    answers.push(await acts[request.act](request));
  } catch (error) {
    if (!(error instanceof bytes.Refusal)) throw error;
    answers.push({ error: error.code });
  }
}
process.stdout.write(JSON.stringify(answers));
