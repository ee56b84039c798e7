import { sample } from '../lib/bytes.mjs'
import { expectInteger, expectStatus, expectThat } from '../lib/expect.mjs'
import { contentType } from '../lib/server.mjs'

const section = '1.1.7 Core Protocol: X-HTTP-Method-Override'

/** A request whose method is said by its header. */
function overridden(server, actual, method, url, headers = {}, content = {}) {
  return server.request(actual, url, {
    headers: { 'X-HTTP-Method-Override': method, ...headers },
    ...content,
  })
}

/** @type {import('../lib/runner.mjs').Case[]} */
export const coreMethodOverride = [
  {
    section,
    level: 'MUST',
    what: 'a POST that says PATCH appends',
    async run(server) {
      const url = await server.create(11)
      const headers = { 'Upload-Offset': '0', ...contentType }
      const answer = await overridden(server, 'POST', 'PATCH', url, headers, { body: sample(11) })
      expectStatus(answer, 204)
      expectThat(
        expectInteger(answer, 'Upload-Offset') === 11,
        'the answer has another Upload-Offset than 11',
      )
      await server.expectOffset(url, 11)
    },
  },
  {
    section,
    level: 'MUST',
    what: 'a POST that says HEAD tells the offset',
    async run(server) {
      const url = await server.create(11)
      await server.append(url, 0, sample(5))
      const answer = await overridden(server, 'POST', 'HEAD', url)
      expectStatus(answer, 200, 204)
      expectThat(expectInteger(answer, 'Upload-Offset') === 5, 'the answer has another Upload-Offset than 5')
    },
  },
  {
    section,
    level: 'MUST',
    what: 'a POST that says DELETE terminates',
    needs: 'termination',
    async run(server) {
      const url = await server.create(11)
      expectStatus(await overridden(server, 'POST', 'DELETE', url), 204)
      expectStatus(await server.head(url), 404, 410, 403)
    },
  },
  {
    section,
    level: 'MUST',
    what: 'a PATCH that says HEAD appends nothing: the actual method is ignored',
    async run(server) {
      const url = await server.create(11)
      const headers = { 'Upload-Offset': '0', ...contentType }
      const answer = await overridden(server, 'PATCH', 'HEAD', url, headers, { body: sample(11) })
      await server.expectOffset(url, 0)
      expectStatus(answer, 200, 204)
    },
  },
  {
    section,
    level: 'MUST',
    what: 'a PUT that says PATCH appends: the actual method is ignored',
    async run(server) {
      const url = await server.create(11)
      const headers = { 'Upload-Offset': '0', ...contentType }
      expectStatus(await overridden(server, 'PUT', 'PATCH', url, headers, { body: sample(11) }), 204)
      await server.expectOffset(url, 11)
    },
  },
]
