// SPDX-License-Identifier: EUPL-1.2
// The one writer of JSON: bytes become b64. Readers never rely on the order of the keys.

import { b64, utf8 } from "./bytes.js";

/** UTF-8 JSON of the value. */
export const plain = (value) => utf8(JSON.stringify(value, (_, item) => (item instanceof Uint8Array ? b64(item) : item)));
