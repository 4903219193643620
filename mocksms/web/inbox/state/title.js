/** The title and the icon of the page: what the page is about, with the number of unread phones. */

import { showInIcon } from "./favicon.js";

let subject = "mocksms";
let unreadCount = 0;

/** @param {string} text what the page is about, such as a failed test */
export function setTitleSubject(text) {
  subject = `${text} · mocksms`;
  show();
}

/** @param {number} count of unread phones */
export function setUnreadCount(count) {
  unreadCount = count;
  show();
  showInIcon(count);
}

function show() {
  document.title = unreadCount ? `(${unreadCount}) ${subject}` : subject;
}
