import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AwsClient } from 'aws4fetch'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  copyOfProject,
  freePort,
  isFree,
  NpmStart,
  patienceMs,
  processesIn,
  until,
} from './support/npm-start'

type Answer = { status: number; body: Body }
type Body = {
  fileId: string
  url: string
  uploadUrl: string
  s3Key: string
  s3Uri: string
  size?: number
  contentType: string
  expiresIn: number
  message: string
  files: { fileId: string; size: number }[]
  api_key: string
}

const mebibyte = 1024 ** 2
let folder = ''
let port = 0
let origin = ''
let key = ''
const started: NpmStart[] = []

beforeAll(async () => {
  folder = copyOfProject()
  port = await freePort()
  origin = `http://127.0.0.1:${port}`
})

afterAll(() => {
  for (const start of started) start.end()
  rmSync(folder, { recursive: true, force: true })
})

function start(environment: Record<string, string> = {}): NpmStart {
  const begun = new NpmStart(folder, port, environment)
  started.push(begun)
  return begun
}

async function call(method: string, path: string, json?: unknown, token = key): Promise<Answer> {
  const body = json === undefined ? null : typeof json === 'string' ? json : JSON.stringify(json)
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const response = await fetch(origin + path, { method, headers, body })
  return { status: response.status, body: (await response.json()) as Body }
}

const filesOf = (organization: string) => `/api/v3/organizations/${organization}/ai/files`
const files = filesOf('demo')

function upload(content: Uint8Array, contentType = 'text/plain', more: object = {}): Promise<Answer> {
  return call('POST', files, { content: Buffer.from(content).toString('base64'), contentType, ...more })
}

async function presign(contentType: string, size?: number): Promise<Body> {
  const { status, body } = await call('POST', files, { requestUploadUrl: true, contentType, size })
  expect(status).toBe(201)
  return body
}

async function put(
  url: string,
  contentType: string,
  body: string | Buffer<ArrayBuffer>,
  headers = {},
): Promise<number> {
  const response = await fetch(url, {
    method: 'PUT',
    headers: { 'content-type': contentType, ...headers },
    body,
  })
  await response.arrayBuffer()
  return response.status
}

async function download(url: string): Promise<{ status: number; bytes: Buffer }> {
  const response = await fetch(url)
  return { status: response.status, bytes: Buffer.from(await response.arrayBuffer()) }
}

/** Every key in the bucket, by asking the store past the gateway. */
async function keysInBucket(): Promise<string[]> {
  const store = new AwsClient({
    accessKeyId: 'slipway-local',
    secretAccessKey: 'slipway-local-secret',
    service: 's3',
    region: 'auto',
    retries: 0,
  })
  const response = await store.fetch(`${origin}/cdn-cgi/local/r2/s3/slipway?list-type=2`)
  const text = await response.text()
  expect(response.status, text).toBe(200)
  expect(text).toContain('<IsTruncated>false</IsTruncated>')
  return [...text.matchAll(/<Key>([^<]*)<\/Key>/g)].map((match) => match[1] ?? '')
}

/** No object came into the bucket that was not there before; the gateway may have deleted others meanwhile. */
async function expectNoneSince(before: string[]): Promise<void> {
  expect(before).toEqual(expect.arrayContaining(await keysInBucket()))
}

/** Where the bytes are put that will be at `s3Key`. */
function incomingKeyOf({ fileId }: Body): string {
  return `_incoming/demo/${fileId}`
}

/** Nothing came of the upload: no bytes in the bucket, and the file still waits for them. */
async function expectStillUploading(promised: Body): Promise<void> {
  const { fileId, s3Key } = promised
  const expectNothing = async () => {
    const keys = await keysInBucket()
    for (const key of [s3Key, incomingKeyOf(promised)]) expect(keys).not.toContain(key)
  }
  await expectNothing()
  expect(await call('GET', `${files}/${fileId}`)).toMatchObject({
    status: 404,
    body: { message: expect.stringContaining('still uploading') },
  })
  await expectNothing()
}

/** A file of another organization, with its key in the bucket: what an attacker would like to have. */
async function victim(content: string): Promise<string> {
  const rootKey = variable('ROOT_API_KEY')
  await call('PUT', '/v1/organizations/victim', { name: 'Victim' }, rootKey)
  const made = await call('POST', '/v1/api-keys', { organization: 'victim' }, rootKey)
  const stored = await call(
    'POST',
    filesOf('victim'),
    { content: Buffer.from(content).toString('base64'), contentType: 'text/plain' },
    made.body.api_key,
  )
  expect(stored.status).toBe(201)
  const victimKey = stored.body.s3Uri.replace('s3://slipway/', '')
  expect(await keysInBucket()).toContain(victimKey)
  return victimKey
}

/** Where the gateway's URLs of the store point. */
function storeOrigin(): string {
  return `http://localhost:${port}`
}

function stateFolder(): string {
  return join(folder, '.wrangler', 'state')
}

/** The rows of a statement on the local D1, past the gateway. */
function inDatabase(sql: string, options = { readOnly: true }): Record<string, unknown>[] {
  const kept = join(stateFolder(), 'v3', 'd1', 'miniflare-D1DatabaseObject')
  const file = readdirSync(kept).find((name) => /^[0-9a-f]{64}\.sqlite$/.test(name)) ?? ''
  const database = new DatabaseSync(join(kept, file), options)
  try {
    return database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }))
  } finally {
    database.close()
  }
}

function variable(name: string): string {
  const variables = readFileSync(join(folder, '.dev.vars'), 'utf8')
  return new RegExp(`^${name}=(\\S+)$`, 'm').exec(variables)?.[1] ?? ''
}

/** What the banner says after `label`. */
function printed(output: string, label: string): string {
  return new RegExp(`^ *${label} {2,}(\\S+)$`, 'm').exec(output)?.[1] ?? ''
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

describe('the first npm start', () => {
  let running: NpmStart
  let keptFileId = ''
  const kept = Buffer.from('kept from one start to the next\n')

  beforeAll(async () => {
    running = start()
    await running.running()
    key = printed(running.output, 'API key')
  })

  it('says where it is, for whom, and with which key', () => {
    expect(printed(running.output, 'URL')).toBe(origin)
    expect(printed(running.output, 'Organization')).toBe('demo')
    expect(key).toMatch(/^slip_[A-Za-z0-9]+_[\w-]{40,}$/)
  })

  it('makes secrets of its own, which no other user of the machine can read', () => {
    expect(variable('ROOT_API_KEY')).toMatch(/^[0-9a-f]{64}$/)
    expect(variable('SIGNING_SECRET')).toMatch(/^[0-9a-f]{64}$/)
    expect(variable('SIGNING_SECRET')).not.toBe(variable('ROOT_API_KEY'))
    expect(statSync(join(folder, '.dev.vars')).mode & 0o077).toBe(0)
    expect(running.output).not.toContain(variable('ROOT_API_KEY'))
    expect(running.output).not.toContain(variable('SIGNING_SECRET'))
  })

  it('allows pages of this machine, and says so and how others are allowed', async () => {
    expect(running.output).toContain('http://localhost:* and http://127.0.0.1:*')
    expect(running.output).toContain('CORS_ALLOWED_ORIGINS')
    const allowedTo = async (url: string, page: string) => {
      const headers = { origin: page, 'access-control-request-method': 'PUT' }
      const answer = await fetch(url, { method: 'OPTIONS', headers })
      return answer.headers.get('access-control-allow-origin')
    }
    for (const page of ['http://localhost:3000', 'http://localhost', 'http://127.0.0.1:5173'])
      expect(await allowedTo(origin + files, page)).toBe(page)
    expect(await allowedTo(`${storeOrigin()}/cdn-cgi/local/r2/s3/slipway/a`, 'http://localhost:3000')).toBe(
      '*',
    )
    for (const page of ['https://localhost:3000', 'https://app.example.com', 'null'])
      expect(await allowedTo(origin + files, page)).toBeNull()
  })

  it('is healthy', async () => {
    const answer = await fetch(`${origin}/health`)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual({ status: 'ok' })
  })

  it('serves the reference of all that it answers, for pages of every origin', async () => {
    const answer = await fetch(`${origin}/openapi.json`, { headers: { origin: 'https://docs.example.org' } })
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, '*'])
    expect(answer.headers.get('content-type')).toContain('application/json')
    expect(await answer.text()).toBe(readFileSync(join(folder, 'assets', 'openapi.json'), 'utf8'))
  })

  it('uploads a file by the curl it prints, run as printed', async () => {
    const command = /(?<=^Upload a file:\n\n)[\s\S]*?(?=\n\n)/m.exec(running.output)?.[0] ?? ''
    // Only curl's own settings are changed: to be silent and to tell the status.
    const settings = mkdtempSync(join(tmpdir(), 'slipway-curl-'))
    writeFileSync(join(settings, '.curlrc'), 'silent\nwrite-out = "\\n%{http_code}"\n')
    const env = { ...process.env, CURL_HOME: settings }
    const [answer = '', status] = execFileSync('bash', ['-c', command], { encoding: 'utf8', env }).split('\n')
    rmSync(settings, { recursive: true })
    expect(status).toBe('201')
    const file = JSON.parse(answer) as Body
    expect((await download(file.url)).bytes.toString()).toBe('Hello, Slipway!\n')
  })

  it('lists, shows, hands out and deletes a file', async () => {
    const content = randomBytes(1000)
    const filename = "a~b*c (1) 'quoted' ü+%.zip"
    const { status, body: made } = await upload(content, 'application/zip', { filename })
    expect(status).toBe(201)
    expect((await call('GET', files)).body.files).toContainEqual(
      expect.objectContaining({ fileId: made.fileId, filename, size: 1000 }),
    )
    const shown = await call('GET', `${files}/${made.fileId}`)
    expect(shown).toMatchObject({ status: 200, body: { filename, size: 1000, s3Uri: made.s3Uri } })
    for (const { url } of [made, shown.body])
      expect(await download(url)).toEqual({ status: 200, bytes: content })

    const objectKey = made.s3Uri.replace('s3://slipway/', '')
    expect(await keysInBucket()).toContain(objectKey)
    expect(await call('DELETE', `${files}/${made.fileId}`)).toMatchObject({ status: 200 })
    expect((await call('GET', `${files}/${made.fileId}`)).status).toBe(404)
    expect((await call('DELETE', `${files}/${made.fileId}`)).status).toBe(404)
    expect((await call('GET', files)).body.files.map((file) => file.fileId)).not.toContain(made.fileId)
    expect(await until(async () => !(await keysInBucket()).includes(objectKey), patienceMs)).toBe(true)
    expect((await download(shown.body.url)).status).toBe(404)
  })

  it('takes 7 MiB through the edge and gives the same bytes back', async () => {
    const content = randomBytes(7 * mebibyte)
    const { status, body } = await upload(content, 'application/zip')
    expect(status).toBe(201)
    expect(body.size).toBe(content.length)
    expect(sha256((await download(body.url)).bytes)).toBe(sha256(content))
  })

  it('refuses a byte more, and says what to use instead', async () => {
    const before = await keysInBucket()
    const { status, body } = await upload(randomBytes(7 * mebibyte + 1), 'application/zip')
    expect(status).toBe(413)
    expect(body.message).toContain('requestUploadUrl')
    await expectNoneSince(before)
  })

  it('takes base64 as PHP writes it into JSON, with every slash escaped', async () => {
    const content = Buffer.concat([Buffer.alloc(3000, 0xff), randomBytes(3000)])
    const json = JSON.stringify({ contentType: 'application/zip', content: content.toString('base64') })
    const { status, body } = await call('POST', files, json.replaceAll('/', '\\/'))
    expect(status).toBe(201)
    expect((await download(body.url)).bytes).toEqual(content)
  })

  it('has its store at another origin, so that redirects to it are followed without the credential', async () => {
    const { body } = await upload(Buffer.from('redirected'))
    const url = `${origin}/v1/files/file_${body.fileId.replaceAll('-', '')}/content`
    const authorization = `Bearer ${key}`
    const answer = await fetch(url, { headers: { authorization } })
    expect(answer.url.startsWith(`${storeOrigin()}/`)).toBe(true)
    expect(await answer.text()).toBe('redirected')
    const curl = ['--silent', '--fail', '--location', '--header', `Authorization: ${authorization}`, url]
    expect(execFileSync('curl', curl, { encoding: 'utf8' })).toBe('redirected')
  })

  describe('presigned uploads', () => {
    it('are in the list once their bytes came, though nothing is asked for but the list', async () => {
      const promised = await presign('text/plain', 10)
      expect(await put(promised.uploadUrl, 'text/plain', '0123456789')).toBe(200)
      const listed = async () =>
        (await call('GET', files)).body.files.some((file) => file.fileId === promised.fileId)
      expect(await until(listed, patienceMs)).toBe(true)
    })

    it.each([
      ['with a size', 'text/plain', 26],
      ['with a size and a parameter in the type', 'text/plain; charset=utf-8', 26],
      ['without a size', 'text/markdown', undefined],
    ])('%s work by a plain PUT, and the file is ready', async (_, contentType, size) => {
      const content = Buffer.from('abcdefghijklmnopqrstuvwxyz')
      const promised = await presign(contentType, size)
      await expectStillUploading(promised)
      expect(await put(promised.uploadUrl, contentType, content)).toBe(200)
      const { status, body } = await call('GET', `${files}/${promised.fileId}`)
      expect(status).toBe(200)
      expect(body).toMatchObject({ size: 26, contentType, s3Uri: `s3://slipway/${promised.s3Key}` })
      expect((await download(body.url)).bytes).toEqual(content)
    })

    it('take no bytes at all when none are promised', async () => {
      const promised = await presign('text/plain', 0)
      expect(await put(promised.uploadUrl, 'text/plain', '')).toBe(200)
      expect((await call('GET', `${files}/${promised.fileId}`)).body.size).toBe(0)
    })

    const stream = () => new Blob(['0123456789']).stream()

    it.each<[string, (promised: Body) => Promise<number>]>([
      ['a byte more', ({ uploadUrl }) => put(uploadUrl, 'text/plain', '0123456789x')],
      ['a byte less', ({ uploadUrl }) => put(uploadUrl, 'text/plain', '012345678')],
      ['no bytes', ({ uploadUrl }) => put(uploadUrl, 'text/plain', '')],
      ['another type', ({ uploadUrl }) => put(uploadUrl, 'text/html', '0123456789')],
      [
        'a parameter in the type',
        ({ uploadUrl }) => put(uploadUrl, 'text/plain; charset=utf-8', '0123456789'),
      ],
      [
        'no declared size',
        async ({ uploadUrl }) => {
          const headers = { 'content-type': 'text/plain' }
          const init = { method: 'PUT', headers, body: stream(), duplex: 'half' } as const
          return (await fetch(uploadUrl, init)).status
        },
      ],
      [
        'another signature',
        ({ uploadUrl }) =>
          put(
            uploadUrl.replace(
              /(X-Amz-Signature=)(.)/,
              (_, name, digit) => name + (digit === '0' ? '1' : '0'),
            ),
            'text/plain',
            '0123456789',
          ),
      ],
      [
        'a longer life',
        ({ uploadUrl }) =>
          put(uploadUrl.replace(/X-Amz-Expires=\d+/, 'X-Amz-Expires=9999'), 'text/plain', '0123456789'),
      ],
      [
        'fewer signed headers',
        ({ uploadUrl }) =>
          put(
            uploadUrl.replace(/X-Amz-SignedHeaders=[^&]+/, 'X-Amz-SignedHeaders=host'),
            'text/plain',
            '0123456789',
          ),
      ],
    ])('are refused by the store with %s', async (_, attempt) => {
      const promised = await presign('text/plain', 10)
      expect(await attempt(promised)).toBe(403)
      await expectStillUploading(promised)
    })

    it('are refused by the store under another key, and overwrite nothing there', async () => {
      const existing = await upload(Buffer.from('0123456789'))
      const existingKey = existing.body.s3Uri.replace('s3://slipway/', '')
      const promised = await presign('text/plain', 10)
      for (const other of [existingKey, promised.s3Key, `${incomingKeyOf(promised)}x`]) {
        expect(
          await put(promised.uploadUrl.replace(incomingKeyOf(promised), other), 'text/plain', 'attack here'),
        ).toBe(403)
        expect(
          await put(promised.uploadUrl.replace(incomingKeyOf(promised), other), 'text/plain', 'attacker!!'),
        ).toBe(403)
      }
      expect((await download(existing.body.url)).bytes.toString()).toBe('0123456789')
      await expectStillUploading(promised)
    })

    it('give no right to read or delete, nor a download URL one to write', async () => {
      const promised = await presign('text/plain', 10)
      await put(promised.uploadUrl, 'text/plain', '0123456789')
      const { body } = await call('GET', `${files}/${promised.fileId}`)
      for (const method of ['GET', 'DELETE', 'POST'])
        expect((await fetch(promised.uploadUrl, { method })).status).toBe(403)
      expect((await fetch(body.url, { method: 'DELETE' })).status).toBe(403)
      expect(await put(body.url, 'text/plain', 'overwrite!')).toBe(403)
      expect((await download(body.url)).bytes.toString()).toBe('0123456789')
    })

    it('change nothing about a file that is ready, though the store takes other bytes through its URL', async () => {
      const promised = await presign('text/plain', 10)
      await put(promised.uploadUrl, 'text/plain', '0123456789')
      expect((await call('GET', `${files}/${promised.fileId}`)).status).toBe(200)
      expect(await put(promised.uploadUrl, 'text/plain', 'other data')).toBe(200)
      const again = await call('GET', `${files}/${promised.fileId}`)
      expect((await download(again.body.url)).bytes.toString()).toBe('0123456789')
    })
  })

  describe('a presigned PUT with x-amz-copy-source added', () => {
    const secret = "the victim's 26 letters..."
    let victimKey = ''

    beforeAll(async () => {
      victimKey = await victim(secret)
    })

    it('has the header sealed here, because this store reads an absent one as empty', async () => {
      const { uploadUrl } = await presign('text/plain', 26)
      expect(new URL(uploadUrl).searchParams.get('X-Amz-SignedHeaders')).toBe(
        'content-length;content-type;host;x-amz-copy-source',
      )
    })

    const replace = { 'x-amz-metadata-directive': 'REPLACE' }

    it.each([
      ['sized', 26, 'slipway/', {}],
      ['sized', 26, 'slipway/', replace],
      ['sized', 26, '/slipway/', {}],
      ['unsized', undefined, 'slipway/', {}],
      ['unsized', undefined, 'slipway/', replace],
      ['unsized', undefined, '/slipway/', replace],
    ])(
      'is refused by the store and copies nothing: %s %s, from %s with %j',
      async (_, size, bucket, directive) => {
        const before = await keysInBucket()
        const promised = await presign('text/plain', size)
        const headers = { 'x-amz-copy-source': bucket + victimKey, ...directive }
        for (const body of size === undefined ? ['', 'x'.repeat(26)] : ['x'.repeat(26)])
          expect(await put(promised.uploadUrl, 'text/plain', body, headers)).toBe(403)
        await expectNoneSince(before)
        await expectStillUploading(promised)
        expect((await call('GET', files)).body.files.map((file) => file.fileId)).not.toContain(
          promised.fileId,
        )
      },
    )

    it('leaves the URL good for what it was made for', async () => {
      const promised = await presign('text/plain', 26)
      await put(promised.uploadUrl, 'text/plain', 'x'.repeat(26), {
        'x-amz-copy-source': `slipway/${victimKey}`,
      })
      expect(await put(promised.uploadUrl, 'text/plain', 'abcdefghijklmnopqrstuvwxyz')).toBe(200)
      const { body } = await call('GET', `${files}/${promised.fileId}`)
      expect((await download(body.url)).bytes.toString()).toBe('abcdefghijklmnopqrstuvwxyz')
    })
  })

  it('refuses to start a second time on its port, clearly and with exit code 1', async () => {
    const second = start()
    expect(await second.exit()).toBe(1)
    expect(second.output).toContain(`port ${port} is taken`)
    expect(second.output).toContain('PORT=')
    expect((await fetch(`${origin}/health`)).status).toBe(200)
  })

  it('refuses to start a second time over its state, and says who has it', async () => {
    const second = start({ PORT: String(await freePort()) })
    expect(await second.exit()).toBe(1)
    expect(second.output).toContain('is in use by another `npm start`')
    expect(second.output).toContain(origin)
    expect((await fetch(`${origin}/health`)).status).toBe(200)
  })

  it('logs no secret, key or presigned URL', async () => {
    keptFileId = (await upload(kept)).body.fileId
    // The banner is the one place that may show the key.
    const log = running.output.slice(running.output.indexOf('Ctrl-C stops it.'))
    expect(log).toContain('"event":"request"')
    for (const secret of [key, variable('ROOT_API_KEY'), variable('SIGNING_SECRET'), 'slipway-local-secret'])
      expect(log).not.toContain(secret)
    expect(log).not.toContain('X-Amz-Signature')
  })

  it('stops altogether by Ctrl-C, with the exit code of that and no word', async () => {
    const { output } = running
    running.signalGroup('SIGINT')
    expect([130, null]).toContain(await running.exit())
    expect(running.output.slice(output.length)).not.toMatch(/error|warn|crash/i)
    expect(await until(() => !running.isAlive() && processesIn(folder).length === 0, patienceMs)).toBe(true)
    expect(await isFree(port)).toBe(true)
  })

  it.each(['Slipway is starting.', 'wrangler', 'workerd', 'health'])(
    'stops altogether by Ctrl-C at any moment of its start: %s',
    async (moment) => {
      const early = start({ START_REPORT_MS: '20' })
      await until(
        () => early.output.includes(moment) || early.output.includes('Ctrl-C stops it.'),
        patienceMs,
      )
      early.signalGroup('SIGINT')
      expect([130, null]).toContain(await early.exit())
      expect(early.output).not.toMatch(/error|failed|crash/i)
      expect(await until(() => !early.isAlive() && processesIn(folder).length === 0, patienceMs)).toBe(true)
    },
  )

  it('gives up when it does not become healthy, and says what it waited for', async () => {
    const settings = join(folder, 'wrangler.toml')
    const before = readFileSync(settings, 'utf8')
    writeFileSync(settings, before.replace('binding = "DB"', 'binding = "OTHER"'))
    const begun = start({ START_TIMEOUT_SECONDS: '15', START_REPORT_MS: '1000' })
    expect(await begun.exit()).toBe(1)
    writeFileSync(settings, before)
    expect(begun.output).toMatch(/Slipway is starting: \d+ s, waiting for /)
    expect(begun.output).toContain('npm start: no start within 15 s: gave up waiting for ')
    expect(await until(() => processesIn(folder).length === 0, patienceMs)).toBe(true)
  })

  describe('and the next one, after a crash, with a new migration and no seal on the copy source', () => {
    const secret = "the victim's second secret"
    const newMigration = `CREATE TABLE notes (text TEXT); -- a note; of two parts
      CREATE TRIGGER notes_again AFTER INSERT ON notes WHEN new.text = 'a;b' BEGIN
        INSERT INTO notes VALUES ('first'); INSERT INTO notes VALUES ('second');
      END;
      INSERT INTO notes VALUES ('a;b');`
    let again: NpmStart
    let victimKey = ''

    beforeAll(async () => {
      const settings = join(folder, 'wrangler.toml')
      const changed = readFileSync(settings, 'utf8').replace(
        'S3_SEAL_COPY_SOURCE = "auto"',
        'S3_SEAL_COPY_SOURCE = "false"',
      )
      writeFileSync(settings, changed)
      const crashing = start()
      await crashing.running()
      crashing.signalGroup('SIGKILL')
      await crashing.exit()
      writeFileSync(join(folder, 'migrations', '9999_notes.sql'), newMigration)
      appendFileSync(join(folder, 'migrations', '0001_schema.sql'), '\n-- A comment makes no other schema.\n')
      again = start()
      await again.running()
      victimKey = await victim(secret)
    })

    it('keeps the key and the files', async () => {
      expect(printed(again.output, 'API key')).toBe(key)
      const { status, body } = await call('GET', `${files}/${keptFileId}`)
      expect(status).toBe(200)
      expect((await download(body.url)).bytes).toEqual(kept)
    })

    it('has the new migration, once', () => {
      expect(inDatabase("SELECT name FROM d1_migrations WHERE name LIKE '9999%'")).toHaveLength(1)
      expect(inDatabase('SELECT text FROM notes')).toEqual([
        { text: 'a;b' },
        { text: 'first' },
        { text: 'second' },
      ])
    })

    it('has its settings', async () => {
      const { uploadUrl } = await presign('text/plain', 26)
      expect(new URL(uploadUrl).searchParams.get('X-Amz-SignedHeaders')).toBe(
        'content-length;content-type;host',
      )
    })

    it.each([
      ['another size', 'text/plain', 10, {}, '26 bytes came, 10 were promised'],
      [
        'another size under the promised type',
        'text/plain',
        10,
        { 'x-amz-metadata-directive': 'REPLACE' },
        '26 bytes came, 10 were promised',
      ],
      [
        'another type',
        'text/markdown',
        26,
        {},
        'the stored Content-Type is text/plain, text/markdown was promised',
      ],
      [
        'another type and no promised size',
        'text/markdown',
        undefined,
        {},
        'the stored Content-Type is text/plain, text/markdown was promised',
      ],
    ])(
      'refuses a copy of %s when it looks at it, and deletes it',
      async (_, contentType, size, directive, reason) => {
        const promised = await presign(contentType, size)
        const headers = {
          'content-type': contentType,
          'x-amz-copy-source': `slipway/${victimKey}`,
          ...directive,
        }
        const body = 'x'.repeat(size ?? 0)
        const copied = await fetch(promised.uploadUrl, { method: 'PUT', headers, body })
        expect(await copied.text()).toContain('CopyObjectResult')
        const incoming = incomingKeyOf(promised)

        const refused = await call('GET', `${files}/${promised.fileId}`)
        expect(refused).toMatchObject({ status: 404, body: { message: expect.stringContaining(reason) } })
        expect(refused.body.url).toBeUndefined()
        expect(await until(async () => !(await keysInBucket()).includes(incoming), patienceMs)).toBe(true)
        expect((await call('GET', `${files}/${promised.fileId}`)).status).toBe(404)
        expect((await call('GET', files)).body.files.map((file) => file.fileId)).not.toContain(
          promised.fileId,
        )
      },
    )

    it('takes a changed configuration without a new start', async () => {
      const settings = join(folder, 'wrangler.toml')
      const changed = readFileSync(settings, 'utf8')
        .replace('UPLOAD_URL_TTL_SECONDS = "3600"', 'UPLOAD_URL_TTL_SECONDS = "1"')
        .replace('DOWNLOAD_URL_TTL_SECONDS = "3600"', 'DOWNLOAD_URL_TTL_SECONDS = "1"')
      writeFileSync(settings, changed)
      const isTaken = async () => {
        const asked = { requestUploadUrl: true, contentType: 'text/plain' }
        return (await call('POST', files, asked).catch(() => null))?.body.expiresIn === 1
      }
      expect(await until(isTaken, patienceMs)).toBe(true)
    })

    it('has URLs that the store refuses once they have expired', async () => {
      const promised = await presign('text/plain', 10)
      const { body } = await call('GET', `${files}/${keptFileId}`)
      await new Promise((resolve) => setTimeout(resolve, 2_100))
      expect(await put(promised.uploadUrl, 'text/plain', '0123456789')).toBe(403)
      expect((await download(body.url)).status).toBe(403)
      await expectStillUploading(promised)
    })

    it('stops altogether when only npm is told to', async () => {
      again.signalNpm('SIGTERM')
      expect([143, null]).toContain(await again.exit())
      expect(await until(() => !again.isAlive() && processesIn(folder).length === 0, patienceMs)).toBe(true)
      expect(await isFree(port)).toBe(true)
    })
  })

  describe('and one over a database that was made with another schema', () => {
    const schema = () => join(folder, 'migrations', '0001_schema.sql')

    it.each([
      [
        'the schema was edited in place',
        () => appendFileSync(schema(), 'CREATE TABLE more (id TEXT);'),
        '0001_schema.sql',
      ],
      [
        'the migrations were other ones',
        () =>
          inDatabase("UPDATE d1_migrations SET name = '0001_initial.sql' WHERE id = 1", { readOnly: false }),
        '0001_initial.sql',
      ],
    ])('says what to do, and ends: %s', async (_, change, named) => {
      change()
      const refused = start()
      expect(await refused.exit()).toBe(1)
      expect(refused.output).toContain(
        `another schema than migrations/ has now (by ${named}). Before the first release it is not converted: delete ${stateFolder()}, `,
      )
      expect(refused.output).not.toContain('Ctrl-C stops it.')
      expect(await until(() => processesIn(folder).length === 0, patienceMs)).toBe(true)
    })

    it('works once that is done', async () => {
      rmSync(stateFolder(), { recursive: true })
      const anew = start()
      await anew.running()
      expect(inDatabase("SELECT name FROM sqlite_master WHERE name = 'more'")).toHaveLength(1)
      anew.signalGroup('SIGINT')
      await anew.exit()
    })
  })
})
