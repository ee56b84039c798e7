// Prints what `--json` wrote about several servers as one Markdown table:
//
//   node conformance/tus/matrix.mjs 'a server=a.json' 'another=b.json'
import { readFileSync } from 'node:fs'
import process from 'node:process'

const marks = { pass: '✓', fail: '**✗**', 'not offered': '–' }
const columns = process.argv.slice(2).map((argument) => {
  const at = argument.lastIndexOf('=')
  const { rows } = JSON.parse(readFileSync(argument.slice(at + 1), 'utf8'))
  const marksOf = new Map(rows.map(({ section, what, result }) => [key(section, what), marks[result]]))
  return { name: argument.slice(0, at), rows, marksOf }
})

function key(section, what) {
  return `${section}\n${what}`
}

/** Text in a cell of a table. */
function cell(text) {
  return text.replaceAll('|', '\\|').replaceAll('*', '\\*')
}

console.log(`| level | the server … | ${columns.map(({ name }) => name).join(' | ')} |`)
console.log(`|---|---|${columns.map(() => '---|').join('')}`)
let current = ''
for (const { section, level, what } of columns[0]?.rows ?? []) {
  if (section !== current) console.log(`| | **${section}** |${columns.map(() => ' |').join('')}`)
  current = section
  const results = columns.map(({ marksOf }) => marksOf.get(key(section, what)) ?? '')
  console.log(`| ${level} | ${cell(what)} | ${results.join(' | ')} |`)
}
