// SPDX-License-Identifier: EUPL-1.2
// The page /bericht: open the mailbox with the code, read what officers wrote, send more. Nothing is remembered.

import { $, clean, copy, dayInWords, fill, item, mount, say, showProblems, size } from "./page.js";
import { addition, refresh } from "./addition.js";
import { unb64 } from "./bytes.js";
import { carrying } from "./failure.js";
import { ANSWERS } from "./log.js";
import { openAnswer } from "./message.js";
import { derive, parse, spellings } from "./receipt.js";
import { guarded, sentence } from "./trouble.js";

/** Start the page. */
export function mailboxPage(organisation) {
  mount(copy("open"));
  const form = $("#open-form");
  const field = $("[name=code]", form);
  carrying(() => [["code", field.value], ["action", "open"]]);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    guarded(() => open(form, field.value, organisation));
  });
}

async function open(form, code, organisation) {
  const button = $("#open-button", form);
  button.disabled = true;
  try {
    const entropy = parse(code);
    const state = { receipt: derive(entropy, organisation), code, codes: spellings(entropy) };
    await refresh(state);
    if (!state.mailbox.found) return showProblems(form, [["code", say("code-unknown")]]);
    await show(state);
  } catch (error) {
    const text = sentence(error.code === "roster" ? { code: "alarm-roster" } : error);
    showProblems(form, error.code?.startsWith("code-") ? [["code", text]] : [], error.code?.startsWith("code-") ? undefined : text);
  } finally {
    button.disabled = false;
  }
}

async function show(state, number) {
  const timeline = await read(state);
  const app = mount(copy("mailbox"));
  const root = $("[data-mailbox]", app);
  $("#timeline", root).replaceChildren(...timeline.lines);
  const unopened = state.mailbox.log.caseKey ? "" : ` ${say("act-unopened")}`;
  fill(root, "summary", timeline.news ? say("mailbox-news") : say("mailbox-empty") + unopened);
  fill(root, "today", say("mailbox-today", { day: dayInWords(state.mailbox.day) }));
  $("#outside", root).hidden = !timeline.lapsed && !timeline.alarms.length;
  if (timeline.alarms.length) alarm(root, timeline.alarms);
  if (number) {
    root.prepend(copy("added"));
    fill(root, "added", say("added", { number }));
  }
  addition($("#add-place", root), state, undefined, (sent) => guarded(() => show(state, sent)));
  $("h2", root).focus();
}

function alarm(root, sentences) {
  const box = $("#alarm", root);
  fill(box, "alarm-heading", say("alarm-heading"));
  $('[data-fill="alarms"]', box).replaceChildren(...sentences.map((text) => item("li", text)));
  box.hidden = false;
}

function line(when, what, more = [], body = undefined) {
  const element = copy("entry").firstElementChild;
  fill(element, "when", when);
  fill(element, "what", what);
  const place = $('[data-fill="more"]', element);
  for (const text of more) {
    const another = place.cloneNode();
    another.textContent = text;
    another.hidden = false;
    place.before(another);
  }
  if (body !== undefined) fill(element, "body", clean(body));
  return element;
}

// The log in words; own entries stand on the day on which they were received.
async function read(state) {
  const { log, answers, rosters, day } = state.mailbox;
  const result = { lines: [], alarms: [], news: false, lapsed: false };
  const officer = (key) => {
    const member = rosters.map((roster) => roster.member(key)).filter(Boolean).at(-1);
    return member ? clean(`${member.name}, ${member.function}`) : "?";
  };
  for (const [place, entry] of log.entries.entries()) {
    const next = log.entries[place + 1];
    const when = entry.day ?? next?.day;
    const written = when ? dayInWords(when) : "";
    if (entry.act === "received") continue;
    if (entry.act === "submitted" || entry.act === "message") {
      result.news = false;
      result.lines.push(line(written, own(entry), ownMore(entry, next)));
      continue;
    }
    const name = officer(entry.act === "handed-over" ? entry.deputy : entry.author);
    const slots = { day: written, officer: name, added: entry.officer && officer(entry.officer) };
    let body;
    if (entry.act in ANSWERS) {
      body = await answer(state, entry, answers, written, result.alarms);
      result.news ||= body !== undefined;
    }
    result.lines.push(line(written, say(`act-${entry.act}`, slots), [], body));
  }
  pending(log, day, result);
  return result;
}

const sum = (items) => items.reduce((total, { size: bytes }) => total + bytes, 0);

function own(entry) {
  const bytes = size(sum(Object.values(entry.files)));
  return entry.act === "submitted" ? say("act-submitted") : say("act-message", { number: entry.number, size: bytes });
}

function ownMore({ attachments }, received) {
  const more = [];
  if (received) more.push(say("act-received"));
  if (attachments.length) more.push(say("act-attachments", { n: attachments.length, size: size(sum(attachments)) }));
  const dues = received?.dues;
  if (dues) more.push(say("act-dues", { acknowledgement: dayInWords(dues.acknowledgement), feedback: dayInWords(dues.feedback) }));
  return more;
}

async function answer({ receipt }, entry, answers, day, alarms) {
  const file = answers?.[entry.entry];
  if (file === undefined) {
    alarms.push(say("alarm-answer-missing", { day }));
    return undefined;
  }
  try {
    return await openAnswer(unb64(file), entry, receipt);
  } catch {
    alarms.push(say("alarm-answer", { day }));
    return undefined;
  }
}

// Terms that went by without the act that they are for.
function pending(log, today, result) {
  const { dues } = log.entries[1];
  const done = (act) => log.entries.some((entry) => entry.act === act);
  for (const [term, act] of [["acknowledgement", "acknowledged"], ["feedback", "feedback"]]) {
    if (done(act) || done("feedback") || today <= dues[term]) continue;
    result.lapsed = true;
    result.lines.push(line("", say(`act-lapsed-${term}`, { day: dayInWords(dues[term]) })));
  }
}
