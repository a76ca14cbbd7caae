// SPDX-License-Identifier: EUPL-1.2
// The reporter's JSON interface (docs/protocol.md section 9), with patience: whatever is asked here may be asked twice.
// XMLHttpRequest and not fetch, which tells nothing of a body on its way.

import { Refusal, b64, equal, must, refusing, unb64 } from "./bytes.js";
import { day, fields, integer, listOf, organisationName, readJson, shape, text, boolean } from "./json.js";
import { replay } from "./log.js";
import { sleep } from "./pause.js";
import { newestOffered, parseIntakeKeys, verifyRosters } from "./roster.js";

const PAUSES = [1, 2, 4, 8, 15, 30, 30];
const FULL = 507;
const SLOWEST = 4; // bytes a millisecond: a slow day on Tor

function once(method, path, { address, body, signal, onProgress }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    request.open(method, path);
    request.responseType = "arraybuffer";
    request.timeout = 60000 + (body?.length ?? 0) / SLOWEST;
    if (address) request.setRequestHeader("Authorization", `Mailbox ${b64(address)}`);
    if (body) request.setRequestHeader("Content-Type", method === "PUT" ? "application/octet-stream" : "application/json");
    if (onProgress) request.upload.onprogress = ({ loaded }) => onProgress(loaded);
    request.onloadend = () => {
      signal?.removeEventListener("abort", stop);
      if (signal?.aborted) reject(new Refusal("stopped"));
      else resolve({ status: request.status, bytes: new Uint8Array(request.response ?? 0) });
    };
    signal?.addEventListener("abort", stop);
    // A Blob: Chromium stops the page for a third of a second over a megabyte that is handed over as bytes.
    request.send(body && new Blob([body]));
  });
}

/**
 * Ask the server; tries again, with longer and longer pauses, when the connection fails or the server stumbles.
 * Options: address, body (bytes), signal, onProgress(bytes), onRetry(seconds).
 * Gives the answer's object (null when it has none); Refusal `server-<code>`, `unreachable` or `stopped`.
 */
export async function ask(method, path, options = {}) {
  for (let attempt = 0; ; attempt++) {
    must(!options.signal?.aborted, "stopped");
    const { status, bytes } = await once(method, path, options);
    if (status === 204) return null;
    let answer = null;
    try {
      answer = readJson(bytes);
    } catch {
      // A proxy's page, or an answer cut off.
    }
    if (answer && status >= 200 && status < 300) return answer;
    const final = status === FULL || answer?.error === "not-open";
    const stumbled = status < 200 || status === 408 || (status >= 500 && !final);
    if (answer && !stumbled) {
      // A name and nothing else: it chooses the sentence that the reporter reads.
      const name = typeof answer.error === "string" && /^[a-z-]{1,32}$/.test(answer.error) ? answer.error : "other";
      throw new Refusal(`server-${name}`, answer);
    }
    must(stumbled || status < 300, "server-other");
    must(attempt < PAUSES.length, "unreachable");
    options.onRetry?.(PAUSES[attempt]);
    await sleep(PAUSES[attempt] * 1000);
  }
}

const LIMITS = { document: integer(1, 2 ** 40), attachments: integer(0, 1000), attachment: integer(1, 2 ** 40), report: integer(1, 2 ** 40) };
const anything = (value) => value;

/** Who may be written to today: {day, versions (rosters as they travel), rosters, roster (the last), keys}. */
export async function fetchKeys(organisation, options) {
  const checks = { day, organisation: organisationName, roster: anything, intake_keys: anything, limits: shape(LIMITS) };
  const raw = await ask("GET", "/api/keys", options);
  const answer = await refusing("server-other", () => fields(raw, checks));
  const { rosters, roster, intakeKeys } = await readers(answer, organisation);
  const keys = newestOffered(intakeKeys, roster, answer.day);
  return { day: answer.day, versions: answer.roster, rosters, roster, keys };
}

const MAILBOX = {
  found: boolean, day, organisation: organisationName, roster: anything, intake_keys: anything,
  log: listOf(unb64, 10000), answers: anything, pad: text(1e7),
};

/** The receipt's mailbox, verified: {found, day, rosters, roster, intakeKeys, log, answers}; Refusal `roster` or `log`. */
export async function fetchMailbox(receipt, options) {
  const raw = await ask("POST", "/api/mailbox", { ...options, address: receipt.address });
  const answer = await refusing("server-other", () => fields(raw, MAILBOX));
  must(answer.found === answer.log.length > 0, "log");
  const mailbox = { ...answer, ...(await readers(answer, receipt.organisation)) };
  if (!answer.found) return mailbox;
  const { rosters } = mailbox;
  mailbox.log = await refusing("log", () => replay(answer.log, receipt, rosters));
  must(mailbox.log.entries.length > 1 && answer.day >= mailbox.log.lastDay, "log");
  const { roster: hash, to, not_to, deputy } = mailbox.log.submitted;
  const then = rosters.find((each) => equal(each.hash, hash));
  must(then && [...to, ...not_to, ...(deputy ? [deputy] : [])].every((key) => then.member(key)), "roster");
  return mailbox;
}

const readers = (answer, organisation) =>
  refusing("roster", async () => {
    must(answer.organisation === organisation);
    const rosters = await verifyRosters(answer.roster, organisation);
    return { rosters, roster: rosters.at(-1), intakeKeys: await parseIntakeKeys(answer.intake_keys, organisation) };
  });

