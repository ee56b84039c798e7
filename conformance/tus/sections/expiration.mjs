import { setTimeout as delay } from 'node:timers/promises'
import { sample } from '../lib/bytes.mjs'
import { expectHeader, expectStatus, expectThat, NotOffered } from '../lib/expect.mjs'

const section = '2.3 Expiration'
const needs = 'expiration'

/** @type {import('../lib/runner.mjs').Case[]} */
export const expiration = [
  {
    section,
    level: 'MUST',
    what: 'is announced if it is there',
    async run(server) {
      const answers = [await server.post({ 'Upload-Length': '11' })]
      const url = server.created(answers[0])
      answers.push(await server.append(url, 0, sample(5)), await server.head(url))
      if (server.offers(needs)) return
      for (const answer of answers) {
        const told = answer.header('Upload-Expires')
        expectThat(!told, `${answer.request} has Upload-Expires, but Tus-Extension has no ${needs}`)
      }
    },
  },
  {
    section,
    level: 'MUST',
    what: 'each PATCH of an unfinished upload tells Upload-Expires',
    needs,
    async run(server) {
      const url = await expiring(server)
      for (const offset of [0, 5]) expectHeader(await server.append(url, offset, sample(5)), 'Upload-Expires')
    },
  },
  {
    section,
    level: 'MUST',
    what: 'POST tells Upload-Expires if it is known by then',
    needs,
    async run(server) {
      // A server that tells it of an upload that nothing was appended to yet knew it at the creation.
      const answer = await server.post({ 'Upload-Length': '11' })
      const head = await server.head(server.created(answer))
      if (head.header('Upload-Expires') === undefined && answer.header('Upload-Expires') === undefined) {
        throw new NotOffered('neither POST nor HEAD knows it')
      }
      expectHeader(answer, 'Upload-Expires')
    },
  },
  {
    section,
    level: 'MUST',
    what: 'Upload-Expires is an HTTP date, and not over yet',
    needs,
    async run(server) {
      const url = await expiring(server)
      const told = expectHeader(await server.append(url, 0, sample(5)), 'Upload-Expires')
      expectThat(new Date(told).toUTCString() === told, `Upload-Expires: ${told} is no HTTP date`)
      expectThat(Date.parse(told) > Date.now() - 1000, `Upload-Expires: ${told} is over`)
    },
  },
  {
    section,
    level: 'SHOULD',
    what: 'answers 404 or 410 to HEAD and PATCH of an upload that has expired',
    needs,
    async run(server) {
      const url = await expiring(server)
      const told = expectHeader(await server.append(url, 0, sample(5)), 'Upload-Expires')
      // Upload-Expires has no fractions of a second.
      const left = Date.parse(told) + 1500 - Date.now()
      if (left > server.settings.wait * 1000) {
        throw new NotOffered(
          `uploads expire in ${Math.ceil(left / 1000)} s; --wait allows ${server.settings.wait}`,
        )
      }
      await delay(left)
      expectStatus(await server.head(url), 404, 410)
      expectStatus(await server.patch(url, 5, sample(5)), 404, 410)
    },
  },
]

/** An upload of 20 bytes that is going to expire. */
async function expiring(server) {
  const url = await server.create(20)
  const probe = await server.create(20)
  const answers = [await server.head(probe), await server.append(probe, 0, sample(5))]
  if (answers.every((answer) => answer.header('Upload-Expires') === undefined)) {
    throw new NotOffered('no answer tells that an upload is going to expire')
  }
  return url
}
