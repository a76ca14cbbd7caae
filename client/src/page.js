// SPDX-License-Identifier: EUPL-1.2
// The page's elements and sentences (templates/README.md). Everything is text: no markup is ever parsed here.

export const $ = (selector, root = document) => root.querySelector(selector);
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const template = (id) => document.getElementById(id).content;

/** The sentence of the page with its slots filled. */
export function say(name, slots = {}) {
  const found = $(`[data-text="${name}"]`, template("texts"));
  return (found?.textContent ?? "").replace(/\{([\w-]+)\}/g, (whole, slot) => slots[slot] ?? whole);
}

export const knows = (name) => say(name) !== "";

/** A copy of what a template holds. */
export const copy = (id) => document.importNode(template(id), true);

/** Show only this in the script's place on the page. */
export function mount(content) {
  const app = $("#app");
  app.replaceChildren(content);
  app.hidden = false;
  $("#wait").hidden = true;
  return app;
}

/** Put text where the name stands, and show it. */
export function fill(root, name, text) {
  for (const element of all(`[data-fill="${name}"]`, root)) {
    element.textContent = text;
    element.hidden = false;
  }
}

export function fillCode(root, words) {
  for (const list of all('[data-fill="code"]', root)) list.replaceChildren(...words.map((word) => item("li", word)));
  fill(root, "code-line", words.join(" "));
}

export function item(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

/** A day in words. */
export function dayInWords(day) {
  const [year, month, number] = day.split("-").map(Number);
  return `${number} ${say("months").split(" ")[month - 1]} ${year}`;
}

/** A number of bytes in words. */
export function size(bytes) {
  const tenths = (number) => String(Math.round(number * 10) / 10).replace(".", say("decimal-mark"));
  if (bytes < 1000) return say("size-b", { n: bytes });
  return bytes < 1e6 ? say("size-kb", { n: Math.round(bytes / 1000) }) : say("size-mb", { n: tenths(bytes / 1e6) });
}

// Control characters other than tab and line end, and what turns the direction of writing around.
const HIDDEN = /[\0-\b\v-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Somebody else's words, safe to look at. */
export const clean = (text) => text.replace(HIDDEN, "");

/** Show what is wrong: `problems` are [field or "", sentence]; a heading alone when there is one. */
export function showProblems(form, problems, heading = say("error-summary")) {
  for (const element of all("p.error", form)) element.hidden = true;
  for (const control of all("[aria-invalid]", form)) control.removeAttribute("aria-invalid");
  const box = $("#errors", form);
  box.hidden = !problems.length && !heading;
  if (box.hidden) return;
  fill(box, "errors-heading", heading);
  $('[data-fill="errors"]', box).replaceChildren(...problems.map(([field, text]) => problem(form, field, text)));
  box.focus();
}

function problem(form, field, text) {
  const line = item("li", text);
  const control = field && ($(`#${field}`, form) ?? $(`[name="${field}"]`, form));
  if (!control) return line;
  const link = item("a", text);
  link.href = `#${control.id}`;
  link.addEventListener("click", (event) => {
    event.preventDefault();
    control.focus();
  });
  line.replaceChildren(link);
  const note = $(`#${field}-error`, form);
  if (note) {
    note.textContent = text;
    note.hidden = false;
    const described = new Set((control.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean).concat(note.id));
    control.setAttribute("aria-describedby", [...described].join(" "));
  }
  control.setAttribute("aria-invalid", "true");
  return line;
}

/** The bar and its sentence while a form is being sent; `stop` is called by its button. */
export class Busy {
  constructor(form) {
    Object.assign(this, { form, box: $("#busy", form), bar: $("#progress", form), text: $("#busy-text", form), at: 0 });
  }

  start(stop) {
    this.frozen = all("input, textarea, button", this.form).filter((control) => !control.disabled && control.id !== "stop");
    for (const control of this.frozen) control.disabled = true;
    this.box.hidden = false;
    const button = $("#stop", this.form);
    button.hidden = !stop;
    button.onclick = stop;
    this.bar.value = 0;
    this.say("busy-preparing");
    if (stop) button.focus();
  }

  /** From here nothing can be called back: gives the way to tell how much of `body` is sent. */
  final(body) {
    $("#stop", this.form).hidden = true;
    this.box.tabIndex = -1;
    this.box.focus();
    return (sent) => this.progress(sent, body.length, "busy-sending");
  }

  say(name, slots) {
    this.text.textContent = say(name, slots);
    this.at = performance.now();
  }

  progress(done, total, name, slots) {
    this.bar.value = Math.min(1, done / total);
    // Not more than a sentence in three seconds: a screen reader says each of them.
    if (performance.now() - this.at > 3000 || done >= total) this.say(name, { done: size(done), total: size(total), ...slots });
  }

  stop() {
    for (const control of this.frozen ?? []) control.disabled = false;
    this.box.hidden = true;
  }
}
