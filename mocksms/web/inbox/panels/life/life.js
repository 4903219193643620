/** The life of a message: its states as a picture, and what happened to it as a sequence diagram. */

import { section } from "../../ui/components.js";
import { showBodiesOf } from "./bodies.js";
import { sequenceDiagram } from "./diagram.js";
import { leftOutNote } from "./event-content.js";
import { statePicture } from "./states.js";

/**
 * The section with the life of a message.
 *
 * @param {Api.Message} message
 * @param {Api.Timeline} timeline
 */
export function lifeSection(message, timeline) {
  showBodiesOf(timeline.events);
  return section(
    "Life",
    true,
    statePicture(message.history),
    ...sequenceDiagram(message, timeline),
    leftOutNote(timeline),
  );
}
