// SPDX-License-Identifier: EUPL-1.2
// SHA-256, the browser's own where it has one: crypto.subtle is missing where the page's context is not secure.

import { sha256 } from "@noble/hashes/sha2.js";

import { join, utf8 } from "./bytes.js";
import { breathe } from "./pause.js";

const SLICE = 65536;

export { sha256 };

/** SHA-256 of bytes that may be many. */
export async function digest(bytes) {
  if (globalThis.crypto.subtle) return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const hash = sha256.create();
  for (let at = 0; at < bytes.length; at += SLICE) {
    hash.update(bytes.subarray(at, at + SLICE));
    await breathe();
  }
  return hash.digest();
}

/** SHA-256("meldkluis/v1/" label 00 pieces…). */
export const labelled = (label, ...pieces) => sha256(join(utf8(`meldkluis/v1/${label}\0`), ...pieces));
