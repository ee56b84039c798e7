import { sample } from '../lib/bytes.mjs'
import { checksum } from '../lib/checksums.mjs'
import { expectHeader, expectRefusal, expectStatus, expectThat, NotOffered } from '../lib/expect.mjs'
import { contentType } from '../lib/server.mjs'

const section = '2.4 Checksum'
const trailers = '2.4.1 Checksum Trailer'
const needs = 'checksum'
const bytes = sample(11)
const others = sample(11, 2)

/** What the server lists and this suite can compute. */
function algorithms(server) {
  const known = server.listed('Tus-Checksum-Algorithm').filter((name) => checksum(name, bytes))
  if (known.length === 0) throw new NotOffered('no algorithm that Node has')
  return known
}

/** @type {import('../lib/runner.mjs').Case[]} */
export const checksums = [
  {
    section,
    level: 'MUST',
    what: 'is announced if it is there',
    async run(server) {
      const url = await server.create(11)
      const answer = await server.patch(url, 0, bytes, { 'Upload-Checksum': checksum('sha1', others) })
      if (server.offers(needs)) return
      expectThat(answer.status !== 460, `a checksum was compared, but Tus-Extension has no ${needs}`)
    },
  },
  {
    section,
    level: 'MUST',
    what: 'OPTIONS lists Tus-Checksum-Algorithm',
    needs,
    async run(server) {
      expectHeader(server.options, 'Tus-Checksum-Algorithm')
      for (const name of server.listed('Tus-Checksum-Algorithm')) {
        expectThat(/^[!-~]+$/.test(name), `"${name}" is no name of an algorithm`)
      }
    },
  },
  {
    section,
    level: 'MUST',
    what: 'names of algorithms are ASCII without upper case',
    needs,
    async run(server) {
      for (const name of server.listed('Tus-Checksum-Algorithm')) {
        expectThat(!/[A-Z\x80-\uffff]/.test(name), `${name} is such a name`)
      }
    },
  },
  {
    section,
    level: 'MUST',
    what: 'sha1 is among them',
    needs,
    async run(server) {
      const listed = server.listed('Tus-Checksum-Algorithm')
      expectThat(listed.includes('sha1'), `Tus-Checksum-Algorithm: ${listed} has no sha1`)
    },
  },
  {
    section,
    level: 'MAY',
    what: 'answers 204 to bytes with their right checksum, of each algorithm',
    needs,
    async run(server) {
      for (const name of algorithms(server)) {
        const url = await server.create(11)
        const answer = await server.patch(url, 0, bytes, { 'Upload-Checksum': checksum(name, bytes) })
        expectThat(answer.status === 204, `${name}: PATCH answered ${answer.status}, not 204`)
        await server.expectOffset(url, 11)
      }
    },
  },
  {
    section,
    level: 'MUST',
    what: 'verifies, and discards bytes with a wrong checksum, of each algorithm: the offset stays, and the right bytes go on',
    needs,
    async run(server) {
      for (const name of algorithms(server)) {
        const url = await server.create(22)
        await server.append(url, 0, bytes)
        const answer = await server.patch(url, 11, others, { 'Upload-Checksum': checksum(name, bytes) })
        expectThat(answer.status >= 400, `${name}: PATCH answered ${answer.status}`)
        const offset = await server.offset(url)
        expectThat(offset === 11, `${name}: the offset is ${offset}, not 11`)
        await server.append(url, 11, others, { 'Upload-Checksum': checksum(name, others) })
        await server.expectBytes(url, Buffer.concat([bytes, others]))
      }
    },
  },
  {
    section,
    level: 'MAY',
    what: 'answers 460 to a wrong checksum, of each algorithm',
    needs,
    async run(server) {
      for (const name of algorithms(server)) {
        const url = await server.create(11)
        const answer = await server.patch(url, 0, others, { 'Upload-Checksum': checksum(name, bytes) })
        expectThat(answer.status === 460, `${name}: PATCH answered ${answer.status}, not 460`)
      }
    },
  },
  {
    section,
    level: 'MUST',
    what: 'discards bytes with a checksum of an unknown algorithm',
    needs,
    async run(server) {
      const url = await server.create(11)
      await server.patch(url, 0, bytes, { 'Upload-Checksum': 'rot13 q83vEjRWeJA=' })
      await server.expectOffset(url, 0)
    },
  },
  {
    section,
    level: 'MAY',
    what: 'answers 400 to an unknown algorithm',
    needs,
    async run(server) {
      const url = await server.create(11)
      const answer = await server.patch(url, 0, bytes, { 'Upload-Checksum': 'rot13 q83vEjRWeJA=' })
      expectStatus(answer, 400)
    },
  },
  ...[
    ['no checksum', 'sha1'],
    ['no algorithm', 'Kq5sNclPz7QV2+lfQIuc6R7oRu0='],
    ['a checksum that is no Base64', 'sha1 *?*?*?*?*?*?*?*?*?*?*?*?*?*='],
    ['a checksum of another length', 'sha1 Kq5sNclPz7QV'],
    ['an empty value', ''],
  ].map(([what, value]) => ({
    section,
    level: 'MUST',
    what: `refuses an Upload-Checksum with ${what}, and appends nothing`,
    needs,
    async run(server) {
      const url = await server.create(11)
      expectRefusal(await server.patch(url, 0, bytes, { 'Upload-Checksum': value }))
      await server.expectOffset(url, 0)
    },
  })),
  {
    section,
    level: 'client',
    what: 'verifies bytes that come in chunks, without Content-Length',
    needs,
    async run(server) {
      const [name] = algorithms(server)
      const url = await server.create(11)
      const chunks = [others.subarray(0, 4), others.subarray(4)]
      const wrong = await server.patch(url, 0, chunks, { 'Upload-Checksum': checksum(name, bytes) })
      expectRefusal(wrong)
      await server.expectOffset(url, 0)
      await server.append(url, 0, chunks, { 'Upload-Checksum': checksum(name, others) })
      await server.expectBytes(url, others)
    },
  },
]

/** @type {import('../lib/runner.mjs').Case[]} */
export const checksumTrailers = [
  {
    section: trailers,
    level: 'MUST',
    what: 'is announced if it is there',
    async run(server) {
      const answer = await trailing(server, await server.create(11), others, bytes)
      if (server.offers('checksum-trailer')) return
      expectThat(answer.status !== 460, 'a trailer was compared, but Tus-Extension has no checksum-trailer')
    },
  },
  {
    section: trailers,
    level: 'MUST',
    what: 'verifies bytes against the checksum that comes after them',
    needs: 'checksum-trailer',
    async run(server) {
      const url = await server.create(11)
      expectRefusal(await trailing(server, url, others, bytes))
      await server.expectOffset(url, 0)
      expectStatus(await trailing(server, url, bytes, bytes), 204)
      await server.expectOffset(url, 11)
    },
  },
]

/** Sends bytes, and after them the checksum of these or of other ones. */
function trailing(server, url, sent, promised) {
  return server.request('PATCH', url, {
    headers: { 'Upload-Offset': '0', Trailer: 'Upload-Checksum', ...contentType },
    chunks: [sent],
    trailers: { 'Upload-Checksum': checksum('sha1', promised) ?? '' },
  })
}
