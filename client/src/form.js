// SPDX-License-Identifier: EUPL-1.2
// What both forms share: the list of files, reading the fields, and what is wrong with them.

import { $, copy, fill, say, size } from "./page.js";
import { excess, lines } from "./message.js";
import { betrays } from "./receipt.js";

const SHORT = 4000;
const NAME = 1000;
const letters = (text) => [...text].length;

const limit = (name) => Number(document.body.dataset[`limit${name}`]);

/** The files that were chosen, in a list from which each can be taken away. */
export class Files {
  constructor(form, chosen = []) {
    this.list = $("#files", form);
    this.chosen = [];
    const input = $("#file", form);
    input.addEventListener("change", () => {
      this.add([...input.files]);
      input.value = "";
    });
    this.input = input;
    this.add(chosen);
  }

  add(files) {
    for (const file of files) {
      this.chosen.push(file);
      const line = copy("file-item").firstElementChild;
      fill(line, "name", file.name);
      fill(line, "size", size(file.size));
      const button = $("[data-act=remove]", line);
      button.setAttribute("aria-label", `${button.textContent} ${file.name}`);
      button.addEventListener("click", () => {
        this.chosen.splice(this.chosen.indexOf(file), 1);
        line.remove();
        this.input.focus();
      });
      this.list.append(line);
    }
  }

  problems(codes) {
    const found = this.chosen.flatMap((file) => {
      const slots = { file: file.name, limit: size(limit("Attachment")) };
      return [
        file.size === 0 && say("error-file-empty", slots),
        file.size > limit("Attachment") && say("error-file-large", slots),
        letters(file.name) > NAME && say("error-file-name", { ...slots, limit: NAME }),
        betrays(file.name, codes) && say("error-code-in-file", slots),
      ];
    });
    const most = limit("Attachments");
    const total = this.chosen.reduce((sum, file) => sum + file.size, 0);
    found.push(this.chosen.length > most && say("error-files-many", { n: this.chosen.length, limit: most }));
    found.push(total > limit("Report") && say("error-files-total", { limit: size(limit("Report")) }));
    return found.filter(Boolean).map((text) => ["file", text]);
  }
}

/** What stands in the form's fields; attachments come later. */
export function readFields(form) {
  const value = (name) => lines($(`[name="${name}"]`, form)?.value ?? "");
  return {
    kind: $("[name=kind]:checked", form)?.value,
    about: value("about"),
    text: value("text"),
    name: value("name"),
    contact: value("contact"),
    language: document.documentElement.lang,
    attachments: [],
  };
}

/** What is wrong with the fields and files, as [field, sentence]. */
export function fieldProblems(draft, files, codes) {
  const found = [];
  for (const field of ["about", "text", "name", "contact"]) {
    if (field !== "text" && letters(draft[field]) > SHORT) found.push([field, say(`error-${field}-long`, { n: SHORT })]);
    if (betrays(draft[field], codes)) found.push([field, say(`error-code-in-${field}`)]);
  }
  // Room for the attachments' lines in the document.
  const names = files.chosen.reduce((sum, { name }) => sum + 250 + 3 * name.length, 0);
  const over = excess(draft, names);
  if (over) found.push(["text", say("error-text-long", { n: over })]);
  return [...found, ...files.problems(codes)];
}
