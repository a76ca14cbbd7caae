// SPDX-License-Identifier: EUPL-1.2
// The browser's code on tests/vectors/shared.json: what Python makes is read alike, what Python refuses is refused.
// Run by tests/client/test_client.py, which builds the code as the bundle is built and names it in MELDKLUIS_CORE.

import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { describe, it } from "node:test";
import { inflateSync } from "node:zlib";

// Node 18, Debian 12's, has it under another name.
globalThis.crypto ??= webcrypto;
const { age, attachment, base, bytes, digest, json, log, message, padding, proof, receipt, roster, signed, plain: writing } = await import(process.env.MELDKLUIS_CORE);
const vectors = JSON.parse(readFileSync(new URL("../vectors/shared.json", import.meta.url)));
const { b64, unb64, equal } = bytes;
const { bech32 } = base;
const plain = (text) => new Uint8Array(Buffer.from(text, "base64"));
const refusal = (code) => (error) => error instanceof bytes.Refusal && (code === undefined || error.code === code);

describe("receipt codes", () => {
  const { organisation, good, bad } = vectors.receipt;
  for (const [index, each] of good.entries()) {
    it(`code ${index} is made, read in every spelling, and derived`, () => {
      assert.equal(receipt.encode(unb64(each.entropy), each.language).join(" "), each.code);
      for (const spelling of [each.code, ...each.spellings]) assert.equal(b64(receipt.parse(spelling)), each.entropy);
      const made = receipt.derive(unb64(each.entropy), organisation);
      for (const field of ["address", "reply", "tag", "commit", "case"]) assert.equal(b64(made[field]), each[field], field);
      assert.equal(b64(made.key.seed), each.sign);
      assert.equal(b64(made.key.verify), each.verify_key);
      assert.equal(made.recipient, each.recipient);
    });
  }
  for (const [index, each] of bad.entries()) {
    it(`text ${index} is no code: ${each.error}`, () => {
      const code = { count: "code-count", unknown: "code-word", checksum: "code-checksum", mixed: "code-mixed" }[each.error];
      assert.throws(() => receipt.parse(each.text), (error) => refusal(code)(error) && (each.number ?? error.details?.number) === error.details?.number);
    });
  }
  it("a code without separators is read, as Python reads it", () => {
    for (const { code, entropy } of good) assert.equal(b64(receipt.parse(code.replaceAll(" ", ""))), entropy);
    assert.throws(() => receipt.parse(good[0].code.replaceAll(" ", "").slice(0, -1)), refusal("code-count"));
  });
  it("a new code is another every time", () => {
    const codes = new Set(Array.from({ length: 50 }, () => receipt.generate("nl").join(" ")));
    assert.equal(codes.size, 50);
  });
  it("the code is found in a text from four words in a row on, in any spelling", () => {
    const words = receipt.generate("nl");
    const shorter = words.map((word) => word.slice(0, 4));
    for (const text of [words.join(" "), words.join("").toUpperCase(), `a ${words.slice(8).join(", 3. ")} b`, shorter.slice(2, 6).join("\n"), [words[0], shorter[1], words[2], shorter[3]].join("-")])
      assert.ok(receipt.betrays(`Begin. ${text} einde`, [words]), text);
    for (const text of ["", words.slice(0, 3).join(" "), [...words].reverse().join(" "), "de het een en van in is dat op te zijn met"])
      assert.ok(!receipt.betrays(text, [words]), text);
  });
});

describe("padding", () => {
  const { text, too_long, attachment: sizes, bad } = vectors.padding;
  it("pads texts to the same classes and back", () => {
    for (const { length, padded } of text) {
      const made = padding.padText(new Uint8Array(length).fill(1));
      assert.equal(made.length, padded);
      assert.equal(padding.unpadText(made).length, length);
    }
    assert.throws(() => padding.padText(new Uint8Array(too_long)), refusal("too-long"));
  });
  it("pads attachments to the same sizes", () => {
    for (const { length, padded } of sizes) assert.equal(padding.attachmentSize(length), padded, String(length));
  });
  for (const { name, padded } of bad) it(`refuses padding: ${name}`, () => assert.throws(() => padding.unpadText(plain(padded)), refusal()));
});

describe("signed things", () => {
  const { seed, type, payload, raw, hash, bad } = vectors.thing;
  it("signs and reads the same bytes", () => {
    const key = { seed: unb64(seed), verify: signed.verifyKeyOf(unb64(seed)) };
    const made = signed.sign(type, unb64(payload), key);
    assert.equal(b64(made.raw), raw);
    assert.equal(b64(made.hash), hash);
    assert.equal(b64(signed.openThing(unb64(raw), type).payload), payload);
  });
  for (const each of bad) it(`refuses: ${each.name}`, () => assert.throws(() => signed.openThing(unb64(each.raw), type), refusal()));
  it("agrees with libsodium where keys or points have a part of small order", () => {
    const { message: text, signatures } = JSON.parse(readFileSync(new URL("../vectors/mixed-order.json", import.meta.url)));
    const hex = (digits) => new Uint8Array(Buffer.from(digits, "hex"));
    for (const { signature, key, holds } of signatures) assert.equal(signed.holds(hex(signature), bytes.utf8(text), hex(key)), holds);
  });
});

describe("base64 and JSON", () => {
  const { json: texts, b64: spellings } = vectors.encoding;
  for (const text of texts.good) it(`reads ${text}`, () => assert.equal(JSON.stringify(json.readJson(bytes.utf8(text))), JSON.stringify(JSON.parse(text))));
  for (const text of texts.bad) it(`refuses ${JSON.stringify(text)}`, () => assert.throws(() => json.readJson(bytes.utf8(text)), refusal()));
  it("refuses bytes that are no UTF-8", () => assert.throws(() => json.readJson(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d)), refusal()));
  it("takes eight levels and no ninth", () => {
    const nested = (levels) => bytes.utf8(`{"a":${"[".repeat(levels - 1)}1${"]".repeat(levels - 1)}}`);
    json.readJson(nested(8));
    assert.throws(() => json.readJson(nested(9)), refusal());
  });
  it("takes printable lines alone for names", () => {
    for (const text of ["a", "Één Naam-Ander (x)", "a  b"]) assert.equal(json.line(20)(text), text);
    for (const text of ["", " a", "a ", "a\nb", "a\tb", "a\u202eb", "a\u00a0b", "a\u2028b", "\u0000", "x".repeat(21), 1])
      assert.throws(() => json.line(20)(text), refusal(), JSON.stringify(text));
  });
  it("has no prototype to poison", () => {
    const read = json.readJson(bytes.utf8('{"__proto__":{"a":1},"constructor":2}'));
    assert.equal(read.a, undefined);
    assert.equal(Object.getPrototypeOf(read), null);
    assert.throws(() => json.fields(read, {}), refusal());
  });
  for (const text of spellings.good) it(`reads b64 ${text}`, () => assert.equal(b64(unb64(text)), text));
  for (const text of spellings.bad) it(`refuses b64 ${JSON.stringify(text)}`, () => assert.throws(() => unb64(text), refusal()));
  it("refuses days that are none", () => {
    for (const text of ["2026-02-29", "2026-13-01", "2026-1-1", "26-01-01", "2026-01-01T00", 20260101]) assert.throws(() => json.day(text), refusal());
    assert.equal(json.later("2026-12-31", 60), "2027-03-01");
  });
});

describe("rosters and intake keys", () => {
  const { good, bad, slots, intake_keys, bad_intake_keys, today, anchor } = vectors.roster;
  const organisation = vectors.conversation.organisation;
  it("takes the good chains", async () => {
    for (const chain of good) {
      const rosters = await roster.verifyRosters(chain, organisation);
      assert.equal(rosters.length, chain.length);
      assert.equal(b64(rosters[0].hash), anchor);
      assert.equal(rosters[0].slots, slots);
    }
    await assert.rejects(roster.verifyRosters(good[0], "andere"), refusal());
    await assert.rejects(roster.verifyRosters([], organisation), refusal());
  });
  for (const { name, versions } of bad) {
    // Without an anchor nobody can tell that a whole chain begins elsewhere; its second version still does not fit.
    it(`refuses: ${name}`, () => assert.rejects(roster.verifyRosters(versions, organisation), refusal()));
  }
  it("knows who left", async () => {
    const rosters = await roster.verifyRosters(good.at(-1), organisation);
    for (const { name, officers, since, named, holds } of vectors.roster.left) {
      assert.equal(roster.haveLeft(officers, unb64(since), unb64(named), rosters), holds, name);
    }
  });
  it("takes the good intake keys, each on the days it is offered", async () => {
    const [{ roster: now }] = [{ roster: (await roster.verifyRosters(good[0], organisation))[0] }];
    const keys = await roster.parseIntakeKeys(intake_keys, organisation);
    const on = (days) => roster.newestOffered(keys, now, json.later(today, days)).size;
    const first = keys.map(({ from }) => from).sort()[0];
    assert.equal(on(0), keys.length);
    assert.equal(roster.newestOffered(keys, now, json.later(first, -1)).size, 0);
    assert.equal(roster.newestOffered(keys, now, json.later(first, 60)).size, 0);
    for (const raw of bad_intake_keys) await assert.rejects(roster.parseIntakeKeys([raw], organisation), refusal());
  });
});

describe("a conversation", async () => {
  const all = vectors.conversation;
  const me = receipt.derive(receipt.parse(all.code), all.organisation);
  const servers = all.server_keys.map((key) => ({ server: unb64(key) }));
  const [one] = all.officers;
  it("replays the log", async () => {
    const read = await log.replay(all.log.map(unb64), me, servers);
    assert.equal(read.entries.length, all.log.length);
    assert.equal(b64(read.entries[0].tag), all.tag);
    assert.equal(read.caseKey.recipient, all.case_recipient);
    assert.equal(read.nextNumber(me.key.verify), 3);
  });
  for (const { name, log: raws } of all.bad_logs) it(`refuses: ${name}`, () => assert.rejects(log.replay(raws.map(unb64), me, servers), refusal()));
  it("refuses the log of another code", () => {
    const other = receipt.derive(bytes.random(16), all.organisation);
    return assert.rejects(log.replay(all.log.map(unb64), other, servers), refusal());
  });
  it("makes the same tag", () => {
    const { draft } = all;
    const attachments = draft.attachments.map(({ name, length, plaintext_digest }) => ({ ref: { name, length }, plaintextDigest: unb64(plaintext_digest) }));
    const readers = { to: draft.to.map(unb64), deputy: draft.deputy ? unb64(draft.deputy) : null };
    const text = (name) => message.lines(draft[name]);
    const made = message.tagOf(me, { kind: draft.kind, about: text("about"), text: text("text"), name: text("name"), contact: text("contact"), attachments }, readers);
    assert.equal(b64(made), all.tag);
  });
  it("opens the files that Python sealed, and only with the right key", async () => {
    const seed = (identity) => bech32.fromWords(bech32.decode(identity).words);
    const file = unb64(all.files.content);
    const { payload, key } = signed.openThing(padding.unpadText(await age.decrypt(file, seed(one.identity))), "message");
    assert.ok(equal(key, me.key.verify));
    assert.deepEqual(JSON.parse(JSON.parse(Buffer.from(payload)).document), all.document);
    await assert.rejects(age.decrypt(file, bytes.random(32)), refusal("not-for-this-key"));
    const changed = file.slice();
    changed[changed.length - 1] ^= 1;
    await assert.rejects(age.decrypt(changed, seed(one.identity)), refusal("malformed"));
    await assert.rejects(age.decrypt(file.subarray(0, file.length - 16), seed(one.identity)), refusal("malformed"));
    changed.set(file);
    changed[30] ^= 1;
    await assert.rejects(age.decrypt(changed, seed(one.identity)), refusal());
  });
  it("opens the answer, and no answer that is not the log's", async () => {
    const read = await log.replay(all.log.map(unb64), me, servers);
    const entry = read.entries[all.answer.entry];
    const file = unb64(all.answer.file);
    assert.equal((await message.openAnswer(file, entry, me)).text, all.answer.text);
    for (const change of [{ number: 2 }, { act: "feedback" }, { author: unb64(all.server_keys[0]) }, { head: entry.hash }, { files: { answer: { ...entry.files.answer, size: 1 } } }])
      await assert.rejects(message.openAnswer(file, { ...entry, ...change }, me), refusal());
    await assert.rejects(message.openAnswer(unb64(all.message), entry, me), refusal());
  });
  it("reads each kind of answer under its own act alone", async () => {
    const { key } = me;
    const head = bytes.random(32);
    const opened = async ({ act, document }) => {
      const inside = { case: me.case, number: 1, roster: head, head, document };
      const file = await age.encrypt(padding.padText(signed.sign("answer", writing.plain(inside), key).raw), [me.recipient]);
      const ref = { hash: await digest.digest(age.payloadOf(file)), size: file.length };
      return message.openAnswer(file, { act, author: key.verify, case: me.case, number: 1, head, files: { answer: ref } }, me);
    };
    for (const each of vectors.answers.good) {
      const { version, ...expected } = JSON.parse(each.document);
      const { version: read, ...rest } = await opened(each);
      assert.deepEqual([read, rest], [version, expected]);
    }
    for (const each of vectors.answers.bad) await assert.rejects(opened(each), refusal(), each.name);
  });
  it("refuses numbers in the log that are not the file's payload", async () => {
    const read = await log.replay(all.log.map(unb64), me, servers);
    assert.ok(equal(await digest.digest(age.payloadOf(unb64(all.message))), read.entries.find(({ act }) => act === "message").files.message.hash));
  });
});

describe("whole cases", () => {
  const { organisation, code, server_keys, good, bad } = vectors.stories;
  const me = receipt.derive(receipt.parse(code), organisation);
  const begun = () => new log.CaseLog(me, server_keys.map(unb64));
  const last = (recipient) => (recipient ?? "").slice(-8);
  const state = (read) => {
    const { acknowledgement: acknowledge, feedback: hear } = log.dues(read);
    const [recipient, identity_recipient] = read.caseKey ? message.laterRecipients({ ...read, submitted: { ...read.submitted, deputy: null } }, []).map(([first]) => last(first)) : ["", ""];
    return {
      since: read.since, acknowledged: read.acknowledged ?? null, feedback: read.feedback ?? null, ends: read.ends ?? null,
      unread: read.unread ?? null, heard: read.heard, acknowledge, hear, runs: read.runs, objected: Boolean(read.objected),
      answers_to: [...read.answersTo.values()].map((act) => (act === "open" ? null : act === "agreed")),
      may_object: read.mayObject, deputy_reads: Boolean(read.submitted.deputy) && !(read.feedback && read.officers.size),
      lapsed: [...read.lapses.keys()].filter((key) => key.startsWith(read.since)).map((key) => key.slice(10)).sort(), officers: read.officers.size, ever: read.ever.size,
      approvals: read.approvals.size, destroyed: read.destroyed.size, closed: Boolean(read.closed), held: Boolean(read.held),
      announced: Boolean(read.announced), recipient, identity_recipient,
    };
  };
  for (const { name, log: raws, changes } of good)
    it(`hold: ${name}`, () => {
      const read = begun();
      const expected = {};
      for (const [place, raw] of raws.entries()) {
        read.append(unb64(raw));
        assert.deepEqual(read.received ? state(read) : {}, Object.assign(expected, changes[place]), `entry ${place}`);
      }
    });
  it("refuse what may not follow, and stay as they were", () => {
    const read = good.map(begun);
    for (const { name, story, after, entry } of bad) {
      const each = read[story];
      while (each.entries.length < after) each.append(unb64(good[story].log[each.entries.length]));
      const before = each.received && JSON.stringify(state(each));
      assert.throws(() => each.append(unb64(entry)), refusal("log"), name);
      assert.equal(each.received && JSON.stringify(state(each)), before, name);
      assert.equal(each.entries.length, after, name);
    }
  });
  it("have the law's terms", () => {
    const promised = { acknowledgement: "9999-12-31", feedback: "9999-12-31" };
    for (const { since, acknowledged, ...ends } of vectors.dues)
      assert.deepEqual(log.dues({ since, received: since, acknowledged, promised }), ends, `${since} ${acknowledged}`);
  });
  it("promise no term later than the law's, and keep an earlier promise", () => {
    const told = (feedback) => log.dues({ since: "2026-11-23", received: "2026-11-23", promised: { acknowledgement: "2026-11-25", feedback } });
    assert.deepEqual(told("2027-03-02"), { acknowledgement: "2026-11-25", feedback: "2027-02-28" });
    assert.deepEqual(told("2027-02-01"), { acknowledgement: "2026-11-25", feedback: "2027-02-01" });
  });
});

describe("attachments", () => {
  it("are cut into parts whose digests make the sum", async () => {
    for (const length of [1, 65535, 65536, 262144, 1_100_000, 2_500_000]) {
      const content = new Uint8Array(length).map((_, index) => index % 251);
      const parts = [];
      const made = await attachment.sealAttachment(new Blob([content]), "naam", async (part, number) => {
        assert.equal(number, parts.length);
        parts.push(part);
      });
      const whole = bytes.join(...parts);
      assert.ok(parts.slice(0, -1).every((part) => part.length === 1048576));
      assert.equal(whole.length, made.size);
      assert.ok(Math.abs(attachment.sealedSize(length) - made.size) < 200);
      const opened = await age.decrypt(whole, made.ref.seed);
      assert.equal(opened.length, padding.attachmentSize(length));
      assert.ok(equal(opened.subarray(0, length), content));
      assert.equal(opened[length], 0x80);
      assert.equal(made.ref.length, length);
      assert.equal(made.ref.sealed, false);
    }
  });
  it("that are age files themselves are said to be", async () => {
    const file = await age.encrypt(new Uint8Array(3), [age.recipientOf(bytes.random(32))]);
    const { ref } = await attachment.sealAttachment(new Blob([file]), "x.age", async () => {});
    assert.equal(ref.sealed, true);
  });
  it("that change while they are read are refused", async () => {
    const shrinking = { size: 300000, slice: () => new Blob(["kort"]) };
    await assert.rejects(attachment.sealAttachment(shrinking, "x", async () => {}), refusal("unreadable"));
    const gone = { size: 10, slice: () => ({ arrayBuffer: () => Promise.reject(new Error("gone")) }) };
    await assert.rejects(attachment.sealAttachment(gone, "x", async () => {}), refusal("unreadable"));
  });
});

describe("the public age vectors with hybrid identities", () => {
  const folder = new URL("../vectors/age/", import.meta.url);
  const seed = (identity) => bech32.fromWords(bech32.decode(identity).words);
  for (const name of readdirSync(folder).filter((each) => each.startsWith("hybrid"))) {
    const whole = readFileSync(new URL(name, folder));
    const end = whole.indexOf("\n\n");
    const head = whole.subarray(0, end).toString().split("\n").map((line) => line.split(": "));
    const lines = Object.fromEntries(head);
    const rest = whole.subarray(end + 2);
    const file = new Uint8Array("compressed" in lines ? inflateSync(rest) : rest);
    const keys = head.filter(([key, value]) => key === "identity" && value.startsWith("AGE-SECRET-KEY-PQ-1"));
    if (keys.length) it(`${name}: ${lines.expect}`, async () => {
      // Its malformed stanza is of a classical kind, which this client passes over.
      const code = ["no match", "hybrid_x25519_arg"].some((each) => [lines.expect, name].includes(each)) ? undefined : "malformed";
      if (lines.expect !== "success") return assert.rejects(age.decrypt(file, seed(keys[0][1])), refusal(code));
      const opened = await age.decrypt(file, seed(keys[0][1]));
      assert.equal(Buffer.from(digest.sha256(opened)).toString("hex"), lines.payload);
    });
  }
});

describe("bech32", () => {
  it("refuses what BIP-173 refuses, and takes what it takes", () => {
    for (const text of ["A12UEL5L", "a12uel5l", "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", "?1ezyfcl", `an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs`])
      assert.equal(bech32.encode(bech32.decode(text).prefix, bech32.decode(text).words), text.toLowerCase());
    for (const text of ["\u00201nwldj5", "\u007f1axkwrx", "pzry9x0s0muk", "1pzry9x0s0muk", "x1b4n0q5v", "li1dgmt3", "A1G7SGD8", "10a06t8", "1qzzfhee", "a12uel5L", "de1lg7wt\u00ff"])
      assert.throws(() => bech32.decode(text), refusal(), text);
  });
  it("refuses stray bits", () => {
    assert.throws(() => bech32.fromWords([1]), refusal());
    assert.throws(() => bech32.fromWords([0, 1]), refusal());
    for (const length of [0, 1, 2, 31, 32, 1216]) assert.equal(bech32.fromWords(bech32.toWords(bytes.random(length))).length, length);
  });
});
