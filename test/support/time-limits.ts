// To import where tests run the gateway, as worker.ts does: its own limits of seconds and minutes for what does not
// answer (the database, the store) are then never reached by a machine that is merely busy. Tests of the limits use fake
// timers, which these leave alone.

/** What the gateway waits for between two tries, and how long a sweep rests, is shorter. */
const limitMsMin = 5_000
/** The longest that a timer can be set for. */
const neverMs = 2 ** 31 - 1

const realSetTimeout = globalThis.setTimeout
const patientSetTimeout = (callback: (...args: unknown[]) => void, delayMs = 0, ...args: unknown[]) =>
  realSetTimeout(callback, delayMs < limitMsMin ? delayMs : neverMs, ...args)
globalThis.setTimeout = patientSetTimeout as typeof setTimeout
