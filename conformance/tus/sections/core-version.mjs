import { sample } from '../lib/bytes.mjs'
import { expectHeader, expectNoHeader, expectStatus, expectThat, expectValue } from '../lib/expect.mjs'

const section = '1.1.4 Core Protocol: Tus-Resumable'
const other = { 'Tus-Resumable': '9.9.9' }

/** @type {import('../lib/runner.mjs').Case[]} */
export const coreVersion = [
  {
    section,
    level: 'MUST',
    what: 'is 1.0.0 in answers to POST, HEAD and PATCH',
    async run(server) {
      const created = await server.post({ 'Upload-Length': '11' })
      const url = server.created(created)
      expectValue(created, 'Tus-Resumable', '1.0.0')
      expectValue(await server.head(url), 'Tus-Resumable', '1.0.0')
      expectValue(await server.append(url, 0, sample(11)), 'Tus-Resumable', '1.0.0')
    },
  },
  {
    section,
    level: 'MUST',
    what: 'is 1.0.0 in the answer to DELETE',
    needs: 'termination',
    async run(server) {
      const url = await server.create(11)
      expectValue(await server.request('DELETE', url), 'Tus-Resumable', '1.0.0')
    },
  },
  {
    section,
    level: 'MUST',
    what: 'is 1.0.0 in refusals: of an offset, a content type, a creation without length, another version, an unknown upload',
    async run(server) {
      const url = await server.create(11)
      const answers = [
        await server.patch(url, 5, sample(3)),
        await server.patch(url, 0, sample(3), { 'Content-Type': 'text/plain' }),
        await server.post({}),
        await server.patch(url, 0, sample(3), other),
        await server.head(elsewhere(url)),
      ]
      for (const answer of answers) {
        expectThat(answer.status >= 400, `${answer.request} answered ${answer.status}, no refusal`)
        expectValue(answer, 'Tus-Resumable', '1.0.0')
      }
    },
  },
  {
    section,
    level: 'MUST',
    what: 'another version in POST is refused with 412 and Tus-Version, and creates nothing',
    async run(server) {
      const answer = await server.post({ 'Upload-Length': '11', ...other })
      if (answer.status === 201) server.created(answer)
      expectUnsupported(answer)
      expectNoHeader(answer, 'Location')
    },
  },
  {
    section,
    level: 'MUST',
    what: 'another version in HEAD is refused with 412 and Tus-Version',
    async run(server) {
      const url = await server.create(11)
      expectUnsupported(await server.request('HEAD', url, { headers: other }))
    },
  },
  {
    section,
    level: 'MUST',
    what: 'another version in PATCH is refused with 412 and Tus-Version, and appends nothing',
    async run(server) {
      const url = await server.create(11)
      expectUnsupported(await server.patch(url, 0, sample(11), other))
      await server.expectOffset(url, 0)
    },
  },
  {
    section,
    level: 'MUST',
    what: 'another version in DELETE is refused with 412 and Tus-Version, and terminates nothing',
    needs: 'termination',
    async run(server) {
      const url = await server.create(11)
      expectUnsupported(await server.request('DELETE', url, { headers: other }))
      await server.expectOffset(url, 0)
    },
  },
  {
    section,
    level: 'client',
    what: 'a PATCH without it is refused with 412, and appends nothing',
    async run(server) {
      const url = await server.create(11)
      expectStatus(await server.patch(url, 0, sample(11), { 'Tus-Resumable': null }), 412)
      await server.expectOffset(url, 0)
    },
  },
  {
    section,
    level: 'client',
    what: 'a HEAD without it is refused with 412',
    async run(server) {
      const url = await server.create(11)
      expectStatus(await server.request('HEAD', url, { headers: { 'Tus-Resumable': null } }), 412)
    },
  },
  {
    section,
    level: 'client',
    what: 'a POST without it is refused with 412, and creates nothing',
    async run(server) {
      const answer = await server.post({ 'Upload-Length': '11', 'Tus-Resumable': null })
      if (answer.status === 201) server.created(answer)
      expectStatus(answer, 412)
    },
  },
]

function expectUnsupported(answer) {
  expectStatus(answer, 412)
  expectHeader(answer, 'Tus-Version')
}

/** The URL of an upload that was never created: this one's with other letters and digits at its end. */
export function elsewhere(url) {
  const last = url.lastIndexOf('/') + 1
  const id = url.slice(last).split('')
  for (const i of id.keys()) {
    if (i < id.length - 8) continue
    if (/[0-9]/.test(id[i])) id[i] = String((Number(id[i]) + 1) % 10)
    if (/[a-f]/.test(id[i])) id[i] = 'abcdefa'['abcdef'.indexOf(id[i]) + 1]
  }
  const other = url.slice(0, last) + id.join('')
  return other === url ? `${url.slice(0, last)}00000000000000000000000000000000` : other
}
