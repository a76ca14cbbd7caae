// SPDX-License-Identifier: EUPL-1.2
// Builds the one script of the reporter's pages: intake/static/meldkluis-<hash>.js and bundle.json beside it.
//   npm ci --ignore-scripts && node build.mjs [--out DIRECTORY]
//   node build.mjs --core FILE     the same code without the pages, as a module for tests under Node
// The same sources and lock file give the same bytes on every machine; nothing is fetched here.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { build } from "esbuild";
import { minify } from "terser";

import { cubeRoots } from "./src/roots.js";

const here = dirname(fileURLToPath(import.meta.url));
const BUDGET = 48_000;

const PACKAGES = ["age-encryption", "@noble/ciphers", "@noble/curves", "@noble/hashes", "@noble/post-quantum"];

// Backwards and sorted, each word as the number of letters it shares with the one before, and the rest: endings repeat
// more than beginnings. Plain lists would take 4 kB more of the compressed script.
function packWords(language) {
  let before = "";
  const words = readFileSync(join(here, "..", "crypto", "wordlists", `${language}.txt`), "ascii").trim().split("\n");
  const sorted = words.every((word, index) => index === 0 || words[index - 1] < word);
  if (words.length !== 2048 || !sorted || words.some((word) => !/^[a-z]{3,8}$/.test(word))) throw new Error("a list of words is damaged");
  const short = (word) => {
    let shared = 0;
    while (shared < word.length - 1 && word[shared] === before[shared]) shared++;
    before = word;
    return shared + word.slice(shared);
  };
  return words.map((word) => [...word].reverse().join("")).sort().map(short).join("");
}

// noble's SHA-2 with its tables computed: once their numbers are seen to be these, the source says how they come about.
function shorterSha2(source) {
  const roots = cubeRoots();
  const tables = [
    [/Uint32Array\.from\((\[\s*0x428a2f98,[^\]]*\])\)/, (root) => root >> 32n, "Uint32Array.from(cubeRoots().slice(0, 64), (root) => Number(root >> 32n))", 64],
    [/(\[\s*'0x428a2f98d728ae22',[^\]]*\])\.map\(n => BigInt\(n\)\)/, (root) => root, "cubeRoots()", 80],
  ];
  let shorter = source;
  for (const [pattern, of, instead, length] of tables) {
    const [whole, literal] = pattern.exec(source);
    const numbers = literal.match(/0x[0-9a-f]+/g).map(BigInt);
    if (numbers.length !== length || numbers.some((number, index) => number !== of(roots[index]))) throw new Error("other constants");
    shorter = shorter.replace(whole, instead);
  }
  return `import { cubeRoots } from ${JSON.stringify(join(here, "src", "roots.js"))};\n${shorter}`;
}

// The libraries without the words of their errors, which nobody sees: whatever they throw becomes a Refusal of ours.
function speechless(path) {
  const source = readFileSync(path, "utf8").replace(/\bthrow new (\w*Error)\(.+\);$/gm, "throw new $1();");
  return /noble\/hashes\/sha2\.js$/.test(path) ? shorterSha2(source) : source;
}

// What typage brings for recipients that this client never meets (hardware tags, passphrases, classical keys) stays out:
// their classes shake out, but the modules they import would not.
const trimmed = {
  name: "trimmed",
  setup(within) {
    within.onResolve({ filter: /^@noble\/post-quantum\/hybrid\.js$/ }, () => ({ path: join(here, "src", "hybrid.js") }));
    within.onResolve({ filter: /^@scure\/base$/ }, () => ({ path: join(here, "src", "base.js") }));
    within.onResolve({ filter: /^(@noble\/curves\/nist\.js|@noble\/hashes\/scrypt\.js|\.\/x25519\.js)$/ }, ({ path, importer }) =>
      importer.includes("age-encryption") ? { path, namespace: "left-out" } : undefined,
    );
    within.onLoad({ filter: /.*/, namespace: "left-out" }, () => ({
      contents: "export const p256 = undefined, scrypt = undefined, scalarMult = undefined, scalarMultBase = undefined;",
    }));
    within.onLoad({ filter: /node_modules\/(@noble|age-encryption)\/.*\.js$/ }, ({ path }) => ({ contents: speechless(path) }));
    within.onResolve({ filter: /^meldkluis:words$/ }, () => ({ path: "words", namespace: "words" }));
    within.onLoad({ filter: /.*/, namespace: "words" }, () => ({
      contents: `export default ${JSON.stringify({ nl: packWords("nl"), en: packWords("en") })}`,
    }));
  },
};

const common = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  legalComments: "none",
  charset: "ascii",
  target: "es2022",
  plugins: [trimmed],
  write: false,
};

async function core(file) {
  const result = await build({ ...common, entryPoints: ["src/core.js"], format: "esm", minify: false });
  writeFileSync(file, result.outputFiles[0].contents);
}

function licences() {
  const parts = PACKAGES.map((name) => {
    const { version, license } = JSON.parse(readFileSync(join(here, "node_modules", name, "package.json"), "utf8"));
    return `${name} ${version} (${license})\n\n${readFileSync(join(here, "node_modules", name, "LICENSE"), "utf8").trim()}\n`;
  });
  const own = "Meldkluis's own part of the script: EUPL-1.2. In it are parts of these packages:\n";
  return [own, ...parts].join(`\n${"-".repeat(80)}\n\n`);
}

async function bundle(out) {
  const banner = "/*! Meldkluis, EUPL-1.2; with parts of other packages, see /static/meldkluis-licences.txt */";
  const result = await build({ ...common, entryPoints: ["src/main.js"], format: "iife", metafile: true });
  const small = await minify(result.outputFiles[0].text, {
    compress: { ecma: 2020, passes: 3, toplevel: true },
    mangle: true,
    format: { ascii_only: true, preamble: banner },
  });
  const contents = Buffer.from(`${small.code}\n`);
  const packed = gzipSync(contents, { level: 9 }).length;
  const file = `meldkluis-${createHash("sha256").update(contents).digest("hex").slice(0, 16)}.js`;
  const integrity = `sha384-${createHash("sha384").update(contents).digest("base64")}`;
  mkdirSync(out, { recursive: true });
  for (const old of readdirSync(out)) if (/^meldkluis-[0-9a-f]{16}\.js$/.test(old)) rmSync(join(out, old));
  writeFileSync(join(out, file), contents);
  writeFileSync(join(out, "bundle.json"), `${JSON.stringify({ file, integrity })}\n`);
  writeFileSync(join(out, "meldkluis-licences.txt"), licences());
  console.log(`${file}: ${contents.length} bytes, ${packed} with gzip -9 (at most ${BUDGET})`);
  if (process.argv.includes("--sizes")) {
    const [{ inputs }] = Object.values(result.metafile.outputs);
    const sizes = Object.entries(inputs).map(([path, { bytesInOutput }]) => [bytesInOutput, path]);
    for (const [bytes, path] of sizes.sort((one, other) => other[0] - one[0])) console.log(String(bytes).padStart(8), path);
  }
  if (packed > BUDGET) throw new Error("the script is too large");
}

const option = (name) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
};
const only = option("--core");
await (only ? core(only) : bundle(option("--out") ?? join(here, "..", "intake", "static")));
