/** The identity of a phone in the page. */

/**
 * A phone is one number in one account.
 *
 * @param {string} account
 * @param {string} number
 */
export function phoneKey(account, number) {
  return `${account}-${number}`;
}

/**
 * The account of a phone.
 *
 * @param {string} key of the phone
 */
export function accountOf(key) {
  return key.split("-", 1)[0];
}
