// SPDX-License-Identifier: EUPL-1.2
// Attachments on their way: sealed and uploaded part by part, the next part being sealed while one travels.

import { Refusal, b64 } from "./bytes.js";
import { ask } from "./api.js";
import { sealAttachment, sealedSize } from "./attachment.js";
import { lines } from "./message.js";

/** Remembers what is at the server already, so that sending again uploads nothing twice. */
export class Uploads {
  constructor(address) {
    this.address = address;
    this.sent = new Map();
  }

  /** Upload what is not there yet; gives the sealed attachments in order. `watch` is {signal, busy}. */
  async send(files, watch) {
    const total = files.reduce((sum, file) => sum + sealedSize(file.size), 0);
    let before = 0;
    for (const file of files) {
      if (!this.sent.has(file)) this.sent.set(file, await this.#one(file, watch, before, total));
      before += sealedSize(file.size);
    }
    return files.map((file) => this.sent.get(file));
  }

  async #one(file, { signal, busy }, before, total) {
    let running = Promise.resolve();
    let done = before;
    busy.say("busy-encrypting", { file: file.name });
    const put = async (part, number, id) => {
      await running;
      const start = done;
      const onProgress = (sent) => busy.progress(start + sent, total, "busy-sending");
      const onRetry = (seconds) => busy.say("busy-retry", { seconds });
      const path = `/api/parts/${b64(id)}/${number}`;
      running = ask("PUT", path, { address: this.address, body: part, signal, onProgress, onRetry }).then(() => {
        done = start + part.length;
      });
      // Its failure is met by the next await; until then it is no unhandled one.
      running.catch(() => {});
    };
    try {
      const sealed = await sealAttachment(file, lines(file.name), put);
      await running;
      return sealed;
    } catch (error) {
      if (error.code === "unreadable") throw new Refusal("unreadable", { file: file.name });
      throw error;
    }
  }
}
