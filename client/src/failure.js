// SPDX-License-Identifier: EUPL-1.2
// What happens when the script cannot go on: it says so and offers the door, with the same code and the typed text.
// Nothing goes to the door before the reporter presses its button.

import { $, item, say } from "./page.js";

/** What the door would be given: a function that returns [name, value] pairs, or undefined while there is nothing yet. */
let carry;
/** Whether leaving the page now would lose something typed. */
let unsaved = () => false;

export function carrying(pairs, typed = () => false) {
  carry = pairs;
  unsaved = typed;
}

addEventListener("beforeunload", (event) => {
  if (unsaved()) event.preventDefault();
});

/** Show the sentence and the way to the door, but no way to readers who may be somebody else's. */
export function offerDoor(name) {
  const wait = $("#wait");
  $("#wait-text").textContent = say(name);
  wait.classList.add("failed");
  $(".late", wait).hidden = name === "script-roster";
  wait.hidden = false;
  if (carry) $("#wait-door").onclick = toDoor;
  return wait;
}

/** Stop for good. */
export function fail(name = "script-failed") {
  const wait = offerDoor(name);
  wait.tabIndex = -1;
  wait.focus();
  const send = $("#send");
  if (send) send.disabled = true;
}

function toDoor(event) {
  event.preventDefault();
  unsaved = () => false;
  const form = document.createElement("form");
  form.method = "post";
  form.enctype = "multipart/form-data";
  form.action = `${location.pathname}?door`;
  form.hidden = true;
  for (const [name, value] of [["preview", "1"], ...carry()]) {
    const field = item("textarea", value);
    field.name = name;
    form.append(field);
  }
  document.body.append(form);
  form.submit();
}
