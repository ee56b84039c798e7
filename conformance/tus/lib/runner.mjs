import { setTimeout as delay } from 'node:timers/promises'
import { NotOffered, Violation } from './expect.mjs'

/**
 * @typedef {object} Case
 * @property {string} section number and title of the protocol's section
 * @property {'MUST' | 'SHOULD' | 'MAY' | 'client'} level of the sentence; `client`: no sentence asks for it, clients rely on it
 * @property {string} what the server does
 * @property {string} [needs] the extension without which it does not apply
 * @property {(server: import('./server.mjs').Server) => Promise<void>} run throws a Violation or NotOffered
 */

/** @typedef {{ section: string, level: Case['level'], what: string, result: 'pass' | 'fail' | 'not offered', reason?: string }} Row */

/**
 * Tries the cases one after the other.
 * @param {import('./server.mjs').Server} server whose options are known
 * @param {readonly Case[]} cases
 * @param {(row: Row) => void} [tell] told of each row when it is known
 * @returns {Promise<Row[]>}
 */
export async function runCases(server, cases, tell = () => {}) {
  const rows = []
  for (const { section, level, what, needs, run } of cases) {
    const row = { section, level, what, ...(await resultOf(server, needs, run)) }
    rows.push(row)
    tell(row)
    if (row.result === 'fail') await refuseSilence(server)
  }
  return rows
}

async function resultOf(server, needs, run) {
  if (needs && !server.offers(needs)) return { result: 'not offered', reason: needs }
  try {
    await run(server)
    return { result: 'pass' }
  } catch (error) {
    if (error instanceof NotOffered) return { result: 'not offered', reason: error.message }
    // Anything else is a mistake of the suite, and must not be held against a server.
    if (!(error instanceof Violation)) throw error
    return { result: 'fail', reason: error.message }
  }
}

/** Rejects if the server no longer answers, instead of failing all cases that are left for what one of them did to it. */
async function refuseSilence(server) {
  for (let tried = 1; ; tried++) {
    try {
      await server.request('OPTIONS', server.url)
      return
    } catch (error) {
      if (tried === 10) throw new Violation(`the server does not answer any more: ${error.message}`)
      await delay(1000)
    }
  }
}

/**
 * 0, or 1 if a MUST failed; if strict, if anything failed.
 * @param {readonly Row[]} rows
 * @param {boolean} strict
 */
export function exitCode(rows, strict) {
  return rows.some(({ level, result }) => result === 'fail' && (strict || level === 'MUST')) ? 1 : 0
}
