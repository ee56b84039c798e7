import { sample } from '../lib/bytes.mjs'
import {
  expectHeader,
  expectNoHeader,
  expectRefusal,
  expectStatus,
  expectThat,
  expectValue,
} from '../lib/expect.mjs'

const section = '2.1 Creation'
const deferring = '2.1.1 Creation: Upload-Defer-Length'
const needs = 'creation-defer-length'

/** @type {import('../lib/runner.mjs').Case[]} */
export const creation = [
  {
    section,
    level: 'SHOULD',
    what: 'is offered',
    async run(server) {
      expectThat(server.offers('creation'), 'Tus-Extension has no creation')
    },
  },
  {
    section,
    level: 'MUST',
    what: 'is announced if it is there',
    async run(server) {
      const answer = await server.post({ 'Upload-Length': '11' })
      if (answer.status !== 201) return
      server.created(answer)
      expectThat(server.offers('creation'), 'POST answered 201, but Tus-Extension has no creation')
    },
  },
  {
    section,
    level: 'MUST',
    what: 'answers 201 with the Location of the upload, absolute or relative',
    async run(server) {
      const answer = await server.post({ 'Upload-Length': '11' })
      expectStatus(answer, 201)
      expectHeader(answer, 'Location')
      await server.expectOffset(server.created(answer), 0)
    },
  },
  {
    section,
    level: 'MUST',
    what: 'creates a new upload each time',
    async run(server) {
      const [first, second] = [await server.create(11), await server.create(11)]
      expectThat(first !== second, `two uploads were created at ${first}`)
      await server.append(first, 0, sample(5))
      await server.expectOffset(second, 0)
    },
  },
  {
    section,
    level: 'MUST',
    what: 'refuses to create an upload without Upload-Length and Upload-Defer-Length',
    async run(server) {
      const answer = await server.post({})
      if (answer.status === 201) server.created(answer)
      expectRefusal(answer)
      expectNoHeader(answer, 'Location')
    },
  },
  {
    section,
    level: 'MUST',
    what: 'an upload of 0 bytes is finished at once',
    async run(server) {
      const answer = await server.head(await server.create(0))
      expectStatus(answer, 200, 204)
      expectValue(answer, 'Upload-Offset', '0')
      expectValue(answer, 'Upload-Length', '0')
    },
  },
]

/** @type {import('../lib/runner.mjs').Case[]} */
export const creationDeferLength = [
  {
    section: deferring,
    level: 'MUST',
    what: 'is announced if it is there, and refused if it is not',
    async run(server) {
      const answer = await server.post({ 'Upload-Defer-Length': '1' })
      if (answer.status === 201) {
        server.created(answer)
        expectThat(server.offers(needs), `POST answered 201, but Tus-Extension has no ${needs}`)
      } else {
        expectThat(!server.offers(needs), `POST answered ${answer.status}, but Tus-Extension has ${needs}`)
        expectRefusal(answer)
      }
    },
  },
  {
    section: deferring,
    level: 'MUST',
    what: 'HEAD tells it as 1, and no Upload-Length, as long as the length is not known',
    needs,
    async run(server) {
      const url = await server.create(null)
      for (const offset of [0, 5]) {
        const answer = await server.head(url)
        expectValue(answer, 'Upload-Defer-Length', '1')
        expectNoHeader(answer, 'Upload-Length')
        if (offset === 0) await server.append(url, 0, sample(5))
      }
    },
  },
  {
    section: deferring,
    level: 'MUST',
    what: 'HEAD leaves it out if the length is known',
    async run(server) {
      expectNoHeader(await server.head(await server.create(11)), 'Upload-Defer-Length')
    },
  },
  {
    section: deferring,
    level: 'MUST',
    what: 'takes the length from a PATCH, tells it from then on, and no longer says that it is deferred',
    needs,
    async run(server) {
      const url = await server.create(null)
      await server.append(url, 0, sample(5), { 'Upload-Length': '11' })
      const answer = await server.head(url)
      expectValue(answer, 'Upload-Length', '11')
      expectNoHeader(answer, 'Upload-Defer-Length')
      await server.append(url, 5, sample(6))
      await server.expectOffset(url, 11)
    },
  },
  {
    section: deferring,
    level: 'MUST',
    what: 'a length that was deferred and is known does not change any more',
    needs,
    async run(server) {
      const url = await server.create(null)
      await server.append(url, 0, sample(5), { 'Upload-Length': '11' })
      await server.patch(url, 5, sample(6), { 'Upload-Length': '20' })
      expectValue(await server.head(url), 'Upload-Length', '11')
    },
  },
  {
    section: deferring,
    level: 'MUST',
    what: 'a length that was given at creation does not change any more',
    async run(server) {
      const url = await server.create(11)
      await server.patch(url, 0, sample(5), { 'Upload-Length': '20' })
      expectValue(await server.head(url), 'Upload-Length', '11')
    },
  },
  {
    section: deferring,
    level: 'client',
    what: 'refuses a length that is less than the bytes that are there, and the length stays open',
    needs,
    async run(server) {
      const url = await server.create(null)
      await server.append(url, 0, sample(5))
      expectRefusal(await server.patch(url, 5, Buffer.alloc(0), { 'Upload-Length': '3' }))
      const answer = await server.head(url)
      expectNoHeader(answer, 'Upload-Length')
      expectValue(answer, 'Upload-Offset', '5')
    },
  },
  {
    section: deferring,
    level: 'client',
    what: 'takes the length from a last PATCH of no bytes, as a client does whose file ends with a chunk',
    needs,
    async run(server) {
      const url = await server.create(null)
      await server.append(url, 0, sample(11))
      await server.append(url, 11, Buffer.alloc(0), { 'Upload-Length': '11' })
      expectValue(await server.head(url), 'Upload-Length', '11')
      await server.expectBytes(url, sample(11))
    },
  },
  ...['0', '2', 'true', ''].map((value) => ({
    section: deferring,
    level: 'SHOULD',
    what: `refuses ${value ? `"${value}"` : 'an empty value'} with 400, and creates nothing`,
    async run(server) {
      const answer = await server.post({ 'Upload-Defer-Length': value })
      if (answer.status === 201) server.created(answer)
      expectStatus(answer, 400)
    },
  })),
  {
    section: deferring,
    level: 'client',
    what: 'refuses a creation that tells a length and defers it',
    async run(server) {
      const answer = await server.post({ 'Upload-Length': '11', 'Upload-Defer-Length': '1' })
      if (answer.status === 201) server.created(answer)
      expectRefusal(answer)
    },
  },
]
