// SPDX-License-Identifier: EUPL-1.2
// Where the script begins. Whatever goes wrong ends in a sentence and an offer, never in sending anything.

import { decrypt, encrypt, recipientOf } from "./age.js";
import { equal, must, random } from "./bytes.js";
import { fail } from "./failure.js";
import { mailboxPage } from "./mailbox.js";
import { padText, unpadText } from "./padding.js";
import { reportPage } from "./report.js";
import { openThing, sign, verifyKeyOf } from "./signed.js";
import { loadWords } from "./words.js";
import packed from "meldkluis:words"; // last, see words.js

const own = document.currentScript?.src;

addEventListener("error", ({ filename }) => {
  // Errors of extensions and of blocked pictures are not ours.
  if (filename && filename === own) fail();
});

function able() {
  return [globalThis.crypto?.getRandomValues, globalThis.BigInt, globalThis.TextDecoder, Blob.prototype.arrayBuffer].every(Boolean);
}

// A browser that computes wrongly must not seal a report: what was sealed and signed must come back.
async function selfTest() {
  const seed = random(32);
  const words = random(20);
  must(!equal(seed, random(32)), "self-test");
  const { raw } = sign("entry", words, { seed, verify: verifyKeyOf(seed) });
  const file = await encrypt(padText(raw), [recipientOf(seed)]);
  must(equal(openThing(unpadText(await decrypt(file, seed)), "entry").payload, words), "self-test");
}

const NAMES = { unreachable: "script-keys", roster: "script-roster", "no-key": "script-closed" };

async function start() {
  if (!able()) return fail("script-old-browser");
  const { page, organisation } = document.body.dataset;
  try {
    await selfTest();
    if (page === "melden") await reportPage(organisation);
    else mailboxPage(organisation);
  } catch ({ code = "" }) {
    fail(NAMES[code] ?? (code.startsWith("server-") ? "script-keys" : "script-failed"));
  }
}

loadWords(packed);
start();
