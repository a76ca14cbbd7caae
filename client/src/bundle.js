// SPDX-License-Identifier: EUPL-1.2
// A report made beforehand (docs/protocol.md section 9, "The bundle"): handed on as it is, nothing of it is opened.

import { b64, equal, must, unb64, utf8 } from "./bytes.js";
import { ask } from "./api.js";
import { binary, fields, integer, listOf, readJson, shape } from "./json.js";
import { parseEntry } from "./log.js";
import { plain } from "./plain.js";

const MAGIC = utf8("meldkluis-bundle/v1\n");
const HEAD = 1048576;
const PART = 1048576;

const bytesOf = async (file, from, to) => new Uint8Array(await file.slice(from, to).arrayBuffer());

/** What stands in the file: {address, entry, files, attachments, start}; Refusal when it is no bundle. */
export async function readBundle(file) {
  const start = MAGIC.length + 4;
  const top = await bytesOf(file, 0, start);
  must(top.length === start && equal(top.subarray(0, MAGIC.length), MAGIC));
  const length = new DataView(top.buffer).getUint32(MAGIC.length);
  must(length <= HEAD);
  const head = fields(readJson(await bytesOf(file, start, start + length)), {
    address: binary(32),
    entry: unb64,
    files: shape({ content: unb64, identity: unb64 }),
    attachments: listOf(shape({ id: binary(16), size: integer(1, 2 ** 40) }), 20),
  });
  const total = head.attachments.reduce((sum, { size }) => sum + size, start + length);
  const entry = parseEntry(head.entry);
  must(entry.act === "submitted" && total === file.size);
  return { ...head, entry, start: start + length };
}

/** Upload its parts and submit it; gives the server's answer. */
export async function sendBundle({ address, entry, files, attachments, start }, file, { busy, signal, onRetry }) {
  let at = start;
  for (const { id, size } of attachments) {
    const end = at + size;
    for (let number = 0; at < end; number++) {
      const body = await bytesOf(file, at, Math.min(at + PART, end));
      const onProgress = (sent) => busy.progress(at + sent, file.size, "busy-sending");
      await ask("PUT", `/api/parts/${b64(id)}/${number}`, { address, body, signal, onProgress, onRetry });
      at += body.length;
    }
  }
  const body = plain({ entry: entry.raw, files });
  return ask("POST", "/api/reports", { address, body, onRetry, onProgress: busy.final(body) });
}
