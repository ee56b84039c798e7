import { sample } from '../lib/bytes.mjs'
import { expectStatus, expectThat } from '../lib/expect.mjs'
import { elsewhere } from './core-version.mjs'

const section = '2.5 Termination'
const needs = 'termination'

/** @type {import('../lib/runner.mjs').Case[]} */
export const termination = [
  {
    section,
    level: 'MUST',
    what: 'is announced if it is there; if it is not, DELETE ends nothing',
    async run(server) {
      if (server.offers(needs)) return
      const url = await server.create(11)
      const answer = await server.request('DELETE', url)
      expectThat(answer.status >= 400, `DELETE answered ${answer.status}, but Tus-Extension has no ${needs}`)
      await server.expectOffset(url, 0)
    },
  },
  ...[
    ['a new', 0],
    ['an unfinished', 5],
    ['a finished', 11],
  ].map(([which, length]) => ({
    section,
    level: 'MUST',
    what: `answers 204 to DELETE of ${which} upload`,
    needs,
    async run(server) {
      const url = await server.create(11)
      if (length > 0) await server.append(url, 0, sample(length))
      expectStatus(await server.request('DELETE', url), 204)
    },
  })),
  ...['HEAD', 'PATCH', 'DELETE'].flatMap((method) =>
    [
      ['unfinished', 5],
      ['finished', 11],
    ].map(([which, length]) => ({
      section,
      level: 'SHOULD',
      what: `answers 404 or 410 to ${method} of ${which === 'finished' ? 'a' : 'an'} ${which} upload that was terminated`,
      needs,
      async run(server) {
        const url = await server.create(11)
        await server.append(url, 0, sample(length))
        expectStatus(await server.request('DELETE', url), 204)
        const answer =
          method === 'PATCH'
            ? await server.patch(url, length, sample(11 - length))
            : await server.request(method, url)
        expectStatus(answer, 404, 410)
      },
    })),
  ),
  {
    section,
    level: 'client',
    what: 'answers 404 or 410 to DELETE of an upload that is not there',
    needs,
    async run(server) {
      expectStatus(await server.request('DELETE', elsewhere(await server.create(11))), 404, 410)
    },
  },
]
