/** When work is done: with the next frame, or not too often. */

import { reportError } from "./notices.js";

const HIDDEN_FRAME_MS = 200;
const DEFAULT_PAUSE_MS = 250;
const PAUSE_FACTOR = 3; // The pause after some work, as a multiple of the time it took.

/**
 * Run something once with the next frame; a little later if the page is hidden, which draws no frames.
 *
 * @param {() => void} work
 */
export function inNextFrame(work) {
  const frame = requestAnimationFrame(run);
  const timer = setTimeout(run, HIDDEN_FRAME_MS);

  function run() {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    work();
  }
}

/**
 * Limit how often some work runs: never twice at a time, with a pause after each run, and once more for calls that came
 * meanwhile. Slow work gets longer pauses, so that a page does not keep a mock with many accounts busy.
 *
 * @param {() => Promise<unknown>} work
 * @param {number} [pause] milliseconds
 * @returns {() => Promise<void>}
 */
export function throttle(work, pause = DEFAULT_PAUSE_MS) {
  let isDue = false;
  let isRunning = false;
  return async () => {
    isDue = true;
    if (isRunning) return;
    isRunning = true;
    while (isDue) {
      isDue = false;
      const started = performance.now();
      await work().catch(reportError);
      const duration = performance.now() - started;
      await new Promise((resolve) => {
        setTimeout(resolve, Math.max(pause, PAUSE_FACTOR * duration));
      });
    }
    isRunning = false;
  };
}
