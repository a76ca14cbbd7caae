// SPDX-License-Identifier: EUPL-1.2
// The page /melden: form, sending, receipt. The code is made once, shown before sending, and is the same ever after.

import { $, all, clean, copy, dayInWords, fill, fillCode, item, mount, say, showProblems } from "./page.js";
import { addition, refresh } from "./addition.js";
import { ask, fetchKeys } from "./api.js";
import { b64, equal, must, random, refusing, unb64 } from "./bytes.js";
import { readBundle, sendBundle } from "./bundle.js";
import { carrying } from "./failure.js";
import { Files, fieldProblems, readFields } from "./form.js";
import { dues } from "./log.js";
import { addressees, composeReport, tagOf } from "./message.js";
import { armor, checkReceived } from "./proof.js";
import { derive, encode, spellings } from "./receipt.js";
import { busily, guarded } from "./trouble.js";
import { Uploads } from "./upload.js";

const FRESH = new Set(["server-stale-keys", "server-roster", "server-day"]);
const TRIES = 4;

/** Start the page. */
export async function reportPage(organisation) {
  const onRetry = (seconds) => ($("#wait-text").textContent = say("busy-retry", { seconds }));
  const keys = await fetchKeys(organisation, { onRetry });
  // A page that names somebody else than the signed roster was tampered with.
  must(all("[name=to]", copy("form")).every(({ value }) => keys.roster.ids.has(value)), "roster");
  must(keys.keys.size, "no-key");
  const entropy = random(16);
  const words = encode(entropy, document.documentElement.lang);
  const receipt = derive(entropy, organisation);
  new ReportForm(organisation, keys, receipt, words, spellings(entropy)).show();
}

class ReportForm {
  constructor(organisation, keys, receipt, words, codes) {
    Object.assign(this, { organisation, keys, receipt, words, codes, uploads: new Uploads(receipt.address) });
  }

  show() {
    mount(copy("form"));
    this.form = $("#report-form");
    fillCode(this.form, this.words);
    this.#offer();
    this.files = new Files(this.form);
    carrying(() => this.#pairs(), () => this.#typed());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      guarded(() => this.#submit());
    });
  }

  #pairs() {
    const names = ["about", "text", "name", "contact"];
    const value = (name) => $(`[name="${name}"]`, this.form).value;
    const kind = $("[name=kind]:checked", this.form);
    const to = all("[name=to]:checked", this.form).map((box) => ["to", box.value]);
    const code = ["code", this.words.join(" ")];
    return [code, ...(kind ? [["kind", kind.value]] : []), ...to, ...names.map((name) => [name, value(name)])];
  }

  #typed() {
    return Boolean(this.form.isConnected && ($("[name=text]", this.form).value.trim() || this.files.chosen.length));
  }

  // One box for each member of the verified roster who offers a key today, under the roster's name. Who offers none is
  // named too: a server that keeps a key back leaves somebody out.
  #offer() {
    const { roster, keys } = this.keys;
    const boxes = all("[name=to]", this.form);
    for (const box of boxes) if (!keys.has(box.value)) box.closest("label").remove();
    for (const line of all("[data-absent]", this.form)) line.remove();
    for (const { key, name, function: task, role } of roster.members) {
      const id = b64(key);
      if (!keys.has(id)) {
        const line = item("p", say("to-absent", { who: clean(name), function: clean(task) }));
        line.className = "hint";
        line.dataset.absent = "";
        $("[data-field=to]", this.form).insertBefore(line, $("#to-error", this.form));
        continue;
      }
      const known = boxes.find(({ value }) => value === id);
      const label = known?.closest("label") ?? this.#another(boxes[0].closest("label"), id, role);
      const words = $("span", label);
      words.firstChild.data = clean(name);
      if (!known || role === "officer") $("small", words).textContent = clean(task);
    }
  }

  #another(like, id, role) {
    const label = like.cloneNode(true);
    const box = $("input", label);
    Object.assign(box, { id: "", value: id, checked: true });
    box.dataset.role = role;
    $("[data-field=to]", this.form).insertBefore(label, $("#to-error", this.form));
    return label;
  }

  #draft() {
    const draft = readFields(this.form);
    draft.to = new Set(all("[name=to]:checked", this.form).map(({ value }) => value));
    return draft;
  }

  #problems(draft) {
    const problems = fieldProblems(draft, this.files, this.codes);
    if (!draft.text.trim()) problems.push(["text", say("error-text-missing")]);
    if (!draft.to.size) problems.push(["to", say("error-nobody")]);
    if (!draft.kind) problems.push(["kind", say("error-kind")]);
    $("#outside", this.form).hidden = draft.to.size > 0;
    return problems;
  }

  async #submit() {
    const draft = this.#draft();
    const bundle = $("[name=bundle]", this.form)?.files[0];
    if (bundle) return this.#submitBundle(bundle, draft);
    const problems = this.#problems(draft);
    showProblems(this.form, problems, problems.length ? undefined : "");
    if (!problems.length) await busily(this.form, (watch) => this.#send(draft, watch));
  }

  async #send(draft, watch) {
    const { receipt } = this;
    for (let tries = 1; ; tries++) {
      draft.attachments = await this.uploads.send(this.files.chosen, watch);
      const tag = b64(tagOf(receipt, draft, addressees(this.keys.roster, draft)));
      // The same report again is the very same bytes: the first answer may only have been lost.
      if (this.tag !== tag || !this.sealed) {
        this.sealed = await composeReport(receipt, draft, this.keys.roster, this.keys.keys);
        this.tag = tag;
      }
      const { body } = this.sealed;
      const onProgress = watch.busy.final(body);
      try {
        const answer = await ask("POST", "/api/reports", { address: receipt.address, body, onRetry: watch.onRetry, onProgress });
        return await this.#received(answer, this.sealed.entry);
      } catch (error) {
        if (error.code === "server-other-text") return this.#conflict(draft, watch);
        if (tries >= TRIES) throw error;
        if (error.code === "server-incomplete") this.uploads.sent.clear();
        else if (FRESH.has(error.code)) await this.#refreshKeys(error, watch);
        else throw error;
        this.sealed = undefined;
      }
    }
  }

  // New keys are used at once; other readers only when the reporter has seen them.
  async #refreshKeys(error, { onRetry }) {
    const before = this.keys;
    this.keys = await fetchKeys(this.organisation, { onRetry });
    const reachable = ({ keys }) => [...keys.keys()].sort().join();
    if (reachable(before) === reachable(this.keys)) return;
    this.#offer();
    throw Object.assign(error, { code: "server-roster" });
  }

  async #received(answer, entry) {
    const proven = await this.#prove(answer, entry);
    const again = !equal(proven.received.of, entry.hash);
    if (again) {
      // Sent before from another page or with other keys: the log itself must say that it is this report.
      const state = { receipt: this.receipt };
      await refresh(state);
      const [first, second] = state.mailbox.log?.entries ?? [];
      must(second && equal(first.tag, entry.tag) && equal(second.hash, proven.received.hash), "log");
    }
    this.#receipt(proven, answer, again, entry.case);
  }

  async #prove(answer, entry) {
    const check = () => checkReceived(answer, entry, this.keys.rosters);
    try {
      return check();
    } catch {
      // The roster may have changed while the report was on its way.
      this.keys = await fetchKeys(this.organisation);
      return refusing("receipt", check);
    }
  }

  #receipt({ received }, answer, again, own = true) {
    carrying(undefined);
    const app = mount(copy("receipt"));
    const root = $("[data-receipt]", app);
    if (own) fillCode(root, this.words);
    else $(".codebox", root).hidden = true;
    if (again) fill(root, "again", say("receipt-sent-again"));
    fill(root, "day", dayInWords(received.day));
    const { day } = received;
    const until = dues({ since: day, received: day, promised: received.dues });
    for (const [name, each] of Object.entries(until)) fill(root, name, dayInWords(each));
    fill(root, "strength", say(own ? "strength-browser" : "strength-offline"));
    const proof = armor(unb64(answer.proof), this.keys.versions);
    $('[data-fill="proof"]', root).value = proof;
    $('[data-fill="proof-link"]', root).href = URL.createObjectURL(new Blob([proof], { type: "text/plain" }));
    for (const outer of all("main > h1, main > p")) outer.hidden = true;
    $("h1", root).focus();
  }

  // Another report stands under this code. The new words are kept, and ready to go to the same case.
  async #conflict(draft, { onRetry }) {
    const state = { receipt: this.receipt, code: this.words.join(" "), codes: this.codes };
    await refresh(state, { onRetry });
    must(state.mailbox.found, "log");
    const app = mount(copy("conflict"));
    fill(app, "text", say("server-other-text"));
    const place = app.appendChild(document.createElement("div"));
    const text = [draft.about, draft.text].filter(Boolean).join("\n\n");
    const before = { draft: { ...draft, text }, chosen: this.files.chosen, uploads: this.uploads };
    addition(place, state, before, (number) => {
      mount(copy("added"));
      fill(app, "added", say("added", { number }));
      $("h2", app).focus();
    });
    $("[name=text]", place).focus();
  }

  async #submitBundle(file, draft) {
    const typed = [draft.about, draft.text, draft.name, draft.contact].some((text) => text.trim()) || this.files.chosen.length;
    if (typed) return showProblems(this.form, [["bundle", say("error-bundle-text")]]);
    let bundle;
    try {
      bundle = await readBundle(file);
      must(bundle.entry.organisation === this.organisation, "bundle-other");
    } catch (error) {
      const name = error.code === "bundle-other" ? "error-bundle-other" : "error-bundle";
      return showProblems(this.form, [["bundle", say(name)]]);
    }
    showProblems(this.form, [], "");
    await busily(this.form, async (watch) => {
      const answer = await sendBundle(bundle, file, watch);
      const proven = await this.#prove(answer, bundle.entry);
      // Nobody here has its code, so only the commitment can say that another sending was of the same words.
      must(equal(proven.received.commitment, bundle.entry.commitment), "receipt");
      this.#receipt(proven, answer, !equal(proven.received.of, bundle.entry.hash), false);
    });
  }
}
