import { setTimeout as delay } from 'node:timers/promises'
import { sample } from '../lib/bytes.mjs'
import { expectInteger, expectStatus, expectThat } from '../lib/expect.mjs'
import { contentType } from '../lib/server.mjs'

const section = '3.3 Clients: more than one request at once'
const half = 150_000
const length = 2 * half

/** Sends the first half of the upload, of a body that was announced as the whole of it, and leaves the connection open. */
async function appendHalf(server, url, bytes) {
  const headers = { 'Upload-Offset': '0', 'Content-Length': String(length), ...contentType }
  const exchange = server.begin('PATCH', url, headers)
  await exchange.write(bytes.subarray(0, half))
  await delay(200)
  return exchange
}

/** Sends the rest, and returns the answer; null if the server closed the connection, as it may. */
async function sendRest(exchange, bytes) {
  await exchange.write(bytes.subarray(half))
  void exchange.end()
  return orNull(exchange.answer)
}

function orNull(answer) {
  return answer.catch(() => null)
}

/** How many bytes the server says it has after an append that it took, if only a part of it; otherwise 0. */
function taken(answer) {
  return answer?.status === 204 ? expectInteger(answer, 'Upload-Offset') : 0
}

/** @type {import('../lib/runner.mjs').Case[]} */
export const clientsConcurrency = [
  {
    section,
    level: 'client',
    what: 'HEAD during an append is answered with an offset, no more than was sent',
    async run(server) {
      const bytes = sample(length)
      const url = await server.create(length)
      const exchange = await appendHalf(server, url, bytes)
      try {
        const answer = await server.head(url)
        expectStatus(answer, 200, 204)
        const offset = expectInteger(answer, 'Upload-Offset')
        expectThat(offset <= half, `HEAD tells ${offset}, but ${half} bytes were sent`)
      } finally {
        exchange.cut()
      }
    },
  },
  {
    section,
    level: 'client',
    what: 'the offset that HEAD tells during an append does not fall afterwards, whatever becomes of that append',
    async run(server) {
      const bytes = sample(length)
      const url = await server.create(length)
      const exchange = await appendHalf(server, url, bytes)
      const told = await server.settledOffset(url)
      const answer = await sendRest(exchange, bytes)
      const offset = await server.settledOffset(url)
      expectThat(offset >= told, `HEAD told ${told} during the append, and ${offset} after it`)
      expectThat(
        offset >= taken(answer),
        `PATCH answered with offset ${taken(answer)}, and HEAD tells ${offset}`,
      )
      await server.resume(url, bytes)
      await server.expectBytes(url, bytes)
    },
  },
  {
    section,
    level: 'client',
    what: 'a client that comes back while its old connection is open finishes the upload from the offset that HEAD tells',
    async run(server) {
      const bytes = sample(length)
      const url = await server.create(length)
      const lost = await appendHalf(server, url, bytes)
      try {
        await server.resume(url, bytes)
        await server.expectOffset(url, length)
        await server.expectBytes(url, bytes)
      } finally {
        lost.cut()
      }
    },
  },
  {
    section,
    level: 'MUST',
    what: 'of two appends at the same offset at once, no more than one is taken, and its bytes are those that are stored',
    async run(server) {
      const both = [sample(length, 1), sample(length, 2)]
      const url = await server.create(length)
      const first = await appendHalf(server, url, both[0])
      const second = orNull(server.patch(url, 0, both[1]))
      await delay(100)
      const told = [taken(await sendRest(first, both[0])), taken(await second)]
      expectThat(!(told[0] && told[1]), `both were taken: one up to ${told[0]}, the other up to ${told[1]}`)
      const offset = await server.settledOffset(url)
      const most = Math.max(...told)
      if (most === 0) return expectThat(offset <= length, `the offset is ${offset} of ${length}`)
      expectThat(offset === most, `one was taken up to ${most}, and HEAD tells ${offset}`)
      const winner = both[told.indexOf(most)]
      await server.resume(url, winner)
      await server.expectBytes(url, winner)
    },
  },
  {
    section,
    level: 'client',
    what: 'of two appends at once, the one that is refused gets 409 or 423, which clients try again after',
    async run(server) {
      const bytes = sample(length)
      const url = await server.create(length)
      const first = await appendHalf(server, url, bytes)
      const second = orNull(server.patch(url, 0, bytes))
      await delay(100)
      for (const answer of [await sendRest(first, bytes), await second]) {
        // A connection that is closed is tried again too.
        if (answer) expectStatus(answer, 204, 409, 423)
      }
      await server.resume(url, bytes)
    },
  },
  {
    section,
    level: 'MUST',
    what: 'of eight equal appends sent together, one is taken',
    async run(server) {
      const bytes = sample(5000)
      // More than once: where nothing keeps them apart, only some of them meet.
      for (let round = 0; round < 5; round++) {
        const url = await server.create(10_000)
        const answers = await Promise.all(Array.from({ length: 8 }, () => server.patch(url, 0, bytes)))
        const count = answers.filter(({ status }) => status === 204).length
        expectThat(count === 1, `${count} were answered with 204`)
        await server.expectOffset(url, 5000)
      }
    },
  },
  {
    section,
    level: 'MUST',
    what: 'eight uploads at once get their own bytes',
    async run(server) {
      await Promise.all(
        Array.from({ length: 8 }, async (_, i) => {
          const bytes = sample(20_000, i + 1)
          const url = await server.create(bytes.length)
          await server.append(url, 0, bytes.subarray(0, 7000))
          await server.append(url, 7000, bytes.subarray(7000))
          await server.expectBytes(url, bytes)
        }),
      )
    },
  },
]
