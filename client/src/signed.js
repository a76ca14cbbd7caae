// SPDX-License-Identifier: EUPL-1.2
// Signed things (docs/protocol.md section 3): the reader names the type it expects; signed bytes are never written again.

import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";

import { Refusal, equal, join, must, utf8 } from "./bytes.js";
import { sha256 } from "./digest.js";

const KEY = 32;
const START = 96;

export const verifyKeyOf = (seed) => ed25519.getPublicKey(seed);

const bare = (type, payload) => join(utf8(`${type}\0`), payload);
const label = utf8("meldkluis/v1/");

const little = (bytes) => bytes.reduceRight((number, byte) => (number << 8n) | BigInt(byte), 0n);

/** Whether the signature holds, strictly per RFC 8032, and exactly when libsodium says so. */
export function holds(signature, message, key) {
  try {
    return ed25519.verify(signature, message, key, { zip215: false }) && likeLibsodium(signature, message, key);
  } catch {
    return false;
  }
}

// noble multiplies by the cofactor and takes a small-order R; libsodium does neither. Where keys or points have a part of
// small order the two would differ, and a log could hold on one side alone.
function likeLibsodium(signature, message, key) {
  const { Point } = ed25519;
  const start = signature.subarray(0, 32);
  const challenge = little(sha512(join(start, key, message))) % Point.Fn.ORDER;
  const share = Point.fromBytes(key).multiplyUnsafe(challenge);
  const made = Point.BASE.multiplyUnsafe(little(signature.subarray(32))).subtract(share);
  return equal(made.toBytes(), start) && !made.isSmallOrder();
}

/** Whether the key signed the payload as this type; for signatures that travel apart. */
export const signs = (key, signature, type, payload) => holds(signature, join(label, bare(type, payload)), key);

function thing(raw, type) {
  const offset = START + type.length + 1;
  return { raw, key: raw.subarray(0, KEY), payload: raw.subarray(offset), hash: sha256(raw) };
}

/** Sign a payload. `key` is {seed, verify}. */
export function sign(type, payload, key) {
  const message = bare(type, payload);
  return thing(join(key.verify, ed25519.sign(join(label, message), key.seed), message), type);
}

/** The thing {raw, key, payload, hash}; Refusal `malformed` for another type, `signature` when it does not hold. */
export function openThing(raw, type) {
  const head = utf8(`${type}\0`);
  must(equal(raw.subarray(START, START + head.length), head));
  const message = join(label, raw.subarray(START));
  if (!holds(raw.subarray(KEY, START), message, raw.subarray(0, KEY))) throw new Refusal("signature");
  return thing(raw, type);
}
