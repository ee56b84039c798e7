import { sample } from '../lib/bytes.mjs'
import {
  expectHeader,
  expectInteger,
  expectNoHeader,
  expectRefusal,
  expectStatus,
  expectThat,
  expectValue,
  NotOffered,
} from '../lib/expect.mjs'

const offsets = '1.1.1 Core Protocol: Upload-Offset'
const lengths = '1.1.2 Core Protocol: Upload-Length'
const versions = '1.1.3 Core Protocol: Tus-Version'
const extensions = '1.1.5 Core Protocol: Tus-Extension'
const maxSize = '1.1.6 Core Protocol: Tus-Max-Size'

const notIntegers = ['-1', '1.5', 'abc', '5abc', '0x5', '1e1', '']

/** @type {import('../lib/runner.mjs').Case[]} */
export const coreHeaders = [
  {
    section: offsets,
    level: 'MUST',
    what: 'tells it as a non-negative integer',
    async run(server) {
      const url = await server.create(11)
      expectInteger(await server.head(url), 'Upload-Offset')
      expectInteger(await server.append(url, 0, sample(5)), 'Upload-Offset')
    },
  },
  ...notIntegers.map((value) => ({
    section: offsets,
    level: 'MUST',
    what: `refuses a PATCH whose offset is ${value ? `"${value}"` : 'empty'}, and appends nothing`,
    async run(server) {
      const url = await server.create(11)
      // Where the value begins with a number, that number is the current offset.
      const before = /^[15]/.test(value) ? Number.parseInt(value, 10) : 0
      if (before > 0) await server.append(url, 0, sample(before))
      expectRefusal(await server.patch(url, 0, sample(3), { 'Upload-Offset': value }))
      await server.expectOffset(url, before)
    },
  })),
  {
    section: offsets,
    level: 'MUST',
    what: 'refuses a PATCH without it, and appends nothing',
    async run(server) {
      const url = await server.create(11)
      expectRefusal(await server.patch(url, 0, sample(11), { 'Upload-Offset': null }))
      await server.expectOffset(url, 0)
    },
  },
  {
    section: lengths,
    level: 'MUST',
    what: 'tells it as a non-negative integer',
    async run(server) {
      const url = await server.create(11)
      const length = expectInteger(await server.head(url), 'Upload-Length')
      expectThat(length === 11, `HEAD tells a length of ${length}, not 11`)
    },
  },
  ...notIntegers.map((value) => ({
    section: lengths,
    level: 'MUST',
    what: `refuses to create an upload whose length is ${value ? `"${value}"` : 'empty'}`,
    async run(server) {
      const answer = await server.post({ 'Upload-Length': value })
      if (answer.status === 201) server.created(answer)
      expectRefusal(answer)
      expectNoHeader(answer, 'Location')
    },
  })),
  {
    section: lengths,
    level: 'MUST',
    what: 'refuses a length beyond 2^53, or tells it to the last digit',
    async run(server) {
      const length = '9007199254740993'
      const answer = await server.post({ 'Upload-Length': length })
      if (answer.status !== 201) return expectRefusal(answer)
      expectValue(await server.head(server.created(answer)), 'Upload-Length', length)
    },
  },
  {
    section: versions,
    level: 'MUST',
    what: 'is a comma-separated list with 1.0.0 in it',
    async run(server) {
      expectHeader(server.options, 'Tus-Version')
      const listed = server.listed('Tus-Version')
      expectThat(listed.includes('1.0.0'), `Tus-Version: ${listed} has no 1.0.0`)
      for (const version of listed) {
        expectThat(/^\d+\.\d+\.\d+([-+].+)?$/.test(version), `Tus-Version: ${listed} has "${version}"`)
      }
    },
  },
  {
    section: extensions,
    level: 'MUST',
    what: 'is a comma-separated list, and is left out if there is nothing to list',
    async run(server) {
      if (server.options.header('Tus-Extension') === undefined) return
      for (const name of server.listed('Tus-Extension')) {
        expectThat(/^[!#$%&'*+.^_`|~\w-]+$/.test(name), `Tus-Extension has "${name}" in its list`)
      }
    },
  },
  {
    section: maxSize,
    level: 'MUST',
    what: 'is a non-negative integer',
    async run(server) {
      if (server.options.header('Tus-Max-Size') === undefined) throw new NotOffered('Tus-Max-Size')
      expectInteger(server.options, 'Tus-Max-Size')
    },
  },
  {
    section: maxSize,
    level: 'MUST',
    what: 'an upload of one byte more is refused with 413',
    async run(server) {
      if (server.options.header('Tus-Max-Size') === undefined) throw new NotOffered('Tus-Max-Size')
      const most = BigInt(expectHeader(server.options, 'Tus-Max-Size'))
      const answer = await server.post({ 'Upload-Length': String(most + 1n) })
      if (answer.status === 201) server.created(answer)
      expectStatus(answer, 413)
    },
  },
  {
    section: maxSize,
    level: 'MUST',
    what: 'a deferred length of one byte more is refused, and not taken',
    needs: 'creation-defer-length',
    async run(server) {
      if (server.options.header('Tus-Max-Size') === undefined) throw new NotOffered('Tus-Max-Size')
      const most = BigInt(expectHeader(server.options, 'Tus-Max-Size'))
      const url = await server.create(null)
      expectRefusal(await server.patch(url, 0, sample(5), { 'Upload-Length': String(most + 1n) }))
      expectNoHeader(await server.head(url), 'Upload-Length')
    },
  },
  {
    section: maxSize,
    level: 'SHOULD',
    what: 'is there if a length of 8 PiB is too large',
    async run(server) {
      const answer = await server.post({ 'Upload-Length': String(2 ** 53 - 1) })
      if (answer.status === 201) server.created(answer)
      if (answer.status === 413) expectHeader(server.options, 'Tus-Max-Size')
    },
  },
]
