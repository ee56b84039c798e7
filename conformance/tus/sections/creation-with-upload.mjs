import { sample } from '../lib/bytes.mjs'
import { checksum } from '../lib/checksums.mjs'
import { expectInteger, expectStatus, expectThat } from '../lib/expect.mjs'
import { contentType } from '../lib/server.mjs'

const section = '2.2 Creation With Upload'
const needs = 'creation-with-upload'

/** @type {import('../lib/runner.mjs').Case[]} */
export const creationWithUpload = [
  {
    section,
    level: 'MUST',
    what: 'is announced if it is there',
    async run(server) {
      const answer = await server.post({ 'Upload-Length': '11', ...contentType }, { body: sample(5) })
      if (answer.status !== 201 || server.offers(needs)) return
      const offset = await server.offset(server.created(answer))
      expectThat(offset === 0, `POST took ${offset} bytes, but Tus-Extension has no ${needs}`)
    },
  },
  {
    section,
    level: 'MUST',
    what: 'is announced only together with creation',
    needs,
    async run(server) {
      expectThat(server.offers('creation'), 'Tus-Extension has no creation')
    },
  },
  ...[
    ['a chunk', 5],
    ['the whole upload', 11],
  ].map(([what, length]) => ({
    section,
    level: 'MUST',
    what: `takes ${what}, and answers with Upload-Offset as HEAD tells it`,
    needs,
    async run(server) {
      const bytes = sample(11)
      const answer = await server.post(
        { 'Upload-Length': '11', ...contentType },
        { body: bytes.subarray(0, length) },
      )
      const url = server.created(answer)
      await server.expectOffset(url, expectInteger(answer, 'Upload-Offset'))
      await server.resume(url, bytes)
      await server.expectBytes(url, bytes)
    },
  })),
  {
    section,
    level: 'SHOULD',
    what: 'takes all bytes of 256 KiB',
    needs,
    async run(server) {
      const bytes = sample(2 ** 18)
      const answer = await server.post(
        { 'Upload-Length': String(bytes.length), ...contentType },
        { body: bytes },
      )
      const url = server.created(answer)
      const offset = expectInteger(answer, 'Upload-Offset')
      expectThat(offset === bytes.length, `POST took ${offset} of ${bytes.length} bytes`)
      await server.expectBytes(url, bytes)
    },
  },
  {
    section,
    level: 'SHOULD',
    what: 'takes no bytes of another Content-Type',
    needs,
    async run(server) {
      const headers = { 'Upload-Length': '11', 'Content-Type': 'text/plain' }
      const answer = await server.post(headers, { body: sample(5) })
      // As a PATCH is refused with 415; or the upload is created as by a POST without a body.
      if (answer.status === 201) await server.expectOffset(server.created(answer), 0)
      else expectStatus(answer, 415, 400)
    },
  },
  {
    section,
    level: 'MAY',
    what: 'Expect: 100-continue: takes the bytes',
    needs,
    async run(server) {
      const headers = {
        'Upload-Length': '11',
        'Content-Length': '11',
        Expect: '100-continue',
        ...contentType,
      }
      const exchange = server.begin('POST', server.url, headers)
      exchange.begin()
      await exchange.invited(1000)
      await exchange.write(sample(11))
      void exchange.end()
      await server.expectOffset(server.created(await exchange.answer), 11)
    },
  },
  {
    section,
    level: 'client',
    what: 'takes bytes in chunks, without Content-Length',
    needs,
    async run(server) {
      const bytes = sample(11)
      const answer = await server.post(
        { 'Upload-Length': '11', ...contentType },
        { chunks: [bytes.subarray(0, 4), bytes.subarray(4)] },
      )
      const url = server.created(answer)
      await server.expectOffset(url, 11)
      await server.expectBytes(url, bytes)
    },
  },
  {
    section,
    level: 'client',
    what: 'an upload of 0 bytes with the content type of a body is created and finished',
    needs,
    async run(server) {
      const answer = await server.post({ 'Upload-Length': '0', ...contentType }, { body: Buffer.alloc(0) })
      await server.expectOffset(server.created(answer), 0)
    },
  },
  {
    section,
    level: 'client',
    what: 'bytes of an upload whose length is deferred are taken',
    needs,
    async run(server) {
      const answer = await server.post({ 'Upload-Defer-Length': '1', ...contentType }, { body: sample(5) })
      if (!server.offers('creation-defer-length'))
        return expectThat(answer.status >= 400, 'POST was not refused')
      await server.expectOffset(server.created(answer), 5)
    },
  },
  {
    section,
    level: 'client',
    what: 'more bytes than the length are not taken beyond it',
    needs,
    async run(server) {
      const answer = await server.post({ 'Upload-Length': '5', ...contentType }, { body: sample(11) })
      expectThat(answer.status < 500, `POST answered ${answer.status}`)
      if (answer.status !== 201) return
      const offset = await server.offset(server.created(answer))
      expectThat(offset <= 5, `the offset is ${offset} of 5 bytes`)
    },
  },
  {
    section,
    level: 'client',
    what: 'bytes under a wrong Upload-Checksum are not taken',
    needs: 'checksum',
    async run(server) {
      const wrong = checksum('sha1', sample(5, 2))
      const headers = { 'Upload-Length': '11', 'Upload-Checksum': wrong, ...contentType }
      const answer = await server.post(headers, { body: sample(5) })
      if (answer.status === 201) await server.expectOffset(server.created(answer), 0)
      else expectStatus(answer, 460, 400)
    },
  },
]
