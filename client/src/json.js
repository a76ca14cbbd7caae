// SPDX-License-Identifier: EUPL-1.2
// JSON read strictly (docs/protocol.md section 1): no duplicate key, no float, no lone surrogate, nesting at most 8.

import { Refusal, must, unb64 } from "./bytes.js";

const TOKEN = /[ \t\n\r]*(?:([{}[\],:])|("[^"\\]*(?:\\.[^"\\]*)*")|(-?\d+(?![\d.eE]))|(true|false|null))/y;
const SPACE = /^[ \t\n\r]*$/;
const DEPTH = 8;
const LONE = /[\ud800-\udfff]/u;

/** The object in the bytes, its objects without prototype; Refusal for anything unusual. */
export function readJson(bytes) {
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Refusal("malformed");
  }
  return readText(text);
}

/** The object in the text. */
export function readText(text) {
  let at = 0;
  const next = () => {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text);
    must(found);
    at = TOKEN.lastIndex;
    return found[0].trim();
  };
  const literal = (token) => {
    must(!/^[{}[\],:]/.test(token));
    let value;
    try {
      value = JSON.parse(token);
    } catch {
      throw new Refusal("malformed");
    }
    must(typeof value !== "number" || Number.isSafeInteger(value));
    must(typeof value !== "string" || !LONE.test(value));
    return value;
  };
  const read = (token, depth) => {
    if (token === "{") return object(depth);
    return token === "[" ? list(depth) : literal(token);
  };
  const list = (depth) => {
    must(depth <= DEPTH);
    const items = [];
    let token = next();
    if (token === "]") return items;
    for (;;) {
      items.push(read(token, depth + 1));
      token = next();
      if (token === "]") return items;
      must(token === ",");
      token = next();
    }
  };
  const object = (depth) => {
    must(depth <= DEPTH);
    const fields = Object.create(null);
    let token = next();
    if (token === "}") return fields;
    for (;;) {
      const name = literal(token);
      must(typeof name === "string" && !(name in fields));
      must(next() === ":");
      fields[name] = read(next(), depth + 1);
      token = next();
      if (token === "}") return fields;
      must(token === ",");
      token = next();
    }
  };
  must(next() === "{");
  const value = object(1);
  must(SPACE.test(text.slice(at)));
  return value;
}

/** The fields of an object, each through its check; exactly these fields must be there. */
export function fields(value, checks) {
  const names = Object.keys(checks);
  must(value !== null && typeof value === "object" && !Array.isArray(value));
  must(Object.keys(value).length === names.length && names.every((name) => name in value));
  return Object.fromEntries(names.map((name) => [name, checks[name](value[name])]));
}

// Checks: each takes a value as it was read and gives it back in its own form, or throws a Refusal.

export const text = (most) => (value) => {
  must(typeof value === "string" && (value.length <= most || [...value].length <= most));
  return value;
};
/** One printable line without spaces around it. */
export const line = (most) => (value) => {
  must(/^[^\p{C}\p{Z}]+(?: +[^\p{C}\p{Z}]+)*$/u.test(text(most)(value)));
  return value;
};
export const binary = (length) => (value) => {
  const bytes = unb64(value);
  must(bytes.length === length);
  return bytes;
};
export const integer = (least, most) => (value) => {
  must(Number.isSafeInteger(value) && value >= least && value <= most);
  return value;
};
export const oneOf = (...allowed) => (value) => {
  must(allowed.includes(value));
  return value;
};
export const boolean = oneOf(true, false);
export const optional = (check) => (value) => (value === null ? null : check(value));
export const listOf = (check, most) => (value) => {
  must(Array.isArray(value) && value.length <= most);
  return value.map((item) => check(item));
};
export const shape = (checks) => (value) => fields(value, checks);

/** A day as YYYY-MM-DD; days compare as text. */
export function day(value) {
  must(typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value) && value >= "0001");
  const moment = new Date(`${value}T00:00:00Z`);
  must(!isNaN(moment) && moment.toISOString().startsWith(value));
  return value;
}

/** The day so many days later. */
export const later = (value, days) => new Date(Date.parse(`${value}T00:00:00Z`) + days * 864e5).toISOString().slice(0, 10);

/** The day with the same number so many months later, or that month's last one. */
export function months(value, count) {
  const [year, month, number] = value.split("-").map(Number);
  const moment = (monthsAway, on) => new Date(Date.UTC(year, month + monthsAway, on));
  return moment(count - 1, Math.min(number, moment(count, 0).getUTCDate())).toISOString().slice(0, 10);
}

export function organisationName(value) {
  must(typeof value === "string" && /^[a-z0-9-]{1,63}$/.test(value));
  return value;
}
