import { base64 } from '../lib/bytes.mjs'
import { expectNoHeader, expectRefusal, expectStatus, expectThat, expectValue } from '../lib/expect.mjs'

const section = '2.1.2 Creation: Upload-Metadata'

/** What a client may send, and must find again letter for letter. */
const wellFormed = [
  [
    "the two pairs of the protocol's example",
    'filename d29ybGRfZG9taW5hdGlvbl9wbGFuLnBkZg==,is_confidential',
  ],
  ['a value that is no ASCII', `filename ${base64('Übersicht – 世界 🎈.bin')}`],
  ['a key without value and without space', `filename ${base64('a.bin')},flag`],
  ['a key without value and with the space', `flag ,filename ${base64('a.bin')}`],
  [
    "keys in an order that is not the alphabet's",
    `zz ${base64('1')},filename ${base64('a.bin')},aa ${base64('2')}`,
  ],
  [
    'keys in upper and lower case',
    `Caption ${base64('1')},caption ${base64('2')},filename ${base64('a.bin')}`,
  ],
  ['keys of signs', `x-y_z.1 ${base64('1')},a/b:c ${base64('2')},filename ${base64('a.bin')}`],
  ['a value of 500 bytes', `filename ${base64('a.bin')},note ${base64('n'.repeat(500))}`],
  ['twelve pairs', Array.from({ length: 12 }, (_, i) => `k${i} ${base64(`v${i}`)}`).join(',')],
]

const malformed = [
  ['an empty pair', `filename ${base64('a.bin')},,b ${base64('b')}`],
  ['the same key twice', `a ${base64('1')},a ${base64('2')}`],
  ['a value that is no Base64', 'filename a*b?.bin'],
  ['two values for a key', `filename ${base64('a')} ${base64('b')}`],
]

/** @type {import('../lib/runner.mjs').Case[]} */
export const creationMetadata = [
  ...wellFormed.map(([what, value]) => ({
    section,
    level: 'MUST',
    what: `HEAD tells it as the client gave it: ${what}`,
    async run(server) {
      const url = await server.create(11, { 'Upload-Metadata': value })
      // More than once: some servers tell the pairs in another order each time.
      for (let i = 0; i < 5; i++) expectValue(await server.head(url), 'Upload-Metadata', value)
    },
  })),
  {
    section,
    level: 'MUST',
    what: 'HEAD tells it of a finished upload too',
    async run(server) {
      const value = `filename ${base64('a.bin')},purpose ${base64('conformance')}`
      const url = await server.create(0, { 'Upload-Metadata': value })
      expectValue(await server.head(url), 'Upload-Metadata', value)
    },
  },
  ...malformed.map(([what, value]) => ({
    section,
    level: 'SHOULD',
    what: `refuses what is malformed: ${what}`,
    async run(server) {
      const answer = await server.post({ 'Upload-Length': '11', 'Upload-Metadata': value })
      if (answer.status === 201) server.created(answer)
      expectRefusal(answer, `Upload-Metadata: ${value}`)
    },
  })),
  {
    section,
    level: 'SHOULD',
    what: 'values with line breaks become no headers',
    async run(server) {
      const smuggled = base64('a\r\nX-Smuggled: yes\r\n\r\n.bin')
      const metadata = `filename ${smuggled},filetype ${smuggled},name ${smuggled},type ${smuggled}`
      const answer = await server.post({ 'Upload-Length': '0', 'Upload-Metadata': metadata })
      expectNoHeader(answer, 'X-Smuggled')
      if (answer.status !== 201) return expectRefusal(answer)
      const url = server.created(answer)
      const head = await server.head(url)
      expectStatus(head, 200, 204)
      expectNoHeader(head, 'X-Smuggled')
      // Where bytes are read from elsewhere, the upload's own URL is not for reading.
      if (server.settings.download) return
      const read = await server.request('GET', url)
      expectNoHeader(read, 'X-Smuggled')
      expectThat(read.status < 500, `GET answered ${read.status}`)
    },
  },
]
