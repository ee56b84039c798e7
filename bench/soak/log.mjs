import { stripVTControlCharacters } from 'node:util'
import { withoutSecrets } from './secrets.mjs'

const problemsShown = 20

/**
 * The errors in the gateway's log: its own failures, sweeps with errors, and every other line that mentions an error. The
 * banner of `npm start` does not count.
 */
export function gatewayErrors(output) {
  const lines = stripVTControlCharacters(output.slice(output.indexOf('Ctrl-C stops it.'))).split('\n')
  const problems = lines.map(withoutSecrets).filter((line) => {
    const event = parse(line)
    if (event === null) return /error|exception|uncaught/i.test(line)
    if (event.event === 'request') return event.status >= 500
    return event.event === 'sweep' ? event.errors > 0 : !harmless.has(event.event)
  })
  return problems.length > problemsShown
    ? [...problems.slice(0, problemsShown), `and ${problems.length - problemsShown} more`]
    : problems
}

/** How often `npm start` restarted the gateway, as it does when a file that it watches changes. */
export function reloadsIn(output) {
  return output.split('the gateway runs with what was changed').length - 1
}

/** `copy_source_seal`: what was found out about the store. */
const harmless = new Set(['copy_source_seal'])

function parse(line) {
  try {
    const event = JSON.parse(line)
    return typeof event?.event === 'string' ? event : null
  } catch {
    return null
  }
}
