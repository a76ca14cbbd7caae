// SPDX-License-Identifier: EUPL-1.2
// The two lists of words, unpacked from what the build packs. They stand at the end of the bundle, where they compress a
// kilobyte better, and are handed over from there.

const PREFIX = 4;

function unpack(text) {
  let before = "";
  const backwards = Array.from(text.matchAll(/(\d)([a-z]+)/g), ([, shared, rest]) => (before = before.slice(0, shared) + rest));
  const words = backwards.map((word) => [...word].reverse().join("")).sort();
  const index = new Map(words.flatMap((word, place) => [[word, place], [word.slice(0, PREFIX), place]]));
  return { words, index };
}

/** {nl, en}: each {words, index (whole or shortened word to place)}. */
export const lists = {};

/** Take the packed lists in. */
export function loadWords(packed) {
  for (const language of ["nl", "en"]) lists[language] = unpack(packed[language]);
}
