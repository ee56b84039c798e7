import { readFileSync } from 'node:fs'

export type Recipe = { title: string; language: string; code: string }

/** The blocks of code that docs/clients.md prints, each with the heading above it. */
export const recipes: readonly Recipe[] = read()

/** The blocks of one language under a heading, in their order. */
export function recipesUnder(title: string, language: string): string[] {
  return recipes
    .filter((one) => one.title.endsWith(title) && one.language === language)
    .map(({ code }) => code)
}

function read(): Recipe[] {
  const found: Recipe[] = []
  let [chapter, section] = ['', '']
  const document = readFileSync('docs/clients.md', 'utf8')
  for (const [, level, heading = '', language = '', code = ''] of document.matchAll(
    /^(##|###) ([^\n]*)$|^```(\w+)\n(.*?)^```$/gms,
  ))
    if (level === '##') [chapter, section] = [heading, '']
    else if (level === '###') section = heading
    else found.push({ title: section === '' ? chapter : `${chapter}: ${section}`, language, code })
  return found
}
