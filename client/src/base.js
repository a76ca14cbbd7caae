// SPDX-License-Identifier: EUPL-1.2
// bech32 (BIP-173) and unpadded base64 as typage uses them. Stands in for @scure/base in the bundle, at a third of its size.

import { base64 as padded, must, utf8 } from "./bytes.js";

const LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATORS = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

/** Regroup bits, most significant first; the rest is zero bits, fewer than a group. */
function regroup(values, from, to, pad) {
  let held = 0;
  let bits = 0;
  const groups = [];
  for (const value of values) {
    held = ((held << from) | value) & 0xffff;
    for (bits += from; bits >= to; ) groups.push((held >> (bits -= to)) & ((1 << to) - 1));
  }
  const rest = (held << (to - bits)) & ((1 << to) - 1);
  if (pad) return bits ? [...groups, rest] : groups;
  must(bits < from && rest === 0);
  return groups;
}

function checksum(prefix, words) {
  let sum = 1;
  const letters = utf8(prefix);
  for (const value of [...letters.map((letter) => letter >> 5), 0, ...letters.map((letter) => letter & 31), ...words, 0, 0, 0, 0, 0, 0]) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    GENERATORS.forEach((generator, bit) => (sum ^= (top >> bit) & 1 ? generator : 0));
  }
  sum ^= 1;
  return [25, 20, 15, 10, 5, 0].map((shift) => (sum >> shift) & 31);
}

const spell = (words) => words.map((word) => LETTERS[word]).join("");

export const bech32 = {
  toWords: (bytes) => regroup(bytes, 8, 5, true),
  fromWords: (words) => Uint8Array.from(regroup(words, 5, 8, false)),
  encode(prefix, words) {
    const lower = prefix.toLowerCase();
    return `${lower}1${spell([...words, ...checksum(lower, words)])}`;
  },
  decode(text) {
    const lower = text.toLowerCase();
    must(/^[!-~]+$/.test(text) && (text === lower || text === text.toUpperCase()));
    const at = lower.lastIndexOf("1");
    const words = [...lower.slice(at + 1)].map((letter) => LETTERS.indexOf(letter));
    must(at > 0 && words.length >= 6 && !words.includes(-1));
    const prefix = lower.slice(0, at);
    const data = words.slice(0, -6);
    must(spell(checksum(prefix, data)) === lower.slice(-6));
    return { prefix, words: data };
  },
  encodeFromBytes: (prefix, bytes) => bech32.encode(prefix, bech32.toWords(bytes)),
  decodeToBytes(text) {
    const { prefix, words } = bech32.decode(text);
    return { prefix, words, bytes: bech32.fromWords(words) };
  },
};

export const base64nopad = {
  encode: (bytes) => padded(bytes).replace(/=/g, ""),
  decode(text) {
    must(/^[\w+/]*$/.test(text) && !text.includes("_") && text.length % 4 !== 1);
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    must(base64nopad.encode(bytes) === text);
    return bytes;
  },
};

// Imported by typage's armor, which the bundle drops.
export const base64 = undefined;
