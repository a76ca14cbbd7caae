// SPDX-License-Identifier: EUPL-1.2
// Runs typage (npm age-encryption), the other implementation of the same files, for test_typage.py.
// Arguments: the path of node_modules. Input: a JSON list of requests; output: a JSON list of answers.
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const age = await import(pathToFileURL(join(process.argv[2], "age-encryption", "dist", "index.js")).href);

const toBytes = (text) => new Uint8Array(Buffer.from(text, "base64"));
const toText = (bytes) => Buffer.from(bytes).toString("base64");

async function answer(request) {
  if (request.act === "key") {
    const identity = await age.generateHybridIdentity();
    return { identity, recipient: await age.identityToRecipient(identity) };
  }
  if (request.act === "classical") {
    const identity = await age.generateX25519Identity();
    return { identity, recipient: await age.identityToRecipient(identity) };
  }
  if (request.act === "recipient") return { recipient: await age.identityToRecipient(request.identity) };
  if (request.act === "encrypt") {
    const encrypter = new age.Encrypter();
    for (const recipient of request.recipients) encrypter.addRecipient(recipient);
    const file = await encrypter.encrypt(toBytes(request.data));
    return { data: toText(request.armored ? Buffer.from(age.armor.encode(file)) : file) };
  }
  const decrypter = new age.Decrypter();
  for (const identity of request.identities) decrypter.addIdentity(identity);
  const file = toBytes(request.data);
  const binary = request.armored ? age.armor.decode(Buffer.from(file).toString("latin1")) : file;
  return { data: toText(await decrypter.decrypt(binary)) };
}

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const answers = [];
for (const request of JSON.parse(Buffer.concat(chunks).toString("utf8"))) {
  try {
    answers.push(await answer(request));
  } catch (error) {
    answers.push({ error: String(error) });
  }
}
process.stdout.write(JSON.stringify(answers));
