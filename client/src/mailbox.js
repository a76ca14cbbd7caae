// SPDX-License-Identifier: EUPL-1.2
// The page /bericht: open the mailbox with the code, read what officers wrote, send more. Nothing is remembered.

import { $, all, clean, copy, dayInWords, fill, item, mount, say, showProblems, size } from "./page.js";
import { addition, deliver, refresh } from "./addition.js";
import { b64, equal, unb64 } from "./bytes.js";
import { carrying } from "./failure.js";
import { readFields } from "./form.js";
import { ANSWERS, dues, isMessage } from "./log.js";
import { composeAct, openAnswer } from "./message.js";
import { derive, parse, spellings } from "./receipt.js";
import { busily, guarded, sentence } from "./trouble.js";

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

// `news` is what was just sent, in a sentence; `before` what the form held.
async function show(state, news, before) {
  const { log, day } = state.mailbox;
  const timeline = await read(state);
  const now = standing(log, day, timeline.officer);
  const app = mount(copy("mailbox"));
  const root = $("[data-mailbox]", app);
  $("#timeline", root).replaceChildren(...timeline.lines);
  $("#now", root).replaceChildren(...now.map(([name, slots]) => fact(name, say(name, inWords(slots)))));
  fill(root, "summary", say(timeline.news ? "mailbox-news" : "mailbox-empty"));
  fill(root, "today", say("mailbox-today", { day: dayInWords(day) }));
  $("#outside", root).hidden = ![...now.map(([name]) => name), ...log.entries.map(({ act }) => act)].some(isLapse) && !timeline.alarms.length;
  if (timeline.alarms.length) alarm(root, timeline.alarms);
  if (news) {
    root.prepend(copy("added"));
    fill(root, "added", news);
  }
  const over = log.destroyed.size > 0;
  $("#add-box", root).hidden = over;
  if (over) {
    carrying(undefined);
    for (const each of all("#timeline form, #timeline button", root)) each.remove();
  } else {
    const parts = addition($("#add-place", root), state, before, (number) => guarded(() => show(state, say("added", { number }))));
    $("#object", root).hidden = !log.mayObject;
    for (const button of all("#object button, #timeline button", root)) press(button, state, parts);
  }
  $("h2", root).focus();
}

// A button beside the addition's form: an act by its name, or the moment that was chosen as an addition.
function press(button, state, { form, kept, sender }) {
  const { form: choice, name: act, value: of } = button;
  button.addEventListener("click", () => {
    const chosen = choice && $(":checked", choice);
    if (choice) $(".error", choice).hidden = !!chosen;
    if (choice && !chosen) return;
    button.disabled = true;
    guarded(async () => {
      await busily(form, async (watch) => {
        const number = await (choice
          ? sender.send({ ...readFields(form), text: chosen.value, name: "", contact: "" }, [], watch)
          : deliver(state, () => composeAct(state.receipt, state.mailbox.log, of ? { act, of } : { act }), watch));
        await show(state, say(choice ? "added" : act, { number }), kept());
      });
      button.disabled = false;
    });
  });
}

function alarm(root, sentences) {
  const box = $("#alarm", root);
  fill(box, "alarm-heading", say("alarm-heading"));
  $('[data-fill="alarms"]', box).replaceChildren(...sentences.map((text) => item("li", text)));
  box.hidden = false;
}

const isLapse = (name) => /lapsed/.test(name);

function fact(name, text) {
  const element = item("li", text);
  if (isLapse(name)) element.className = "danger";
  return element;
}

// Slots of a sentence, days in words.
const inWords = (slots) =>
  Object.fromEntries(Object.entries(slots).map(([name, value]) => [name, /^\d{4}-\d\d-\d\d$/.test(value) ? dayInWords(value) : value]));

// Where the case stands, as names of sentences with their slots; intake/casefile.py says the same at the door.
function standing(log, today, officer) {
  const { closed, ends, feedback, held, lapses, since, acknowledged: acknowledgement, received: day } = log;
  const told = [["now-received", { day }]];
  const first = (act) => log.entries.find((entry) => entry.act === act);
  const tell = (condition, name, slots = condition) => condition && told.push([name, slots]);
  const person = first("acknowledged");
  const until = dues(log);
  tell(!log.caseKey, "act-unopened");
  tell(acknowledgement, `now-acknowledged${person ? "" : "-auto"}`, person ?? { day: acknowledgement });
  tell(feedback, "now-feedback", { day: feedback });
  for (const [term, done, enough] of [["acknowledgement", acknowledgement, person], ["feedback", feedback, feedback]]) {
    const lapse = lapses.get(`${since + term}nominal`) ?? lapses.get(`${since + term}internal`);
    if (lapse) tell(!enough, `act-lapsed-${term}-${lapse.end}`, lapse);
    // A server that keeps a lapse back is seen by the day.
    else tell(log.runs && !closed && !done && !feedback, today > until[term] ? `act-lapsed-${term}` : `now-${term}-due`, { day: until[term] });
  }
  tell(!log.runs, "now-stopped");
  tell(log.runs && since > day, "now-since", { since });
  const over = first("handed-over");
  tell(over, "now-handed-over", over && { day: over.day, officer: officer(over.deputy) });
  if (log.destroyed.size) tell(true, "now-destroyed");
  else {
    tell(closed, "now-closed");
    tell(ends, "act-destruction-announced", { on: ends });
    tell(held && today <= held.until, "now-held", held);
  }
  tell(first("identity-destroyed"), "now-identity-destroyed");
  return told;
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
  const { log, answers, rosters } = state.mailbox;
  const officer = (key) => {
    const member = rosters.map((roster) => roster.member(key)).filter(Boolean).at(-1);
    return member ? clean(`${member.name}, ${member.function}`) : "?";
  };
  const result = { lines: [], alarms: [], news: false, officer };
  for (const [place, entry] of log.entries.entries()) {
    const next = log.entries[place + 1];
    const { act } = entry;
    if (act === "received") continue;
    if (isMessage(entry)) {
      result.news = false;
      result.lines.push(line(next ? dayInWords(next.day) : "", own(entry, log), ownMore(entry, next)));
      continue;
    }
    const when = entry.day ? dayInWords(entry.day) : "";
    const slots = { ...inWords(entry), officer: officer(entry.deputy ?? entry.author), added: entry.officer && officer(entry.officer) };
    let document;
    if (act in ANSWERS) {
      document = await answer(state, entry, answers, when, result.alarms);
      result.news ||= document !== undefined;
    }
    const name = act === "lapsed" ? `act-lapsed-${entry.term}-${entry.end}` : `act-${act}`;
    const element = line(when, say(name, slots), [], document?.text);
    if (act === "asked" && document) ask($("blockquote", element), document, b64(entry.hash), log);
    result.lines.push(element);
  }
  return result;
}

// What was asked, around the officer's words: its heading, and how to answer.
function ask(quote, { kind, slots = [] }, of, { answersTo }) {
  const box = copy(`asked-${kind}`);
  const reply = answersTo.get(of);
  quote.before($("h3", box));
  fill(box, "state", say(`asked-${kind}-${reply}`));
  for (const button of all("button", box)) {
    button.value = of;
    button.hidden = button.name === reply;
  }
  const none = $("label", box);
  for (const text of slots) {
    const label = none.cloneNode(true);
    fill(label, "slot", clean(text));
    $("input", label).value = say("slot-chosen", { slot: clean(text) });
    none.before(label);
  }
  quote.after(box);
}

const sum = (items) => items.reduce((total, { size: bytes }) => total + bytes, 0);
function own({ act, number, of, files = {} }, log) {
  const asked = of && dayInWords(log.entries.find(({ hash }) => equal(hash, of)).day);
  return say(`act-${act}`, { number, asked, size: size(sum(Object.values(files))) });
}

function ownMore({ attachments = [] }, received) {
  const more = [];
  if (received) more.push(say("act-received"));
  if (attachments.length) more.push(say("act-attachments", { n: attachments.length, size: size(sum(attachments)) }));
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
