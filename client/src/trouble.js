// SPDX-License-Identifier: EUPL-1.2
// Failures in words.

import { $, Busy, knows, say, showProblems } from "./page.js";
import { fail, offerDoor } from "./failure.js";

const NAMES = {
  unreachable: "server-unreachable",
  stopped: "busy-stopped",
  unreadable: "error-file-unreadable",
  "no-key": "script-closed",
  roster: "script-roster",
  log: "alarm-log",
  receipt: "receipt-false",
  "server-unknown": "code-unknown",
};

/** The sentence for a Refusal; anything else is a fault of ours and goes on. */
export function sentence(error) {
  const { code, details } = error;
  if (!code) throw error;
  const name = NAMES[code] ?? code;
  if (code === "unreachable") offerDoor(name);
  if (knows(name)) return say(name, details);
  if (code.startsWith("server-")) return say("server-other");
  throw error;
}

/** Send something of the form's, its bar and its button to stop beside it; what goes wrong is said there. */
export async function busily(form, send) {
  const busy = new Busy(form);
  const abort = new AbortController();
  busy.start(() => abort.abort());
  try {
    await send({ busy, signal: abort.signal, onRetry: (seconds) => busy.say("busy-retry", { seconds }) });
  } catch (error) {
    busy.stop();
    showProblems(form, [], sentence(error));
    if (error.code === "unreachable") $("#send", form).textContent = say("button-again");
  }
}

/** Run what a button started. What nobody met ends in the failure notice. */
export function guarded(run) {
  run().catch(() => fail());
}
