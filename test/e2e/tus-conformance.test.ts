import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { copyOfProject, freePort, NpmStart } from './support/npm-start'
import { type Habits, startSmallTusServer } from './support/small-tus-server'

interface Row {
  section: string
  level: 'MUST' | 'SHOULD' | 'MAY' | 'client'
  what: string
  result: 'pass' | 'fail' | 'not offered'
  reason?: string
}

/** What `npm run conformance:tus` prints and writes, and its exit code. */
async function run(args: string[], variables: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'tus-conformance-'))
  const json = join(folder, 'rows.json')
  const program = spawn(process.execPath, ['conformance/tus/run.mjs', ...args, '--json', json], {
    env: { ...process.env, ...variables },
  })
  let [stdout, stderr] = ['', '']
  program.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  program.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  try {
    const code = await new Promise((resolve) => program.on('close', resolve))
    const rows: Row[] = code === 2 ? [] : JSON.parse(readFileSync(json, 'utf8')).rows
    return { code, stdout, stderr, rows, failed: rows.filter(({ result }) => result === 'fail') }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** What the suite says of a server that is as it should be, but for this. */
async function runAgainst(unlike: Partial<Habits>, ...args: string[]) {
  const { url, stop } = await startSmallTusServer(unlike)
  try {
    return await run([url, ...args])
  } finally {
    stop()
  }
}

describe('npm run conformance:tus', () => {
  it('finds nothing wrong with a server that is as the protocol says', async () => {
    const { code, stdout, rows, failed } = await runAgainst({}, '--strict')
    expect(failed).toEqual([])
    expect(code, stdout).toBe(0)
    expect(rows.filter(({ result }) => result !== 'pass').map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^uploads expire in \d+ s; --wait allows 0$/),
      'concatenation-unfinished',
    ])
    expect(rows.length).toBeGreaterThan(180)
    expect(new Set(rows.map(({ section, what }) => section + what)).size).toBe(rows.length)
    expect(stdout).toMatch(/^The bytes of \d\d finished uploads were compared\.$/m)
  })

  it('waits for an upload to expire, if it may', async () => {
    const { rows } = await runAgainst({ lifetime: 4000 }, '--only', '2.3', '--wait', '10')
    expect(rows.map(({ result }) => result)).toEqual(rows.map(() => 'pass'))
    expect(rows.at(-1)?.what).toContain('that has expired')
  })

  it('reports what is not offered as such, and does not fail it', async () => {
    const bare: Partial<Habits> = {
      extensions: 'creation,creation-with-upload,creation-defer-length,expiration',
    }
    const { rows } = await runAgainst(bare, '--only', '2.')
    const reasons = new Set(rows.filter(({ result }) => result === 'not offered').map(({ reason }) => reason))
    expect([...reasons]).toEqual(
      expect.arrayContaining(['checksum', 'checksum-trailer', 'termination', 'concatenation']),
    )
  })

  // Each server is wrong in one way. The rows that fail in these sections are all named, by how they begin.
  const mistaken: [string, Partial<Habits>, string, string[]][] = [
    [
      'reads numbers loosely',
      { integer: (text) => Number.parseInt(text ?? '', 10) || 0 },
      '1.1.2',
      ['"1.5"', '"abc"', '"5abc"', '"0x5"', '"1e1"', 'empty'].map(
        (value) => `refuses to create an upload whose length is ${value}`,
      ),
    ],
    ['lists half a version', { versions: '1.0' }, '1.1.3', ['is a comma-separated list with 1.0.0 in it']],
    [
      'takes any version',
      { asksVersion: false },
      '1.1.4',
      [
        'is 1.0.0 in refusals',
        'another version in POST',
        'another version in HEAD',
        'another version in PATCH',
        'another version in DELETE',
        'a PATCH without it',
        'a HEAD without it',
        'a POST without it',
      ],
    ],
    ['does not tell its version when it refuses', { tellsVersion: false }, '1.1.4', ['is 1.0.0 in refusals']],
    [
      'ignores X-HTTP-Method-Override',
      { readsOverride: false },
      '1.1.7',
      ['a POST that says PATCH', 'a POST that says HEAD', 'a POST that says DELETE', 'a PATCH', 'a PUT'],
    ],
    ['lets HEAD be cached', { cacheControl: 'no-cache' }, '1.2.1', ['forbids to cache the answer']],
    [
      'takes any content type',
      { asksType: false },
      '1.2.2',
      ['refuses no Content-Type', 'refuses text/plain', 'refuses application/octet-stream'],
    ],
    [
      'takes any offset',
      { comparesOffset: false },
      '1.2.2',
      ['behind the current one', 'beyond the current one', 'behind that of a finished upload'].map(
        (where) => `refuses an offset ${where}`,
      ),
    ],
    [
      'stores other bytes',
      { stored: (bytes) => Buffer.from(bytes).reverse() },
      '3.1',
      [
        'takes a body in chunks, without',
        'takes a body in chunks for a part',
        'takes a body in chunks by a POST',
        'takes 100 appends',
        'takes appends of 1 byte',
        'takes 6 MiB',
        'takes no more bytes than the length has room for, with',
        'takes no more bytes than the length has room for, in',
        'takes no bytes after the end',
      ],
    ],
    [
      'lets the length change',
      { fixesLength: false },
      '2.1.1',
      ['a length that was deferred', 'a length that was given at creation'],
    ],
    [
      'puts metadata in order',
      {
        metadata: (given) => {
          const pairs = given.split(',')
          return pairs.some((pair) => !/^[^ ]+( [\w+/]*=*)?$/.test(pair)) || /^a .*,a /.test(given)
            ? null
            : pairs.sort().join(',')
        },
      },
      '2.1.2',
      [
        'HEAD tells it as the client gave it: a key without value and with the space',
        'HEAD tells it as the client gave it: keys in an order',
        'HEAD tells it as the client gave it: keys of signs',
        'HEAD tells it as the client gave it: twelve pairs',
      ],
    ],
    [
      'takes metadata as it comes',
      { metadata: (given) => given },
      '2.1.2',
      ['an empty pair', 'the same key twice', 'a value that is no Base64', 'two values'].map(
        (what) => `refuses what is malformed: ${what}`,
      ),
    ],
    [
      'announces one extension of eight',
      { extensions: 'creation' },
      '2',
      Array.from({ length: 7 }, () => 'is announced if it is there'),
    ],
    [
      'has no checksum of SHA-1',
      { algorithms: 'md5,SHA1' },
      '2.4 ',
      ['names of algorithms', 'sha1 is among them'],
    ],
    [
      'verifies no checksum',
      { comparesChecksum: false },
      '2.4',
      [
        'verifies, and discards',
        'answers 460',
        'refuses an Upload-Checksum with a checksum that is no Base64',
        'refuses an Upload-Checksum with a checksum of another length',
        'verifies bytes that come in chunks',
        'verifies bytes against the checksum that comes after them',
      ],
    ],
    [
      'keeps bytes whose checksum was wrong',
      { keepsOffsetOfWrongBytes: false },
      '2.4 ',
      [
        'verifies, and discards',
        'refuses an Upload-Checksum with a checksum that is no Base64',
        'refuses an Upload-Checksum with a checksum of another length',
        'verifies bytes that come in chunks',
      ],
    ],
    [
      'terminates nothing',
      { forgetsTerminated: false },
      '2.5',
      ['HEAD', 'HEAD', 'PATCH', 'PATCH', 'DELETE', 'DELETE'].map(
        (method) => `answers 404 or 410 to ${method} of`,
      ),
    ],
    [
      'puts parts together in another order',
      { order: (parts) => parts.reverse() },
      '2.6',
      ['parts are put together in the order', 'URLs of parts may be relative'],
    ],
    [
      'takes more bytes than the length',
      { comparesLength: false },
      '3.1',
      [
        'takes no more bytes than the length has room for, with',
        'takes no more bytes than the length has room for, in',
        'takes no bytes after the end',
      ],
    ],
    [
      'appends for two at once',
      { oneAppender: false, comparesLength: false },
      '3.3',
      [
        'of two appends at the same offset at once, no more than one is taken',
        'of two appends at once, the one',
      ],
    ],
    [
      'refuses a client that comes back',
      { takesOver: false },
      '3.3',
      ['a client that comes back while its old connection is open'],
    ],
    ['hides offsets from pages', { exposed: 'Location' }, '3.4', ['answers let the page read']],
  ]

  it.each(mistaken)('sees that a server %s', async (_, unlike, only, expected) => {
    const { failed } = await runAgainst(unlike, '--only', only)
    const begins = failed.map(({ what }, i) => what.slice(0, expected[i]?.length))
    expect(begins, JSON.stringify(failed)).toEqual(expected)
    for (const { reason } of failed) expect(reason).toMatch(/\w/)
  })

  it('exits with 1 after a MUST that failed, and says why', async () => {
    const { code, stdout } = await runAgainst({ cacheControl: 'no-cache' }, '--only', '1.2.1')
    expect(code).toBe(1)
    expect(stdout).toContain(
      '  ✗  MUST    forbids to cache the answer: Cache-Control: no-store\n' +
        '             HEAD has Cache-Control: no-cache\n',
    )
  })

  it('exits with 0 after another ✗, but with 1 if it is strict', async () => {
    const forgetful = { asksType: false }
    const args = ['--only', '1.2.2']
    expect((await runAgainst(forgetful, ...args)).code).toBe(0)
    expect((await runAgainst(forgetful, ...args, '--strict')).code).toBe(1)
  })

  it('sends headers of flags and of the environment, but with no preflight', async () => {
    const heard: { method: string; mine: unknown; ours: unknown }[] = []
    const answering = createServer(({ method = '', headers }, response) => {
      heard.push({ method, mine: headers['x-mine'], ours: headers['x-ours'] })
      response.setHeader('Tus-Version', '1.0.0')
      response.setHeader('Access-Control-Allow-Origin', '*')
      response.writeHead(method === 'POST' ? 201 : 204, { Location: '/upload' }).end()
    })
    await new Promise<void>((resolve) => answering.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(answering.address() as AddressInfo).port}/`
    try {
      await run([url, '--only', '3.4', '--header', 'X-Mine: 1'], { TUS_HEADERS: 'X-Ours: 2\n' })
    } finally {
      answering.closeAllConnections()
      answering.close()
    }
    const sent = { mine: '1', ours: '2' }
    expect(heard).toContainEqual({ method: 'POST', ...sent })
    expect(heard).toContainEqual({ method: 'OPTIONS', ...sent })
    expect(heard).toContainEqual({ method: 'OPTIONS', mine: undefined, ours: undefined })
    expect(heard.filter(({ mine }) => mine === undefined).every(({ method }) => method === 'OPTIONS')).toBe(
      true,
    )
  })

  it('exits with 2 when it cannot ask: no server, no credentials, or arguments that are none', async () => {
    const url = `http://127.0.0.1:${await freePort()}/`
    expect(await run([url])).toMatchObject({ code: 2, stderr: expect.stringContaining('ECONNREFUSED') })
    expect(await run([])).toMatchObject({ code: 2, stderr: expect.stringContaining('one URL is needed') })
    expect(await run([url, '--header', 'nonsense'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('"nonsense" is no header'),
    })
    let status = 401
    const refusing = createServer((_, response) => response.writeHead(status).end())
    await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve))
    const refused = `http://127.0.0.1:${(refusing.address() as AddressInfo).port}/`
    const asked = await run([refused])
    expect(asked).toMatchObject({ code: 2, stderr: expect.stringContaining('--header gives credentials') })
    status = 404
    expect(await run([refused])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there is no upload to try'),
    })
    refusing.closeAllConnections()
    refusing.close()
  })
})

describe('the gateway', () => {
  it('does all that the suite asks of what it offers', async () => {
    const project = copyOfProject()
    const port = await freePort()
    const gateway = new NpmStart(project, port)
    try {
      await gateway.running()
      const key = /^ *API key {2,}(\S+)$/m.exec(gateway.output)?.[1] ?? ''
      const url = `http://127.0.0.1:${port}`
      const { code, stdout, rows, failed } = await run([
        `${url}/tus`,
        ...['--header', `Authorization: Bearer ${key}`],
        ...['--download', `${url}/v1/files/{id}/content`],
        // `npm start` allows pages of localhost.
        ...['--origin', 'http://localhost:3000'],
        '--strict',
      ])
      expect(failed).toEqual([])
      expect(code, stdout).toBe(0)
      const reasons = new Set(rows.filter(({ result }) => result !== 'pass').map(({ reason }) => reason))
      expect([...reasons].sort()).toEqual([
        'checksum-trailer',
        'concatenation',
        'concatenation-unfinished',
        expect.stringMatching(/^uploads expire in \d+ s/),
      ])
      expect(stdout).toMatch(/^The bytes of \d\d finished uploads were compared\.$/m)
    } finally {
      gateway.end()
      rmSync(project, { recursive: true, force: true })
    }
  })
})
