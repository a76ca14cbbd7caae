// SPDX-License-Identifier: EUPL-1.2
// MLKEM768-X25519 (X-Wing, draft-connolly-cfrg-xwing-kem) over noble's ML-KEM and X25519.
// Stands in for @noble/post-quantum/hybrid.js in the bundle, which would bring two NIST curves along.

import { x25519 } from "@noble/curves/ed25519.js";
import { sha3_256, shake256 } from "@noble/hashes/sha3.js";
import { concatBytes, randomBytes } from "@noble/hashes/utils.js";
import { ml_kem768 } from "@noble/post-quantum/ml-kem.js";

const LABEL = Uint8Array.of(0x5c, 0x2e, 0x2f, 0x2f, 0x5e, 0x5c);
const ML_CIPHERTEXT = 1088;
const ML_KEY = 1184;

function expand(seed) {
  const expanded = shake256(seed, { dkLen: 96 });
  const scalar = expanded.subarray(64);
  return { ml: ml_kem768.keygen(expanded.subarray(0, 64)), scalar, point: x25519.getPublicKey(scalar) };
}

const combine = (ml, x, share, point) => sha3_256(concatBytes(ml, x, share, point, LABEL));

export const MLKEM768X25519 = {
  getPublicKey(seed) {
    const { ml, point } = expand(seed);
    return concatBytes(ml.publicKey, point);
  },
  encapsulate(key) {
    const point = key.subarray(ML_KEY);
    const scalar = randomBytes(32);
    const share = x25519.getPublicKey(scalar);
    const inner = ml_kem768.encapsulate(key.subarray(0, ML_KEY));
    const sharedSecret = combine(inner.sharedSecret, x25519.getSharedSecret(scalar, point), share, point);
    return { cipherText: concatBytes(inner.cipherText, share), sharedSecret };
  },
  decapsulate(ciphertext, seed) {
    const { ml, scalar, point } = expand(seed);
    const share = ciphertext.subarray(ML_CIPHERTEXT);
    const inner = ml_kem768.decapsulate(ciphertext.subarray(0, ML_CIPHERTEXT), ml.secretKey);
    return combine(inner, x25519.getSharedSecret(scalar, share), share, point);
  },
};

// Imported by typage's classes for hardware tags, which the bundle drops.
export const MLKEM768P256 = undefined;
