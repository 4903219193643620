/** The clock of the mock in the bar. */

import { byId } from "../../common/dom.js";
import { mockState } from "../state/mock-state.js";
import { isReadOnly } from "../state/read-only.js";
import { clockTime, exactDateTime } from "./time.js";

/** Show the time of the mock, and whether it is frozen. */
export function showClock() {
  const node = byId("clock");
  const frozen = mockState.clock.frozen && !isReadOnly;
  node.textContent = `${clockTime(mockState.now())}${frozen ? " frozen" : ""}`;
  node.classList.toggle("frozen", frozen);
  node.title = `${exactDateTime(mockState.now())}. The clock of the mock: click to freeze or advance it.`;
}
