// SPDX-License-Identifier: EUPL-1.2
// SHA-2's round constants: the first 64 bits behind the point of the cube roots of the first 80 primes (FIPS 180-4, 4.2.3).
// Stand in for the numbers in @noble/hashes/sha2.js, of which they save a kilobyte; the build compares them first.

export function cubeRoots() {
  const primes = [];
  for (let number = 2n; primes.length < 80; number++) if (primes.every((prime) => number % prime)) primes.push(number);
  return primes.map((prime) => {
    let root = 0n;
    for (let bit = 1n << 66n; bit; bit >>= 1n) if ((root | bit) ** 3n <= prime << 192n) root |= bit;
    return BigInt.asUintN(64, root);
  });
}
