import { setTimeout as delay } from 'node:timers/promises'
import { sample } from '../lib/bytes.mjs'
import {
  expectHeader,
  expectInteger,
  expectNoHeader,
  expectStatus,
  expectThat,
  expectValue,
} from '../lib/expect.mjs'
import { contentType } from '../lib/server.mjs'
import { elsewhere } from './core-version.mjs'

const head = '1.2.1 Core Protocol: HEAD'
const options = '1.2.3 Core Protocol: OPTIONS'

/** @type {import('../lib/runner.mjs').Case[]} */
export const coreHead = [
  {
    section: head,
    level: 'MUST',
    what: 'tells Upload-Offset: 0 of a new upload',
    async run(server) {
      await server.expectOffset(await server.create(11), 0)
    },
  },
  {
    section: head,
    level: 'MUST',
    what: 'tells Upload-Offset of an unfinished upload',
    async run(server) {
      const url = await server.create(11)
      await server.append(url, 0, sample(5))
      await server.expectOffset(url, 5)
    },
  },
  {
    section: head,
    level: 'MUST',
    what: 'tells Upload-Offset of a finished upload',
    async run(server) {
      const url = await server.create(11)
      await server.append(url, 0, sample(11))
      await server.expectOffset(url, 11)
    },
  },
  {
    section: head,
    level: 'MUST',
    what: 'tells Upload-Length of a new, an unfinished and a finished upload',
    async run(server) {
      const url = await server.create(11)
      expectValue(await server.head(url), 'Upload-Length', '11')
      await server.append(url, 0, sample(5))
      expectValue(await server.head(url), 'Upload-Length', '11')
      await server.append(url, 5, sample(6))
      expectValue(await server.head(url), 'Upload-Length', '11')
    },
  },
  {
    section: head,
    level: 'SHOULD',
    what: 'answers 404, 410 or 403 of an upload that is not there',
    async run(server) {
      expectStatus(await server.head(elsewhere(await server.create(11))), 404, 410, 403)
    },
  },
  {
    section: head,
    level: 'SHOULD',
    what: 'tells no Upload-Offset of an upload that is not there',
    async run(server) {
      expectNoHeader(await server.head(elsewhere(await server.create(11))), 'Upload-Offset')
    },
  },
  {
    section: head,
    level: 'SHOULD',
    what: 'answers 200 or 204',
    async run(server) {
      expectStatus(await server.head(await server.create(11)), 200, 204)
    },
  },
  {
    section: head,
    level: 'MUST',
    what: 'forbids to cache the answer: Cache-Control: no-store',
    async run(server) {
      const answer = await server.head(await server.create(11))
      const directives = expectHeader(answer, 'Cache-Control')
        .toLowerCase()
        .split(/\s*,\s*/)
      expectThat(directives.includes('no-store'), `HEAD has Cache-Control: ${directives}`)
    },
  },
]

/** @type {import('../lib/runner.mjs').Case[]} */
export const coreOptions = [
  {
    section: options,
    level: 'MUST',
    what: 'answers 204 or 200 with Tus-Version',
    async run(server) {
      expectStatus(server.options, 200, 204)
      expectHeader(server.options, 'Tus-Version')
    },
  },
  {
    section: options,
    level: 'MUST',
    what: 'ignores Tus-Resumable, also that of an unknown version',
    async run(server) {
      for (const version of ['1.0.0', '9.9.9']) {
        const answer = await server.request('OPTIONS', server.url, { headers: { 'Tus-Resumable': version } })
        expectStatus(answer, 200, 204)
        expectHeader(answer, 'Tus-Version')
      }
    },
  },
]

const patch = '1.2.2 Core Protocol: PATCH'

/** @type {import('../lib/runner.mjs').Case[]} */
export const corePatch = [
  {
    section: patch,
    level: 'SHOULD',
    what: 'applies the bytes at the offset',
    async run(server) {
      const url = await server.create(40_000)
      const bytes = sample(40_000)
      await server.append(url, 0, bytes.subarray(0, 25_000))
      await server.append(url, 25_000, bytes.subarray(25_000))
      await server.expectOffset(url, 40_000)
      await server.expectBytes(url, bytes)
    },
  },
  ...[null, 'text/plain', 'application/octet-stream'].map((type) => ({
    section: patch,
    level: 'SHOULD',
    what: `refuses ${type ?? 'no Content-Type'} with 415, and appends nothing`,
    async run(server) {
      const url = await server.create(11)
      const answer = await server.patch(url, 0, sample(11), { 'Content-Type': type })
      await server.expectOffset(url, 0)
      expectStatus(answer, 415)
    },
  })),
  ...[
    ['behind', 3],
    ['beyond', 7],
  ].map(([where, offset]) => ({
    section: patch,
    level: 'MUST',
    what: `refuses an offset ${where} the current one with 409, and appends nothing`,
    async run(server) {
      const url = await server.create(11)
      const bytes = sample(11)
      await server.append(url, 0, bytes.subarray(0, 5))
      expectStatus(await server.patch(url, offset, sample(4, 2)), 409)
      await server.expectOffset(url, 5)
      await server.append(url, 5, bytes.subarray(5))
      await server.expectBytes(url, bytes)
    },
  })),
  {
    section: patch,
    level: 'MUST',
    what: 'refuses an offset behind that of a finished upload with 409, and changes nothing',
    async run(server) {
      const url = await server.create(11)
      await server.append(url, 0, sample(11))
      expectStatus(await server.patch(url, 0, sample(11, 2)), 409)
      await server.expectOffset(url, 11)
      await server.expectBytes(url, sample(11))
    },
  },
  {
    section: patch,
    level: 'MUST',
    what: 'answers 204',
    async run(server) {
      expectStatus(await server.patch(await server.create(11), 0, sample(5)), 204)
    },
  },
  {
    section: patch,
    level: 'MUST',
    what: 'answers with the new Upload-Offset: the former one and the bytes that were taken',
    async run(server) {
      const url = await server.create(11)
      for (const [offset, length] of [
        [0, 5],
        [5, 1],
        [6, 5],
      ]) {
        const told = expectInteger(await server.patch(url, offset, sample(length)), 'Upload-Offset')
        expectThat(told === offset + length, `${length} bytes at ${offset} answered Upload-Offset: ${told}`)
        await server.expectOffset(url, told)
      }
    },
  },
  {
    section: patch,
    level: 'MUST',
    what: 'answers a PATCH of no bytes with 204 and the same Upload-Offset',
    async run(server) {
      const url = await server.create(11)
      await server.append(url, 0, sample(5))
      await server.append(url, 5, Buffer.alloc(0))
      await server.expectOffset(url, 5)
    },
  },
  {
    section: patch,
    level: 'SHOULD',
    what: 'answers 404 of an upload that is not there',
    async run(server) {
      expectStatus(await server.patch(elsewhere(await server.create(11)), 0, sample(11)), 404)
    },
  },
  {
    section: patch,
    level: 'SHOULD',
    what: 'handles a cut connection predictably: the upload lives on and is finished from the offset that HEAD tells',
    async run(server) {
      const bytes = sample(2 ** 20)
      const url = await server.create(bytes.length)
      await cutInTheMiddle(server, url, bytes)
      await server.resume(url, bytes)
      await server.expectBytes(url, bytes)
    },
  },
  {
    section: patch,
    level: 'SHOULD',
    what: 'stores what it received of a PATCH that was cut off',
    async run(server) {
      const bytes = sample(2 ** 20)
      const url = await server.create(bytes.length)
      await cutInTheMiddle(server, url, bytes)
      // Asked at once, a server may promise an offset to this client before it has stored what is on its way.
      await delay(1000)
      await server.settledOffset(url, 1)
    },
  },
]

/** Sends half of what was announced, leaves the server a moment to read it, and cuts the connection. */
export async function cutInTheMiddle(server, url, bytes) {
  const headers = { 'Upload-Offset': '0', 'Content-Length': String(bytes.length), ...contentType }
  const exchange = server.begin('PATCH', url, headers)
  await exchange.write(bytes.subarray(0, bytes.length / 2))
  await delay(200)
  exchange.cut()
}
