// SPDX-License-Identifier: EUPL-1.2
// Receipt codes (docs/protocol.md section 4): twelve words, the reporter's only key. Nothing here is kept or sent.

import { expand, extract } from "@noble/hashes/hkdf.js";

import { Refusal, join, random, utf8 } from "./bytes.js";
import { labelled, sha256 } from "./digest.js";
import { recipientOf } from "./age.js";
import { verifyKeyOf } from "./signed.js";
import { lists } from "./words.js";

const WORDS = 12;
const BITS = 11;
const CHECK_BITS = 4n;
const LONGEST = 2000;
const RUN = 4;
const READINGS = 64;

const refuse = (code, details) => {
  throw new Refusal(code, details);
};
const letters = (text, between) => text.normalize("NFKC").toLowerCase().replace(/\P{L}+/gu, between);

/** The twelve words of 16 bytes. */
export function encode(entropy, language) {
  let number = 0n;
  for (const byte of [...entropy, sha256(entropy)[0]]) number = (number << 8n) | BigInt(byte);
  number >>= 8n - CHECK_BITS;
  return Array.from({ length: WORDS }, (_, place) => lists[language].words[Number((number >> BigInt((WORDS - 1 - place) * BITS)) & 2047n)]);
}

/** A new code's twelve words. */
export const generate = (language) => encode(random(16), language);

function decode(indices) {
  let number = indices.reduce((sum, index) => (sum << BigInt(BITS)) | BigInt(index), 0n);
  const check = Number(number & 15n);
  number >>= CHECK_BITS;
  const entropy = new Uint8Array(16);
  for (let place = 15; place >= 0; place--, number >>= 8n) entropy[place] = Number(number & 255n);
  return sha256(entropy)[0] >> 4 === check ? entropy : undefined;
}

// The ways, at most 64, to read letters without separators as twelve whole words of a list.
function readings(run, { words, index }) {
  let partial = new Map([[0, [[]]]]);
  for (let word = 0; word < WORDS; word++) {
    const grown = new Map();
    for (const [start, heads] of partial)
      for (let end = start + 3; end <= start + 8 && end <= run.length; end++) {
        const place = index.get(run.slice(start, end));
        if (words[place] !== run.slice(start, end)) continue;
        grown.set(end, [...(grown.get(end) ?? []), ...heads.map((head) => [...head, place])].slice(0, READINGS));
      }
    partial = grown;
  }
  return partial.get(run.length) ?? [];
}

/**
 * The 16 bytes of a code as people write it. Refusal `code-count` {count}, `code-word` or `code-mixed` {number}, or `code-checksum`.
 */
export function parse(code) {
  if (code.length > LONGEST) refuse("code-count", { count: code.trim().split(/\s+/).length });
  const tokens = letters(code, " ").split(" ").filter(Boolean);
  const both = Object.values(lists);
  if (tokens.length !== WORDS) {
    const found = both.flatMap((list) => readings(tokens.join(""), list).map(decode).filter(Boolean));
    return found.length === 1 ? found[0] : refuse("code-count", { count: tokens.length });
  }
  const unknown = tokens.findIndex((token) => both.every(({ index }) => !index.has(token)));
  if (unknown >= 0) refuse("code-word", { number: unknown + 1 });
  // All words of one list: the one that knows the most of them, or the first.
  const score = ({ index }) => tokens.filter((token) => index.has(token)).length * 2 + index.has(tokens[0]);
  const { index } = both.reduce((best, list) => (score(list) > score(best) ? list : best));
  const foreign = tokens.findIndex((token) => !index.has(token));
  if (foreign >= 0) refuse("code-mixed", { number: foreign + 1 });
  return decode(tokens.map((token) => index.get(token))) ?? refuse("code-checksum");
}

/** Everything that a code is at an organisation. `key` signs; `reply` opens answers; `address` reads and stages. */
export function derive(entropy, organisation) {
  const pseudorandom = extract(sha256, entropy, labelled("receipt", utf8(organisation)));
  const part = (info) => expand(sha256, pseudorandom, utf8(info), 32);
  const seed = part("sign");
  const key = { seed, verify: verifyKeyOf(seed) };
  const reply = part("reply");
  return {
    organisation,
    address: part("address"),
    reply,
    recipient: recipientOf(reply),
    key,
    tag: part("tag"),
    commit: part("commit"),
    case: caseOf(organisation, key.verify),
  };
}

/** The case that a reporter's key makes: 16 bytes that no server assigns. */
export const caseOf = (organisation, verify) => labelled("case", join(utf8(`${organisation}\0`), verify)).slice(0, 16);

/** The code's words in each language: whoever reads one reads the other. */
export const spellings = (entropy) => Object.keys(lists).map((language) => encode(entropy, language));

/** Whether four or more words of the code, whole or shortened, stand in a row in the text, however they are separated. */
export function betrays(text, codes) {
  const run = letters(text, "");
  const pattern = (word) => word.slice(0, RUN) + (word.length > RUN ? `(?:${word.slice(RUN)})?` : "");
  const starts = [...Array(WORDS - RUN + 1).keys()];
  return codes.some((words) => starts.some((start) => new RegExp(words.slice(start, start + RUN).map(pattern).join("")).test(run)));
}
