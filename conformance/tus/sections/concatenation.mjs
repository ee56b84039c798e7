import { base64, sample } from '../lib/bytes.mjs'
import {
  expectHeader,
  expectInteger,
  expectNoHeader,
  expectRefusal,
  expectStatus,
  expectThat,
  expectValue,
} from '../lib/expect.mjs'
import { elsewhere } from './core-version.mjs'

const section = '2.6 Concatenation'
const needs = 'concatenation'

/** @type {import('../lib/runner.mjs').Case[]} */
export const concatenation = [
  {
    section,
    level: 'MUST',
    what: 'is announced if it is there',
    async run(server) {
      if (server.offers(needs)) return
      const answer = await server.post({ 'Upload-Length': '5', 'Upload-Concat': 'partial' })
      if (answer.status !== 201) return
      const told = (await server.head(server.created(answer))).header('Upload-Concat')
      expectThat(told === undefined, `HEAD has Upload-Concat, but Tus-Extension has no ${needs}`)
    },
  },
  {
    section,
    level: 'MUST',
    what: 'HEAD of a partial upload tells Upload-Offset, Upload-Length and Upload-Concat: partial',
    needs,
    async run(server) {
      const url = await server.create(5, { 'Upload-Concat': 'partial' })
      for (const offset of ['0', '5']) {
        const answer = await server.head(url)
        expectValue(answer, 'Upload-Offset', offset)
        expectValue(answer, 'Upload-Length', '5')
        expectValue(answer, 'Upload-Concat', 'partial')
        if (offset === '0') await server.append(url, 0, sample(5))
      }
    },
  },
  {
    section,
    level: 'MUST',
    what: 'the length of the final upload is the sum of its parts, and so is its offset',
    needs,
    async run(server) {
      const answer = await server.head(await final(server, await parts(server)))
      expectStatus(answer, 200, 204)
      for (const name of ['Upload-Length', 'Upload-Offset']) {
        expectThat(expectInteger(answer, name) === 12, `HEAD has ${name}: ${answer.header(name)}, not 12`)
      }
    },
  },
  {
    section,
    level: 'MUST',
    what: 'HEAD of a final upload tells Upload-Concat as it was received',
    needs,
    async run(server) {
      const value = `final;${(await parts(server)).join(' ')}`
      const url = server.created(await server.post({ 'Upload-Concat': value }))
      expectValue(await server.head(url), 'Upload-Concat', value)
    },
  },
  {
    section,
    level: 'MUST',
    what: 'parts are put together in the order of the list',
    needs,
    async run(server) {
      const [first, second] = await parts(server)
      await server.expectBytes(
        await final(server, [second, first]),
        Buffer.concat([sample(7, 2), sample(5, 1)]),
      )
    },
  },
  {
    section,
    level: 'MAY',
    what: 'URLs of parts may be relative',
    needs,
    async run(server) {
      const relative = (await parts(server)).map((url) => new URL(url).pathname)
      const url = await final(server, relative)
      await server.expectOffset(url, 12)
      await server.expectBytes(url, Buffer.concat([sample(5, 1), sample(7, 2)]))
    },
  },
  {
    section,
    level: 'MAY',
    what: 'the same part may come twice in one final upload',
    needs,
    async run(server) {
      const [first] = await parts(server)
      const url = await final(server, [first, first])
      await server.expectOffset(url, 10)
      await server.expectBytes(url, Buffer.concat([sample(5, 1), sample(5, 1)]))
    },
  },
  {
    section,
    level: 'MUST',
    what: 'metadata of the parts is not that of the final upload',
    needs,
    async run(server) {
      const metadata = `filename ${base64('part.bin')}`
      const part = await server.create(5, { 'Upload-Concat': 'partial', 'Upload-Metadata': metadata })
      await server.append(part, 0, sample(5))
      const own = `filename ${base64('whole.bin')}`
      const answer = await server.post({ 'Upload-Concat': `final;${part}`, 'Upload-Metadata': own })
      expectValue(await server.head(server.created(answer)), 'Upload-Metadata', own)
      expectNoHeader(await server.head(await final(server, [part])), 'Upload-Metadata')
    },
  },
  {
    section,
    level: 'MUST',
    what: 'refuses PATCH of a final upload with 403, and changes nothing',
    needs,
    async run(server) {
      const list = await parts(server)
      const url = await final(server, list)
      const answer = await server.patch(url, 12, sample(3))
      await server.expectOffset(url, 12)
      expectStatus(answer, 403)
    },
  },
  {
    section,
    level: 'client',
    what: 'refuses a final upload of a part that is not there',
    needs,
    async run(server) {
      const [first] = await parts(server)
      const answer = await server.post({ 'Upload-Concat': `final;${first} ${elsewhere(first)}` })
      if (answer.status === 201) server.created(answer)
      expectRefusal(answer)
    },
  },
  {
    section,
    level: 'MUST',
    what: 'concatenation of unfinished parts is announced if it is there, and refused if it is not',
    needs,
    async run(server) {
      const part = await server.create(5, { 'Upload-Concat': 'partial' })
      const answer = await server.post({ 'Upload-Concat': `final;${part}` })
      if (answer.status === 201) server.created(answer)
      if (server.offers('concatenation-unfinished')) expectHeader(answer, 'Location')
      else expectRefusal(answer)
    },
  },
  {
    section,
    level: 'SHOULD',
    what: 'HEAD of a final upload tells no Upload-Offset before its parts are finished, but its length',
    needs: 'concatenation-unfinished',
    async run(server) {
      const part = await server.create(5, { 'Upload-Concat': 'partial' })
      const url = await final(server, [part])
      const answer = await server.head(url)
      expectNoHeader(answer, 'Upload-Offset')
      expectValue(answer, 'Upload-Length', '5')
      await server.append(part, 0, sample(5))
      await server.settledOffset(url, 5)
    },
  },
]

/** Two finished partial uploads, of 5 and of 7 bytes. */
async function parts(server) {
  const urls = []
  for (const [length, seed] of [
    [5, 1],
    [7, 2],
  ]) {
    const url = await server.create(length, { 'Upload-Concat': 'partial' })
    await server.append(url, 0, sample(length, seed))
    urls.push(url)
  }
  return urls
}

async function final(server, urls) {
  return server.created(
    await server.post({ 'Upload-Concat': `final;${urls.join(' ')}`, 'Upload-Metadata': null }),
  )
}
