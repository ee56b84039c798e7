// Starts @tus/server over its file store, to be asked by the suite. The packages are not among this repository's own:
//
//   npm install --prefix DIRECTORY @tus/server @tus/file-store
//   node conformance/tus/servers/tus-node-server.mjs DIRECTORY [PORT] [SECONDS]
//
// PORT is 1080 if it is not given. Uploads expire after SECONDS, or not at all. The bytes of an upload are at /bytes/{id}:
// @tus/server 2.4.5 ends with an uncaught exception after it has answered a GET of the upload itself.
import { createReadStream, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'

const [packages = '.', port = '1080', seconds = '0'] = process.argv.slice(2)
const installed = createRequire(join(resolve(packages), 'package.json'))
const { Server } = await import(pathToFileURL(installed.resolve('@tus/server')).href)
const { FileStore } = await import(pathToFileURL(installed.resolve('@tus/file-store')).href)

const directory = mkdtempSync(join(tmpdir(), 'tus-node-server-'))
const datastore = new FileStore({ directory, expirationPeriodInMilliseconds: Number(seconds) * 1000 })
const server = new Server({ path: '/files', datastore, maxSize: 2 ** 34 })

const answering = createServer((request, response) => {
  const [, id] = /^\/bytes\/(\w+)$/.exec(request.url ?? '') ?? []
  if (id === undefined) return void server.handle(request, response)
  const stored = createReadStream(join(directory, id))
  stored.on('error', () => response.writeHead(404).end())
  stored.pipe(response)
})
answering.listen({ host: '127.0.0.1', port: Number(port) }, () => {
  console.log(`http://127.0.0.1:${port}/files --download 'http://127.0.0.1:${port}/bytes/{id}'`)
})

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    rmSync(directory, { recursive: true, force: true })
    process.exit()
  })
}
