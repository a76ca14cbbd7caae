// SPDX-License-Identifier: EUPL-1.2
// Everything but the pages, as tests under Node import it.

export * as age from "./age.js";
export * as attachment from "./attachment.js";
export * as base from "./base.js";
export * as bytes from "./bytes.js";
export * as digest from "./digest.js";
export * as json from "./json.js";
export * as log from "./log.js";
export * as message from "./message.js";
export * as padding from "./padding.js";
export * as plain from "./plain.js";
export * as proof from "./proof.js";
export * as receipt from "./receipt.js";
export * as roster from "./roster.js";
export * as signed from "./signed.js";
import packed from "meldkluis:words";

import { loadWords } from "./words.js";

loadWords(packed);
