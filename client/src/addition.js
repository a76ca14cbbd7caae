// SPDX-License-Identifier: EUPL-1.2
// The form for a later message, on both pages.

import { $, copy, say, showProblems } from "./page.js";
import { b64, equal, must } from "./bytes.js";
import { ask, fetchMailbox } from "./api.js";
import { carrying } from "./failure.js";
import { Files, fieldProblems, readFields } from "./form.js";
import { composeAddition } from "./message.js";
import { Uploads } from "./upload.js";
import { busily, guarded } from "./trouble.js";

const AGAIN = new Set(["server-incomplete", "server-head", "server-number", "server-roster", "server-stale-keys", "server-day"]);
const TRIES = 4;

/**
 * Put the form into `place`. `state` is {receipt, code (as typed), codes (its spellings), mailbox}; `before` may fill it: {draft, chosen, uploads}.
 * When the message stands in the log, `sent(number, mailbox)` is called with the mailbox as it is then. Gives {form, kept, sender}: `kept()` is
 * a `before` with what is filled in by now.
 */
export function addition(place, state, before, sent) {
  place.replaceChildren(copy("add"));
  const form = $("#add-form", place);
  const files = new Files(form, before?.chosen);
  const uploads = before?.uploads ?? new Uploads(state.receipt.address);
  for (const name of ["text", "name", "contact"]) $(`[name="${name}"]`, form).value = before?.draft[name] ?? "";
  const fields = () => ["text", "name", "contact"].map((name) => [name, $(`[name="${name}"]`, form).value]);
  const typed = () => fields().some(([, value]) => value.trim()) || files.chosen.length > 0;
  carrying(() => [["code", state.code], ["action", "open"], ...fields()], typed);
  const sender = new Sender(state, uploads);
  const kept = () => ({ draft: readFields(form), chosen: files.chosen, uploads });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    guarded(async () => {
      const draft = readFields(form);
      const problems = fieldProblems(draft, files, state.codes);
      const empty = !typed();
      if (empty) problems.push(["text", say("error-nothing")]);
      showProblems(form, problems, problems.length ? undefined : "");
      if (problems.length) return;
      await busily(form, async (watch) => {
        const number = await sender.send(draft, files.chosen, watch);
        carrying(undefined);
        sent(number, state.mailbox);
      });
    });
  });
  return { form, kept, sender };
}

class Sender {
  constructor(state, uploads) {
    Object.assign(this, { state, uploads });
  }

  async send(draft, chosen, watch) {
    const { state } = this;
    const make = async () => {
      const attachments = await this.uploads.send(chosen, watch);
      // Unchanged words keep the very bytes that may be at the server already, whose answer was lost.
      const same = JSON.stringify([draft, attachments.map(({ ref }) => ref.digest)]);
      if (this.same !== same || !this.sealed) {
        const { log, roster, intakeKeys } = state.mailbox;
        this.sealed = await composeAddition(state.receipt, { ...draft, attachments }, log, roster, intakeKeys);
        this.same = same;
      }
      return this.sealed;
    };
    const again = (code) => {
      // What was read afresh asks for a message made anew.
      this.sealed = undefined;
      if (code === "server-incomplete") this.uploads.sent.clear();
    };
    return (await deliver(state, make, watch, again)).number;
  }
}

/** Send what `make` gives, {entry, body}, until the log says that it stands; gives the entry. `again(code)` is called before another try. */
export async function deliver(state, make, { busy, onRetry }, again) {
  for (let tries = 1; ; tries++) {
    const { entry, body } = await make();
    let code;
    try {
      await ask("POST", "/api/messages", { address: state.receipt.address, body, onRetry, onProgress: busy.final(body) });
    } catch (error) {
      ({ code } = error);
      if (tries >= TRIES || !AGAIN.has(code)) throw error;
    }
    // The log, read afresh and verified, says whether the message stands; no answer is taken for it.
    await refresh(state, { onRetry });
    const stands = state.mailbox.log.entries.find(
      ({ act, files, of }) =>
        act === entry.act &&
        (!files || equal(files.message.hash, entry.files.message.hash)) &&
        (!of || (equal(of, entry.of) && state.mailbox.log.answersTo.get(b64(of)) === act)),
    );
    again?.(code);
    if (stands) return stands;
    // Thanked for, again and again, and never there.
    must(tries < TRIES, "log");
  }
}

/** Read the mailbox again; Refusal `log` when what was seen before is not its beginning. */
export async function refresh(state, options) {
  const before = state.mailbox?.log?.entries ?? [];
  const mailbox = await fetchMailbox(state.receipt, options);
  const holds = before.every(({ hash }, index) => mailbox.found && mailbox.log.entries[index] && equal(mailbox.log.entries[index].hash, hash));
  if (!holds) throw Object.assign(new Error("log"), { code: "log" });
  state.mailbox = mailbox;
}
