const marks = { pass: '✓', fail: '✗', 'not offered': '–' }

/**
 * The lines of one row of the table: result, level, what, and in a line of its own why not.
 * @param {import('./runner.mjs').Row} row
 */
export function rowLines({ level, what, result, reason }) {
  const line = `  ${marks[result]}  ${level.padEnd(6)}  ${what}`
  if (result === 'fail') return [line, `             ${reason}`]
  return [reason ? `${line}  [not offered: ${reason}]` : line]
}

/**
 * How many rows of each level have which result.
 * @param {readonly import('./runner.mjs').Row[]} rows
 */
export function summaryLines(rows) {
  const header = `${'level'.padEnd(8)}${Object.values(marks)
    .map((mark) => mark.padStart(6))
    .join('')}`
  const counted = ['MUST', 'SHOULD', 'MAY', 'client'].map((level) => {
    const counts = Object.keys(marks).map(
      (result) => rows.filter((row) => row.level === level && row.result === result).length,
    )
    return `${level.padEnd(8)}${counts.map((count) => String(count).padStart(6)).join('')}`
  })
  return [header, ...counted]
}

/**
 * Whether the rows that speak of bytes have seen any.
 * @param {import('./server.mjs').Server} server
 */
export function bytesLine({ compared, unreadable }) {
  if (compared === 0) return `No bytes were compared: ${unreadable}.`
  return `The bytes of ${compared} finished uploads were compared.`
}
