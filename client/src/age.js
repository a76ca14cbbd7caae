// SPDX-License-Identifier: EUPL-1.2
// age v1 files with post-quantum recipients (docs/protocol.md section 2).
// - typage does HPKE and writes the header; chunks are cut here, so that the page can breathe between them.
// - Only mlkem768x25519 stanzas are written and read: a reporter's client meets no others.

import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { x25519 } from "@noble/curves/ed25519.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { encodeHeader, encodeHeaderNoMAC } from "../node_modules/age-encryption/dist/format.js";
import { HybridIdentity, HybridRecipient } from "../node_modules/age-encryption/dist/recipients.js";

import { base64nopad, bech32 } from "./base.js";
import { Refusal, bigEndian, compare, equal, join, must, random, utf8 } from "./bytes.js";
import { MLKEM768X25519 } from "./hybrid.js";
import { breathe } from "./pause.js";

export const CHUNK = 65536;
const TAG = 16;
const HEADER = 65536;
const STANZAS = 32;
const LINE = 64;
const VERSION = "age-encryption.org/v1";

const nothing = new Uint8Array(0);
const subkey = (fileKey, salt, label) => hkdf(sha256, fileKey, salt, utf8(label), 32);
const macOf = (fileKey, header) => hmac(sha256, subkey(fileKey, undefined, "header"), header);
const chunkNonce = (counter, last) => join(bigEndian(counter, 11), Uint8Array.of(last ? 1 : 0));

/** The recipient that belongs to the 32-byte seed of an identity. */
export const recipientOf = (seed) => bech32.encode("age1pq", bech32.toWords(MLKEM768X25519.getPublicKey(seed)), false);

/** Check for a post-quantum recipient; gives the text. */
export function checkRecipient(value) {
  must(typeof value === "string" && value.length <= 2000);
  try {
    new HybridRecipient(value);
  } catch {
    throw new Refusal("malformed");
  }
  return value;
}

/** A file that is written in pieces: `header` first, then what seal gives for each chunk. */
export class Sealer {
  /** To these recipients; free slots go to identities that are thrown away, and the order is random. */
  static async to(recipients, slots = recipients.length) {
    const all = [...recipients];
    while (all.length < slots) {
      all.push(recipientOf(random(32)));
      await breathe();
    }
    must(all.length === slots);
    const shuffled = all.map((recipient) => [random(16), recipient]).sort((one, other) => compare(one[0], other[0]));
    const fileKey = random(16);
    const stanzas = [];
    for (const [, recipient] of shuffled) {
      stanzas.push(...new HybridRecipient(recipient).wrapFileKey(fileKey));
      await breathe();
    }
    return new Sealer(fileKey, stanzas);
  }

  constructor(fileKey, stanzas) {
    const nonce = random(16);
    this.header = join(encodeHeader(stanzas, macOf(fileKey, encodeHeaderNoMAC(stanzas))), nonce);
    this.key = subkey(fileKey, nonce, "payload");
    this.counter = 0;
  }

  /** The ciphertext of the next chunk: 65,536 bytes, the last one 1 to 65,536. */
  seal(chunk, last) {
    must(last ? chunk.length <= CHUNK : chunk.length === CHUNK);
    return chacha20poly1305(this.key, chunkNonce(this.counter++, last)).encrypt(chunk);
  }
}

/** The plaintext as a whole file. */
export async function encrypt(plaintext, recipients, slots) {
  const sealer = await Sealer.to(recipients, slots);
  const pieces = [sealer.header];
  for (let at = 0; at === 0 || at < plaintext.length; at += CHUNK) {
    pieces.push(sealer.seal(plaintext.subarray(at, at + CHUNK), at + CHUNK >= plaintext.length));
    await breathe();
  }
  return join(...pieces);
}

// The header's stanzas {args, body}, its MAC and what the MAC is over, and the payload. Strict: one spelling of everything.
function split(file) {
  const text = new TextDecoder("latin1").decode(file.subarray(0, HEADER));
  const end = text.indexOf("\n--- ");
  const close = text.indexOf("\n", end + 1);
  must(end > 0 && close > 0 && /^[\n -~]*$/.test(text.slice(0, close)));
  const [version, ...rest] = text.slice(0, end).split("\n-> ");
  must(version === VERSION && rest.length > 0 && rest.length <= STANZAS);
  const stanzas = rest.map((each) => {
    const [first, ...lines] = each.split("\n");
    const args = first.split(" ");
    must(args.every(Boolean) && lines.length > 0);
    must(lines.every(({ length }, index) => (index < lines.length - 1 ? length === LINE : length < LINE)));
    return { args, body: base64nopad.decode(lines.join("")) };
  });
  const payload = file.subarray(close + 1);
  must(payload.length >= 16 + TAG);
  return { stanzas, mac: base64nopad.decode(text.slice(end + 5, close)), signed: file.subarray(0, end + 4), payload };
}

/** What follows the header: nonce and chunks. Its hash is how the log names a file. */
export const payloadOf = (file) => split(file).payload;

/** The plaintext, opened with the 32-byte seed of the identity; Refusal `not-for-this-key` or `malformed`. */
export async function decrypt(file, seed) {
  const { stanzas, mac, signed, payload } = split(file);
  const fileKey = unwrap(stanzas, seed);
  must(fileKey, "not-for-this-key");
  must(equal(macOf(fileKey, signed), mac));
  const key = subkey(fileKey, payload.subarray(0, 16), "payload");
  const pieces = [];
  for (let at = 16, counter = 0; at < payload.length; at += CHUNK + TAG, counter++) {
    const last = at + CHUNK + TAG >= payload.length;
    const chunk = payload.subarray(at, at + CHUNK + TAG);
    must(chunk.length > TAG || counter === 0);
    try {
      pieces.push(chacha20poly1305(key, chunkNonce(counter, last)).decrypt(chunk));
    } catch {
      throw new Refusal("malformed");
    }
    await breathe();
  }
  return pieces.length === 1 ? pieces[0] : join(nothing, ...pieces);
}

const KIND = "mlkem768x25519";
const ENCAPSULATED = 1120;

// All stanzas of the kind before any is tried: a file opens for every reader or for none.
function check({ args, body }) {
  if (args[0] !== KIND) return;
  must(args.length === 2 && body.length === TAG + 16);
  const encapsulated = base64nopad.decode(args[1]);
  must(encapsulated.length === ENCAPSULATED);
  // noble throws for a point of low order.
  x25519.getSharedSecret(new Uint8Array(32).fill(1), encapsulated.subarray(ENCAPSULATED - 32));
}

function unwrap(stanzas, seed) {
  try {
    stanzas.forEach(check);
    return new HybridIdentity(bech32.encodeFromBytes("AGE-SECRET-KEY-PQ-", seed).toUpperCase()).unwrapFileKey(stanzas);
  } catch {
    throw new Refusal("malformed");
  }
}
