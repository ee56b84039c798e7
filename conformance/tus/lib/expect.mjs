// What a case says of a server: nothing when it is as it should be, else one of these errors.

/** The server does not behave as the case says. The message is the reason that the report prints. */
export class Violation extends Error {}

/** What the case is about is not offered by this server, or cannot be seen from outside. */
export class NotOffered extends Error {}

/** @typedef {import('./transport.mjs').Answer} Answer */

/**
 * Throws unless the answer has one of the statuses.
 * @param {Answer} answer
 * @param {...number} statuses
 */
export function expectStatus(answer, ...statuses) {
  if (!statuses.includes(answer.status)) throw new Violation(`${described(answer)}, not ${list(statuses)}`)
}

/**
 * Throws unless the request was refused as the client's mistake: 4xx. A 5xx would make a client try again.
 * @param {Answer} answer
 * @param {string} [because] what was wrong with the request
 */
export function expectRefusal(answer, because) {
  if (answer.status < 400 || answer.status > 499) {
    throw new Violation(`${described(answer)}${because ? ` to ${because}` : ''}, not 4xx`)
  }
}

/**
 * The value of a header that must be there.
 * @param {Answer} answer
 * @param {string} name
 * @returns {string}
 */
export function expectHeader(answer, name) {
  const value = answer.header(name)
  if (value === undefined) throw new Violation(`${described(answer)} without ${name}`)
  return value
}

/**
 * Throws unless the header is there with this very value.
 * @param {Answer} answer
 * @param {string} name
 * @param {string} expected
 */
export function expectValue(answer, name, expected) {
  const value = expectHeader(answer, name)
  if (value !== expected) {
    throw new Violation(`${answer.request} has ${name}: ${short(value)}, not ${short(expected)}`)
  }
}

/**
 * Throws if the header is there.
 * @param {Answer} answer
 * @param {string} name
 */
export function expectNoHeader(answer, name) {
  const value = answer.header(name)
  if (value !== undefined) throw new Violation(`${described(answer)} with ${name}: ${short(value)}`)
}

/**
 * The value of a header that must be a non-negative integer.
 * @param {Answer} answer
 * @param {string} name
 * @returns {number}
 */
export function expectInteger(answer, name) {
  const value = expectHeader(answer, name)
  if (!/^[0-9]+$/.test(value))
    throw new Violation(`${answer.request} has ${name}: ${short(value)}, no integer`)
  return Number(value)
}

/**
 * Throws with this reason unless the condition holds.
 * @param {unknown} holds
 * @param {string} reason
 */
export function expectThat(holds, reason) {
  if (!holds) throw new Violation(reason)
}

/**
 * The request and the status of its answer, and the beginning of the sentence that came with a refusal.
 * @param {Answer} answer
 */
export function described(answer) {
  const text = answer.status >= 400 ? answer.body.toString('utf8').replaceAll(/\s+/g, ' ').trim() : ''
  return `${answer.request} answered ${answer.status}${text ? ` (${short(text)})` : ''}`
}

/** @param {string} text */
export function short(text) {
  return text.length > 80 ? `${text.slice(0, 77)}…` : text || '(empty)'
}

function list(statuses) {
  return statuses.length === 1 ? statuses[0] : `${statuses.slice(0, -1).join(', ')} or ${statuses.at(-1)}`
}
