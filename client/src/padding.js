// SPDX-License-Identifier: EUPL-1.2
// Padding that hides lengths (docs/protocol.md section 2).

import { must } from "./bytes.js";

const CLASSES = [4096, 16384, 65536, 262144];
const FLOOR = 16384;

/** Bytes of the largest text that still fits. */
export const LARGEST = CLASSES[3] - 1;

/** The bytes, 0x80 and zeros up to the smallest class. */
export function padText(bytes) {
  const size = CLASSES.find((each) => bytes.length < each);
  must(size, "too-long");
  const padded = new Uint8Array(size);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  return padded;
}

/** What padText was given; Refusal for everything that padText does not make. */
export function unpadText(padded) {
  let end = padded.length;
  while (end > 0 && padded[end - 1] === 0) end--;
  must(padded[end - 1] === 0x80 && CLASSES.find((each) => end - 1 < each) === padded.length);
  return padded.subarray(0, end - 1);
}

/** PADMÉ (Nikitin et al., PETS 2019) for lengths of 2 and more. Division, since shifts stop at 2^31. */
export function padme(length) {
  const exponent = Math.floor(Math.log2(length));
  const step = 2 ** (exponent - Math.floor(Math.log2(exponent)) - 1);
  return step > 1 ? Math.ceil(length / step) * step : length;
}

/** The padded size of an attachment of so many bytes. */
export const attachmentSize = (length) => Math.max(FLOOR, padme(length + 1));
