// Tables of Markdown, printed and kept in docs/performance.md.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './bundle.mjs'
import { machine } from './machine.mjs'

const page = join(root, 'docs', 'performance.md')

/** A table; the cells of `rows` are texts. */
export function tableOf(heads, rows) {
  return [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** Prints `text`, below the date and the machine, and writes it into docs/performance.md where `section` is marked there. */
export function report(section, text, { isWhole = true } = {}) {
  const dated = `${machine()}.\n\n${text}`
  console.log(`\n${dated}`)
  if (!isWhole) return
  const [begin, end] = [`<!-- npm run bench: ${section} -->`, `<!-- end of ${section} -->`]
  const [before, rest, ...more] = readFileSync(page, 'utf8').split(begin)
  const after = rest?.split(end)
  if (after?.length !== 2 || more.length > 0)
    throw new Error(`docs/performance.md has no place for ${section}`)
  writeFileSync(page, `${before}${begin}\n${dated}\n${end}${after[1]}`)
  console.log(`\nwritten into docs/performance.md`)
}

/** To two digits that matter, without an exponent. */
export function brief(number) {
  return number >= 100 ? number.toFixed(0) : number >= 10 ? number.toFixed(1) : number.toFixed(2)
}
