import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { root } from './bundle.mjs'

/** Date and machine of a measurement, as far as its numbers depend on it. */
export function machine() {
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules', 'workerd', 'package.json'), 'utf8'))
  const date = new Date().toISOString().slice(0, 10)
  return `${date}, ${availableParallelism()} cores, Node ${process.version.slice(1)}, workerd ${version}`
}
