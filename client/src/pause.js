// SPDX-License-Identifier: EUPL-1.2
// Long work in slices, so that the page stays alive (no gap over 300 ms, the JIT off too).
// A message channel and not a timer: timers are slowed down to one a second in a tab in the background.

const SLICE = 40;
let since = 0;

/** Let the page breathe when the running slice has lasted 40 ms; `now` always. */
export async function breathe(now = false) {
  if (!now && performance.now() - since < SLICE) return;
  await new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
  since = performance.now();
}

export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
