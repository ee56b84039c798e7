// `npm run conformance:tus -- URL`: what a server of the tus protocol 1.0.0 does of what the protocol and its clients ask.
// README.md tells how to read what it prints. Needs Node 20 and no packages.
import { writeFileSync } from 'node:fs'
import process from 'node:process'
import { parseArguments, usage } from './lib/arguments.mjs'
import { described, Violation } from './lib/expect.mjs'
import { bytesLine, rowLines, summaryLines } from './lib/report.mjs'
import { exitCode, runCases } from './lib/runner.mjs'
import { Server } from './lib/server.mjs'
import { allCases } from './sections/index.mjs'

main().catch((error) => {
  console.error(`conformance:tus: ${error instanceof Violation ? error.message : (error.stack ?? error)}`)
  process.exitCode = 2
})

async function main() {
  const asked = readArguments()
  const server = new Server(asked.settings)
  await server.discover()
  await refuseStrangers(server)
  console.log(`${asked.settings.url}  Tus-Extension: ${server.options.header('Tus-Extension') ?? 'none'}`)
  let section = ''
  const tell = (row) => {
    if (row.section !== section) console.log(`\n${row.section}`)
    section = row.section
    for (const line of rowLines(row)) console.log(line)
  }
  const cases = allCases.filter((one) => one.section.startsWith(asked.only))
  try {
    const rows = await runCases(server, cases, tell)
    console.log(`\n${summaryLines(rows).join('\n')}\n${bytesLine(server)}`)
    if (asked.json)
      writeFileSync(asked.json, `${JSON.stringify({ url: asked.settings.url, rows }, null, 2)}\n`)
    process.exitCode = exitCode(rows, asked.strict)
  } finally {
    await server.cleanUp()
  }
}

function readArguments() {
  try {
    return parseArguments(process.argv.slice(2), process.env)
  } catch (error) {
    console.error(`conformance:tus: ${error.message}\n\n${usage}`)
    process.exit(2)
  }
}

/** Says at once that no upload can be created, instead of failing every case for it: by a wrong URL, or without credentials. */
async function refuseStrangers(server) {
  const answer = await server.post({ 'Upload-Length': '1' })
  if (answer.status === 201) return void server.created(answer)
  if (answer.status === 401 || answer.status === 403) {
    throw new Violation(`${described(answer)} at ${server.url}. --header gives credentials.`)
  }
  if (!server.offers('creation')) {
    throw new Violation(
      `${described(answer)} at ${server.url}, and creation is not offered: there is no upload to try.`,
    )
  }
}
