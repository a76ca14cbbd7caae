// SPDX-License-Identifier: EUPL-1.2
// The server's word that it received a report (docs/protocol.md sections 8 and 11).

import { base64, equal, must, unb64 } from "./bytes.js";
import { binary, day, fields, organisationName, readJson, shape } from "./json.js";
import { lawful, parseEntry } from "./log.js";
import { plain } from "./plain.js";
import { openThing } from "./signed.js";

const DUES = shape({ acknowledgement: day, feedback: day });
const PROOF = { organisation: organisationName, roster: binary(32), case: binary(16), commitment: binary(32), day, dues: DUES };

/** The entry `received` {received}, when it and the proof are of this report; Refusal `receipt` otherwise. */
export function checkReceived(answer, submitted, rosters) {
  const { received: raw, proof: thing } = fields(answer, { received: unb64, proof: unb64 });
  const received = parseEntry(raw);
  const proof = openThing(thing, "proof");
  const told = fields(readJson(proof.payload), PROOF);
  must(received.act === "received" && received.entry === 1 && lawful(received), "receipt");
  must(rosters.some(({ server }) => equal(server, received.author)), "receipt");
  must(equal(received.case, submitted.case) && equal(received.head, received.of), "receipt");
  must(rosters.some(({ hash, server: key }) => equal(hash, told.roster) && equal(key, proof.key)), "receipt");
  must(told.organisation === submitted.organisation && equal(told.case, submitted.case), "receipt");
  must(told.day === received.day && JSON.stringify(told.dues) === JSON.stringify(received.dues), "receipt");
  must(received.commitment && equal(told.commitment, received.commitment), "receipt");
  if (equal(received.of, submitted.hash)) must(equal(received.commitment, submitted.commitment), "receipt");
  return { received };
}

/** The proof as text for keeping. `versions` are the rosters as they travel. */
export function armor(proof, versions) {
  const written = base64(plain({ proof, roster: versions }));
  return ["-----BEGIN MELDKLUIS PROOF-----", ...written.match(/.{1,64}/g), "-----END MELDKLUIS PROOF-----", ""].join("\n");
}
