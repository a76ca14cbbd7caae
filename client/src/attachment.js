// SPDX-License-Identifier: EUPL-1.2
// Attachments (docs/protocol.md section 2): read in slices, sealed to one fresh identity, given out in parts of 1 MiB.
// Memory: two parts at most, whatever the file's size.

import { CHUNK, Sealer, recipientOf } from "./age.js";
import { join, must, random } from "./bytes.js";
import { digest, sha256 } from "./digest.js";
import { attachmentSize } from "./padding.js";
import { breathe } from "./pause.js";

const SLICE = 262144;
const PART = 1048576;
const AGE_STARTS = ["age-encryption.org/", "-----BEGIN AGE ENCRYPTED FILE-----"];

/** Gathers bytes into parts of 1 MiB and their digests. `take` is awaited with each part that is full. */
class Parts {
  constructor(take) {
    Object.assign(this, { take, part: new Uint8Array(PART), filled: 0, count: 0, length: 0, digests: [] });
  }

  async add(bytes) {
    this.length += bytes.length;
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + PART - this.filled);
      this.part.set(piece, this.filled);
      this.filled += piece.length;
      at += piece.length;
      if (this.filled === PART) await this.flush();
    }
  }

  async flush() {
    if (!this.filled) return;
    const part = this.part.slice(0, this.filled);
    this.filled = 0;
    this.digests.push(await digest(part));
    await this.take?.(part, this.count++);
  }

  async finish() {
    await this.flush();
    return sha256(join(...this.digests));
  }
}

// Content, 0x80 and zeros, in slices; also counts the content and looks at its start.
async function* padded(file, plain, look) {
  for (let at = 0; at < file.size; at += SLICE) {
    let slice;
    try {
      slice = new Uint8Array(await file.slice(at, at + SLICE).arrayBuffer());
    } catch {
      must(false, "unreadable");
    }
    // A file that grows or shrinks meanwhile would not be what its digest says.
    must(slice.length === Math.min(SLICE, file.size - at), "unreadable");
    if (at === 0) look(slice);
    await plain.add(slice);
    yield slice;
  }
  for (let left = attachmentSize(file.size) - file.size, first = true; left > 0; first = false) {
    const zeros = new Uint8Array(Math.min(left, SLICE));
    if (first) zeros[0] = 0x80;
    left -= zeros.length;
    yield zeros;
  }
}

/** The ciphertext's size for a file of so many bytes, all but the header: for progress. */
export const sealedSize = (size) => attachmentSize(size) + Math.ceil(attachmentSize(size) / CHUNK) * 16 + 1800;

/**
 * Seal a File (or Blob) named `name`. `put(part, number, id)` is awaited for each part of ciphertext.
 * Returns {ref, size, plaintextDigest}; Refusal `unreadable`.
 */
export async function sealAttachment(file, name, put) {
  const id = random(16);
  const seed = random(32);
  const sealer = await Sealer.to([recipientOf(seed)]);
  const cipher = new Parts((part, number) => put(part, number, id));
  const plain = new Parts();
  let sealed = false;
  const look = (slice) => {
    const start = String.fromCharCode(...slice.subarray(0, 40));
    sealed = AGE_STARTS.some((each) => start.startsWith(each));
  };
  await cipher.add(sealer.header);
  let held = new Uint8Array(0);
  for await (const slice of padded(file, plain, look)) {
    held = held.length ? join(held, slice) : slice;
    let at = 0;
    // The last chunk is known only when nothing follows it.
    for (; held.length - at > CHUNK; at += CHUNK) {
      await cipher.add(sealer.seal(held.subarray(at, at + CHUNK), false));
      await breathe();
    }
    held = held.slice(at);
  }
  await cipher.add(sealer.seal(held, true));
  const sum = await cipher.finish();
  const ref = { id, name, length: file.size, seed, digest: sum, sealed };
  return { ref, size: cipher.length, plaintextDigest: await plain.finish() };
}
