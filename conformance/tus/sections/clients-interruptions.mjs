import { setTimeout as delay } from 'node:timers/promises'
import { sample } from '../lib/bytes.mjs'
import { expectInteger, expectStatus, expectThat, NotOffered } from '../lib/expect.mjs'
import { contentType } from '../lib/server.mjs'
import { cutInTheMiddle } from './core-requests.mjs'

const section = '3.2 Clients: lost connections'

/** @type {import('../lib/runner.mjs').Case[]} */
export const clientsInterruptions = [
  {
    section,
    level: 'MUST',
    what: 'an append that is sent again after its answer was lost is refused with 409, and taken once',
    async run(server) {
      const bytes = sample(22)
      const url = await server.create(22)
      await server.append(url, 0, bytes.subarray(0, 11))
      expectStatus(await server.patch(url, 0, bytes.subarray(0, 11)), 409)
      await server.expectOffset(url, 11)
      await server.resume(url, bytes)
      await server.expectBytes(url, bytes)
    },
  },
  {
    section,
    level: 'client',
    what: 'an upload whose connection was cut after the whole body is finished by HEAD and what is missing',
    async run(server) {
      const bytes = sample(300_000)
      const url = await server.create(bytes.length)
      const headers = { 'Upload-Offset': '0', 'Content-Length': String(bytes.length), ...contentType }
      const exchange = server.begin('PATCH', url, headers)
      await exchange.write(bytes)
      await exchange.end()
      exchange.cut()
      await server.resume(url, bytes)
      await server.expectOffset(url, bytes.length)
      await server.expectBytes(url, bytes)
    },
  },
  {
    section,
    level: 'client',
    what: 'the offset that HEAD tells after a cut never falls, and no more is told than was sent',
    async run(server) {
      const bytes = sample(2 ** 20)
      const url = await server.create(bytes.length)
      await cutInTheMiddle(server, url, bytes)
      let before = 0
      for (let i = 0; i < 10; i++) {
        const offset = await server.settledOffset(url)
        expectThat(offset >= before, `the offset fell from ${before} to ${offset}`)
        expectThat(
          offset <= bytes.length / 2,
          `the offset is ${offset}, but ${bytes.length / 2} bytes were sent`,
        )
        before = offset
        await delay(50)
      }
    },
  },
  {
    section,
    level: 'client',
    what: 'a body in chunks that is cut off does not count as whole',
    async run(server) {
      const bytes = sample(200_000)
      const url = await server.create(bytes.length)
      const exchange = server.begin('PATCH', url, { 'Upload-Offset': '0', ...contentType })
      await exchange.write(bytes.subarray(0, 100_000))
      await delay(200)
      exchange.cut()
      const offset = await server.settledOffset(url)
      expectThat(offset <= 100_000, `the offset is ${offset}, but 100000 bytes were sent`)
      await server.resume(url, bytes)
      await server.expectBytes(url, bytes)
    },
  },
  ...[
    ['300 KB', 300_000],
    ['6 MiB', 6 * 2 ** 20],
  ].map(([size, length]) => ({
    section,
    level: 'client',
    what: `a body in chunks that is cut off when all ${size} have come, but not its end, loses none of them`,
    async run(server) {
      const bytes = sample(length)
      const url = await server.create(length)
      const exchange = server.begin('PATCH', url, { 'Upload-Offset': '0', ...contentType })
      await exchange.write(bytes)
      // For the server to read all of it, and then to keep it.
      await delay(500)
      exchange.cut()
      await delay(1000)
      await server.resume(url, bytes)
      await server.expectBytes(url, bytes)
    },
  })),
  {
    section,
    level: 'client',
    what: 'a cut body with a checksum leaves the offset as it was: not all of what the checksum is of has come',
    needs: 'checksum',
    async run(server) {
      const bytes = sample(200_000)
      const url = await server.create(bytes.length)
      const headers = { 'Upload-Offset': '0', 'Content-Length': String(bytes.length), ...contentType }
      const exchange = server.begin('PATCH', url, {
        ...headers,
        'Upload-Checksum': 'sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=',
      })
      await exchange.write(bytes.subarray(0, 100_000))
      await delay(200)
      exchange.cut()
      await delay(500)
      const offset = await server.settledOffset(url)
      expectThat(offset === 0, `the offset is ${offset}, not 0`)
    },
  },
  {
    section,
    level: 'MUST',
    what: 'an append that overlaps what is there, and goes on beyond it, is refused with 409, and changes nothing',
    async run(server) {
      const bytes = sample(20)
      const url = await server.create(20)
      await server.append(url, 0, bytes.subarray(0, 10))
      expectStatus(await server.patch(url, 5, sample(10, 2)), 409)
      await server.expectOffset(url, 10)
      await server.append(url, 10, bytes.subarray(10))
      await server.expectBytes(url, bytes)
    },
  },
  {
    section,
    level: 'client',
    what: 'a refusal because of the offset is 409, not another 4xx, also while the length is deferred',
    async run(server) {
      if (!server.offers('creation-defer-length')) throw new NotOffered('creation-defer-length')
      const url = await server.create(null)
      await server.append(url, 0, sample(5))
      const answer = await server.patch(url, 0, sample(5))
      expectStatus(answer, 409)
      const told = answer.header('Upload-Offset')
      if (told !== undefined) {
        expectThat(expectInteger(answer, 'Upload-Offset') === 5, `409 tells Upload-Offset: ${told}, not 5`)
      }
    },
  },
]
