import { sample } from '../lib/bytes.mjs'
import { expectRefusal, expectStatus, expectThat, expectValue } from '../lib/expect.mjs'
import { contentType } from '../lib/server.mjs'

const section = '3.1 Clients: bodies in many shapes'

/** @type {import('../lib/runner.mjs').Case[]} */
export const clientsTransfers = [
  {
    section,
    level: 'client',
    what: 'takes a body in chunks, without Content-Length',
    async run(server) {
      const bytes = sample(100_000)
      const url = await server.create(bytes.length)
      await server.append(url, 0, [bytes.subarray(0, 1), bytes.subarray(1, 60_000), bytes.subarray(60_000)])
      await server.expectOffset(url, bytes.length)
      await server.expectBytes(url, bytes)
    },
  },
  {
    section,
    level: 'client',
    what: 'takes a body in chunks for a part of the upload, and the next one',
    async run(server) {
      const bytes = sample(100_000)
      const url = await server.create(bytes.length)
      await server.append(url, 0, [bytes.subarray(0, 100), bytes.subarray(100, 60_001)])
      await server.append(url, 60_001, [bytes.subarray(60_001)])
      await server.expectBytes(url, bytes)
    },
  },
  {
    section,
    level: 'client',
    what: 'takes a body in chunks by a POST that says PATCH, as clients of old Java do',
    async run(server) {
      const bytes = sample(1000)
      const url = await server.create(bytes.length)
      const headers = { 'X-HTTP-Method-Override': 'PATCH', 'Upload-Offset': '0', ...contentType }
      expectStatus(await server.request('POST', url, { headers, chunks: [bytes] }), 204)
      await server.expectOffset(url, bytes.length)
      await server.expectBytes(url, bytes)
    },
  },
  {
    section,
    level: 'client',
    what: 'takes 100 appends of 1 KiB',
    async run(server) {
      const bytes = sample(100 * 1024)
      const url = await server.create(bytes.length)
      for (let offset = 0; offset < bytes.length; offset += 1024) {
        await server.append(url, offset, bytes.subarray(offset, offset + 1024))
      }
      await server.expectBytes(url, bytes)
    },
  },
  {
    section,
    level: 'client',
    what: 'takes appends of 1 byte',
    async run(server) {
      const bytes = sample(11)
      const url = await server.create(bytes.length)
      for (let offset = 0; offset < 11; offset++)
        await server.append(url, offset, bytes.subarray(offset, offset + 1))
      await server.expectBytes(url, bytes)
    },
  },
  {
    section,
    level: 'client',
    what: 'takes 6 MiB in one append',
    async run(server) {
      const bytes = sample(6 * 2 ** 20)
      const url = await server.create(bytes.length)
      await server.append(url, 0, bytes)
      await server.expectBytes(url, bytes)
    },
  },
  ...[
    ['with Content-Length', (bytes) => bytes],
    ['in chunks', (bytes) => [bytes]],
  ].map(([how, shape]) => ({
    section,
    level: 'client',
    what: `takes no more bytes than the length has room for, ${how}, and the upload can be finished`,
    async run(server) {
      const bytes = sample(11)
      const url = await server.create(11)
      await server.append(url, 0, bytes.subarray(0, 5))
      const answer = await server.patch(url, 5, shape(Buffer.concat([bytes.subarray(5), sample(4, 2)])))
      expectRefusalOrEnd(answer)
      const offset = await server.settledOffset(url, 5)
      expectThat(offset <= 11, `the offset is ${offset} of 11`)
      await server.resume(url, bytes)
      await server.expectBytes(url, bytes)
    },
  })),
  {
    section,
    level: 'client',
    what: 'takes no bytes after the end of a finished upload',
    async run(server) {
      const url = await server.create(11)
      await server.append(url, 0, sample(11))
      expectRefusalOrEnd(await server.patch(url, 11, sample(3, 2)))
      await server.expectOffset(url, 11)
      await server.expectBytes(url, sample(11))
    },
  },
]

/** An append that goes beyond 11 bytes is refused, or only what there is room for is taken and the answer says so. */
function expectRefusalOrEnd(answer) {
  if (answer.status === 204) expectValue(answer, 'Upload-Offset', '11')
  else expectRefusal(answer)
}
