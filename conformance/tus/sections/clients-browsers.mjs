import { sample } from '../lib/bytes.mjs'
import { expectStatus, expectThat, NotOffered } from '../lib/expect.mjs'

const section = '3.4 Clients: web pages of another origin (CORS)'

/** What tus clients send from pages, beside what their extensions need. */
const sent = ['Tus-Resumable', 'Upload-Length', 'Upload-Metadata', 'Upload-Offset', 'Content-Type']
const sentBy = {
  'creation-defer-length': ['Upload-Defer-Length'],
  checksum: ['Upload-Checksum'],
  concatenation: ['Upload-Concat'],
}
const methods = ['POST', 'HEAD', 'PATCH']
/** What tus clients read from answers. */
const read = ['Location', 'Upload-Offset', 'Upload-Length']

/** @type {import('../lib/runner.mjs').Case[]} */
export const clientsBrowsers = [
  ...methods.map((method) => ({
    section,
    level: 'client',
    what: `the preflight of ${method} is allowed, without credentials and Tus-Resumable`,
    async run(server) {
      await expectAllowed(server, await targetOf(server, method), method, sent)
    },
  })),
  {
    section,
    level: 'client',
    what: 'the preflight of DELETE is allowed',
    needs: 'termination',
    async run(server) {
      await expectAllowed(server, await targetOf(server, 'DELETE'), 'DELETE', ['Tus-Resumable'])
    },
  },
  {
    section,
    level: 'client',
    what: 'the preflight allows Authorization and X-Requested-With',
    async run(server) {
      await expectAllowed(server, server.url, 'POST', ['Authorization', 'X-Requested-With', ...sent])
    },
  },
  {
    section,
    level: 'client',
    what: 'the preflight allows X-Request-ID, which clients send if they are told to',
    async run(server) {
      await expectAllowed(server, server.url, 'POST', ['X-Request-ID', ...sent])
    },
  },
  {
    section,
    level: 'client',
    what: 'the preflight of POST allows X-HTTP-Method-Override',
    async run(server) {
      await expectAllowed(server, await targetOf(server, 'PATCH'), 'POST', [
        'X-HTTP-Method-Override',
        ...sent,
      ])
    },
  },
  ...Object.entries(sentBy).map(([needs, names]) => ({
    section,
    level: 'client',
    what: `the preflight allows ${names}`,
    needs,
    async run(server) {
      await expectAllowed(server, server.url, 'POST', [...names, ...sent])
    },
  })),
  {
    section,
    level: 'client',
    what: `answers let the page read ${read.join(', ')}`,
    async run(server) {
      await expectCors(server)
      const created = await server.post({ 'Upload-Length': '11', Origin: server.settings.origin })
      const url = server.created(created)
      const head = await server.request('HEAD', url, { headers: { Origin: server.settings.origin } })
      expectExposed(server, created, ['Location'])
      expectExposed(server, head, ['Upload-Offset', 'Upload-Length'])
      const patched = await server.append(url, 0, sample(5), { Origin: server.settings.origin })
      expectExposed(server, patched, ['Upload-Offset'])
    },
  },
  {
    section,
    level: 'client',
    what: 'refusals let the page read their status',
    async run(server) {
      await expectCors(server)
      const { origin } = server.settings
      const url = await server.create(11)
      const answers = [
        await server.patch(url, 5, sample(3), { Origin: origin }),
        await server.patch(url, 0, sample(3), { Origin: origin, 'Content-Type': 'text/plain' }),
        await server.post({ Origin: origin }),
        await server.post({ Origin: origin, 'Upload-Length': '1', 'Tus-Resumable': '9.9.9' }),
      ]
      for (const answer of answers) {
        expectThat(answer.status >= 400, `${answer.request} answered ${answer.status}, no refusal`)
        expectAllowedOrigin(server, answer)
      }
    },
  },
]

async function targetOf(server, method) {
  return method === 'POST' ? server.url : server.create(11)
}

function asked(server, url, method, names) {
  return server.preflight(url, {
    Origin: server.settings.origin,
    'Access-Control-Request-Method': method,
    'Access-Control-Request-Headers': names
      .map((name) => name.toLowerCase())
      .sort()
      .join(','),
  })
}

async function expectAllowed(server, url, method, names) {
  await expectCors(server)
  const answer = await asked(server, url, method, names)
  expectStatus(answer, 200, 204)
  expectAllowedOrigin(server, answer)
  const methods = listed(answer, 'Access-Control-Allow-Methods')
  expectThat(methods.includes(method.toLowerCase()) || methods.includes('*'), `${method} is not allowed`)
  const allowed = listed(answer, 'Access-Control-Allow-Headers')
  // A wildcard covers all but Authorization.
  const missing = names
    .map((name) => name.toLowerCase())
    .filter((name) => !allowed.includes(name) && (name === 'authorization' || !allowed.includes('*')))
  expectThat(missing.length === 0, `the preflight of ${method} does not allow ${missing.join(', ')}`)
}

/** A server that allows no origin at all is not for web pages of another one. */
async function expectCors(server) {
  const answer = await asked(server, server.url, 'POST', ['Tus-Resumable'])
  if (answer.header('Access-Control-Allow-Origin') === undefined) {
    throw new NotOffered(`CORS for ${server.settings.origin}`)
  }
}

function expectAllowedOrigin(server, answer) {
  const origin = answer.header('Access-Control-Allow-Origin')
  expectThat(
    origin === '*' || origin === server.settings.origin,
    `${answer.request} answered ${answer.status} with Access-Control-Allow-Origin: ${origin ?? 'none'}`,
  )
}

function expectExposed(server, answer, names) {
  expectAllowedOrigin(server, answer)
  const exposed = listed(answer, 'Access-Control-Expose-Headers')
  const missing = names.filter((name) => !exposed.includes(name.toLowerCase()) && !exposed.includes('*'))
  expectThat(missing.length === 0, `${answer.request} does not expose ${missing.join(', ')}`)
}

function listed(answer, name) {
  return (answer.header(name) ?? '').toLowerCase().split(/\s*,\s*/)
}
