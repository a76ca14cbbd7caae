// SPDX-License-Identifier: EUPL-1.2
// Bytes and their written form (docs/protocol.md section 1). A reader refuses every other spelling of the same bytes.

import { concatBytes } from "@noble/hashes/utils.js";

export const join = concatBytes;

/** What was read or received is not what it must be. `code` names the failure; no input ever stands in it. */
export class Refusal extends Error {
  constructor(code, details) {
    super(code);
    this.code = code;
    this.details = details;
  }
}

/** Throw a Refusal unless the condition holds. */
export function must(condition, code = "malformed") {
  if (!condition) throw new Refusal(code);
}

/** Do it; every failure is a Refusal with this code. */
export async function refusing(code, run) {
  try {
    return await run();
  } catch {
    throw new Refusal(code);
  }
}

export const utf8 = (text) => new TextEncoder().encode(text);

/** Random bytes of the browser; the only source of randomness besides noble's own use of the same. */
export const random = (length) => crypto.getRandomValues(new Uint8Array(length));

export function equal(one, other) {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

export function compare(one, other) {
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return one[index] - other[index];
  return 0;
}

/** The number as big-endian bytes; up to 2^53. */
export function bigEndian(number, width) {
  const bytes = new Uint8Array(width);
  for (let index = width - 1; index >= 0; index--, number = Math.floor(number / 256)) bytes[index] = number % 256;
  return bytes;
}

/** The bytes behind their length as four bytes. */
export const frame = (bytes) => join(bigEndian(bytes.length, 4), bytes);

/** Plain base64, padded (RFC 4648 section 4). */
export function base64(bytes) {
  let binary = "";
  // Slices: an argument list of a whole file overflows the stack.
  for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(binary);
}

/** base64url without padding (RFC 4648 section 5). */
export const b64 = (bytes) => base64(bytes).replace(/[+/=]/g, (sign) => ({ "+": "-", "/": "_" })[sign] ?? "");

/** The bytes of b64 text; Refusal for padding, other alphabets and stray bits. */
export function unb64(text) {
  must(typeof text === "string" && /^[\w-]*$/.test(text) && text.length % 4 !== 1);
  const binary = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  const bytes = Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
  must(b64(bytes) === text);
  return bytes;
}
