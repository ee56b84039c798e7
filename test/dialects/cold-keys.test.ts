import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { createDialects } from '../../src/dialects'
import { apiKeyToken } from '../support/api-keys'
import { helloUpload, keyIdOf, keysPath, uploadPath } from '../support/ctxfy'
import { boundary, cuadraPath, formBytes, plainId, textFile } from '../support/cuadra'
import { blobOf, blobsPath, directPath } from '../support/direct-upload'
import { filepond, filepondPath } from '../support/filepond'
import { grantsPath } from '../support/grants'
import { interceptBucket, interceptDatabase, recordCalls } from '../support/intercept'
import { captureLogs } from '../support/logs'
import { base64, filesPath } from '../support/quantcdn'
import { partialUpload, resumable, resumablePath } from '../support/resumable'
import { r2, startOver } from '../support/start-over'
import { offsetStream, tus, tusPath, version } from '../support/tus'
import {
  binary,
  gibibyte,
  put,
  putParts,
  textFile as textUpload,
  twoParts,
  uploadsPath,
} from '../support/uploads'
import { bodyOf, type CallInit, rootKey, rows, startWorker } from '../support/worker'

type Request = { method: string; path: string } & CallInit

/** An organization with a stored file, uploads whose bytes have come, one in parts, a blob and a second key. */
async function start() {
  const over = await startOver(r2)
  const { worker, token, api } = over
  // First, as a list settles the newest uploads.
  const appended = await tus(worker, token).begun(5)
  const portions = await resumable(worker, token).begun(5)
  const chunks = await filepond(worker, token).begun(5)
  const call = async (path: string, json: unknown) => bodyOf(await worker.call('POST', path, { token, json }))
  const { fileId } = await call(filesPath, { content: base64('known'), contentType: 'text/plain' })
  const file = `file_${fileId.replaceAll('-', '')}`
  await call(`${cuadraPath}/${file}/associations`, { resourceType: 'chat', resourceId: 'a' })
  const single = await api.inOne('hello')
  await put(single, 'hello')
  const parts = await api.inParts()
  const arrived = await api.inParts()
  const named = await putParts(arrived.parts, new Uint8Array(twoParts))
  const blob = await call(directPath, { blob: await blobOf('blob') })
  await put(blob.direct_upload, 'blob')
  const key = await call(keysPath, { scopes: ['files:read'] })
  const grant = await call(grantsPath, { maxBytes: 1 })
  await worker.call('POST', uploadsPath, { token: grant.token, json: { ...textUpload, size: 1 } })
  return {
    ...over,
    fileId,
    file,
    single,
    parts,
    arrived,
    named,
    blob,
    key,
    grant,
    appended,
    portions,
    chunks,
  }
}

type Started = Awaited<ReturnType<typeof start>>

const form = (text: string): CallInit => ({
  body: formBytes([textFile(text)]),
  headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
})
/** All bytes of an upload of five. */
const appending = (headers: Record<string, string>): CallInit => ({
  headers: { 'upload-offset': '0', 'content-type': offsetStream, 'content-length': '5', ...headers },
  body: 'hello',
})
const presigned = { requestUploadUrl: true, contentType: 'text/plain' }
const once = { 'idempotency-key': 'once' }

/** Every operation that an API key may be used for, and how often it goes to the database, after its answer included. */
const operations: Record<
  string,
  { trips: number; tripsVerified?: number; request: (made: Started) => Request | Promise<Request> }
> = {
  'quantcdn.uploadFile': {
    trips: 2,
    request: () => ({
      method: 'POST',
      path: filesPath,
      json: { content: base64('new'), contentType: 'text/plain' },
    }),
  },
  'quantcdn.uploadFile, known bytes': {
    trips: 2,
    request: () => ({
      method: 'POST',
      path: filesPath,
      json: { content: base64('known'), contentType: 'text/plain' },
    }),
  },
  'quantcdn.uploadFile, presigned': {
    trips: 1,
    request: () => ({ method: 'POST', path: filesPath, json: presigned, headers: once }),
  },
  'quantcdn.uploadFile, in parts': {
    trips: 2,
    request: () => ({ method: 'POST', path: filesPath, json: { ...presigned, size: 6 * gibibyte } }),
  },
  // Behind its answer a first page settles what has come, which are two files.
  'quantcdn.listFiles': {
    trips: 3,
    request: () => ({ method: 'GET', path: `${filesPath}?filter={"a":1}` }),
  },
  'quantcdn.getFile': {
    trips: 1,
    request: ({ fileId }) => ({ method: 'GET', path: `${filesPath}/${fileId}` }),
  },
  'quantcdn.getFile, that settles': {
    trips: 2,
    request: ({ single }) => ({ method: 'GET', path: `${filesPath}/${plainId(single.id)}` }),
  },
  'quantcdn.deleteFile': {
    trips: 1,
    request: ({ fileId }) => ({ method: 'DELETE', path: `${filesPath}/${fileId}` }),
  },
  'directUpload.createDirectUpload': {
    trips: 1,
    request: async () => ({
      method: 'POST',
      path: directPath,
      json: { blob: await blobOf('hello') },
      headers: once,
    }),
  },
  'directUpload.getBlob': {
    trips: 2,
    request: ({ blob }) => ({ method: 'GET', path: `${directPath}/${blob.signed_id}` }),
  },
  'directUpload.downloadBlob': {
    trips: 2,
    request: ({ blob }) => ({ method: 'GET', path: `${blobsPath}/${blob.signed_id}/a.txt` }),
  },
  'organizations.getOrganization': {
    trips: 1,
    request: () => ({ method: 'GET', path: '/v1/organizations/acme' }),
  },
  'cuadra.uploadFile': {
    trips: 2,
    request: () => ({ method: 'POST', path: cuadraPath, ...form('form') }),
  },
  'cuadra.uploadFile, with a key': {
    trips: 2,
    request: () => ({
      method: 'POST',
      path: cuadraPath,
      ...form('form'),
      headers: { ...form('').headers, ...once },
    }),
  },
  'cuadra.listFiles': {
    trips: 3,
    request: () => ({ method: 'GET', path: `${cuadraPath}?statusFilter=ready` }),
  },
  'cuadra.listFiles, nothing to look for': {
    trips: 0,
    request: () => ({ method: 'GET', path: `${cuadraPath}?statusFilter=processing` }),
  },
  'cuadra.getFile': {
    trips: 2,
    request: ({ file }) => ({ method: 'GET', path: `${cuadraPath}/${file}?expand=associations` }),
  },
  'cuadra.deleteFile': {
    trips: 1,
    request: ({ file }) => ({ method: 'DELETE', path: `${cuadraPath}/${file}` }),
  },
  'cuadra.getContent': {
    trips: 1,
    request: ({ file }) => ({ method: 'GET', path: `${cuadraPath}/${file}/content?redirect=false` }),
  },
  'cuadra.createLink': {
    trips: 1,
    request: ({ file }) => ({ method: 'POST', path: `${cuadraPath}/${file}/links`, json: {} }),
  },
  'cuadra.createLink, that settles': {
    trips: 2,
    request: ({ single }) => ({ method: 'POST', path: `${cuadraPath}/${single.id}/links`, json: {} }),
  },
  'cuadra.associateFile': {
    trips: 1,
    request: ({ file }) => ({
      method: 'POST',
      path: `${cuadraPath}/${file}/associations`,
      json: { resourceType: 'chat', resourceId: 'b' },
    }),
  },
  'cuadra.dissociateFile': {
    trips: 1,
    request: ({ file }) => ({ method: 'DELETE', path: `${cuadraPath}/${file}/associations/chat/a` }),
  },
  'uploads.createUpload': {
    trips: 1,
    request: () => ({ method: 'POST', path: uploadsPath, json: { ...textUpload, size: 5 }, headers: once }),
  },
  'uploads.createUpload, in parts': {
    trips: 2,
    request: () => ({
      method: 'POST',
      path: uploadsPath,
      json: { ...binary, size: twoParts, multipart: true },
    }),
  },
  'uploads.getUpload': {
    trips: 1,
    request: ({ parts }) => ({ method: 'GET', path: `${uploadsPath}/${parts.id}` }),
  },
  'uploads.abortUpload': {
    trips: 3,
    request: ({ arrived }) => ({ method: 'DELETE', path: `${uploadsPath}/${arrived.id}` }),
  },
  'uploads.signParts': {
    trips: 1,
    request: ({ parts }) => ({
      method: 'POST',
      path: `${uploadsPath}/${parts.id}/parts`,
      json: { partNumbers: [1, 2] },
    }),
  },
  'uploads.listParts': {
    trips: 1,
    request: ({ parts }) => ({ method: 'GET', path: `${uploadsPath}/${parts.id}/parts` }),
  },
  'uploads.completeUpload': {
    trips: 2,
    request: ({ arrived, named }) => ({
      method: 'POST',
      path: `${uploadsPath}/${arrived.id}/complete`,
      json: { parts: named },
    }),
  },
  'ctxfy.createUpload': {
    trips: 1,
    request: () => ({ method: 'POST', path: uploadPath, json: helloUpload, headers: once }),
  },
  'ctxfy.createApiKey': {
    trips: 1,
    request: () => ({ method: 'POST', path: keysPath, json: { name: 'ci' }, headers: once }),
  },
  'ctxfy.listApiKeys': { trips: 1, request: () => ({ method: 'GET', path: keysPath }) },
  'ctxfy.revokeApiKey': {
    trips: 1,
    request: ({ key }) => ({ method: 'DELETE', path: `${keysPath}/${key.id}` }),
  },
  'tus.getLimits': {
    trips: 1,
    tripsVerified: 0,
    request: () => ({ method: 'GET', path: tusPath }),
  },
  'tus.createUpload': {
    trips: 1,
    request: () => ({ method: 'POST', path: tusPath, headers: { ...version, 'upload-length': '5' } }),
  },
  'tus.getOffset': {
    trips: 1,
    request: ({ appended }) => ({ method: 'HEAD', path: appended, headers: version }),
  },
  'tus.appendBytes': {
    trips: 2,
    request: ({ appended }) => ({ method: 'PATCH', path: appended, ...appending(version) }),
  },
  'tus.endUpload': {
    trips: 4,
    request: ({ appended }) => ({ method: 'DELETE', path: appended, headers: version }),
  },
  'resumable.createUpload': {
    trips: 2,
    request: () => ({
      method: 'POST',
      path: resumablePath,
      body: 'hello',
      headers: { 'content-length': '5' },
    }),
  },
  'resumable.getOffset': { trips: 1, request: ({ portions }) => ({ method: 'GET', path: portions }) },
  'resumable.appendBytes': {
    trips: 2,
    request: ({ portions }) => ({
      method: 'PATCH',
      path: portions,
      ...appending({ 'upload-complete': '?1', 'content-type': partialUpload }),
    }),
  },
  'resumable.cancelUpload': {
    trips: 5,
    request: ({ portions }) => ({ method: 'DELETE', path: portions }),
  },
  'filepond.storeFile': {
    trips: 1,
    request: () => ({ method: 'POST', path: filepondPath, headers: { 'upload-length': '5' } }),
  },
  'filepond.getOffset': {
    trips: 1,
    request: ({ chunks }) => ({ method: 'HEAD', path: `${filepondPath}?patch=${chunks}` }),
  },
  'filepond.appendChunk': {
    trips: 2,
    request: ({ chunks }) => ({ method: 'PATCH', path: `${filepondPath}?patch=${chunks}`, ...appending({}) }),
  },
  'filepond.loadFile': {
    trips: 1,
    request: ({ file }) => ({ method: 'GET', path: `${filepondPath}?load=${file}` }),
  },
  'filepond.revertFile': {
    trips: 2,
    request: ({ file }) => ({ method: 'DELETE', path: filepondPath, body: file }),
  },
  'grants.createGrant': {
    trips: 1,
    tripsVerified: 0,
    request: () => ({ method: 'POST', path: grantsPath, json: { maxBytes: 1 } }),
  },
  'grants.listGrants': { trips: 1, request: () => ({ method: 'GET', path: grantsPath }) },
  'grants.getGrant': {
    trips: 1,
    request: ({ grant }) => ({ method: 'GET', path: `${grantsPath}/${grant.id}` }),
  },
  'grants.revokeGrant': {
    trips: 1,
    request: ({ grant }) => ({ method: 'DELETE', path: `${grantsPath}/${grant.id}` }),
  },
}
const cases = Object.entries(operations).map(([name, { trips, tripsVerified = trips, request }]) => ({
  ...{ name, trips, tripsVerified, request },
}))

/** An isolate that has not seen any key, whose calls of database and bucket are recorded. */
function coldIsolate() {
  const [database, bucket] = [recordCalls(), recordCalls()]
  const worker = startWorker({
    DB: interceptDatabase(env.DB, database),
    BUCKET: interceptBucket(env.BUCKET, bucket),
  })
  const send = ({ method, path, ...init }: Request, token: string) =>
    worker.call(method, path, { ...init, token })
  return { worker, database, bucket, send }
}

const tables = [
  ...['organizations', 'api_keys', 'files', 'contents', 'uploads', 'metadata_terms', 'associations'],
  'grants',
]
const memories = ['idempotency_records', 'object_deletions']

/** All that is in the database and in the bucket. */
async function everything() {
  const read = [...tables, ...memories].map(async (table) => rows(`SELECT * FROM ${table} ORDER BY 1, 2`))
  const { objects } = await env.BUCKET.list()
  return { rows: await Promise.all(read), objects: objects.map(({ key, etag }) => ({ key, etag })) }
}

describe('the operations of this test', () => {
  it('are all that an API key may be used for', () => {
    const settings = {
      ...{ quantcdnExtraContentTypes: [], cuadraExtraContentTypes: [] },
      ...{ publicBaseUrl: null, storeOrigin: 'https://store.example.com' },
    }
    const open = Object.entries(createDialects(settings)).flatMap(([dialect, { operations }]) =>
      // Under a grant's own address there is no key.
      (dialect === 'grantHolder' ? [] : operations)
        .filter(({ access }) => access !== 'public' && access !== 'root')
        .map(({ name }) => `${dialect}.${name}`),
    )
    expect(new Set(cases.map(({ name }) => name.replace(/,.*/, '')))).toEqual(new Set(open))
  })
})

describe('a key that this isolate has not verified', () => {
  it.each(cases)(
    'costs $name no round trip to the database, and lets it work',
    async ({ trips, request }) => {
      const started = await start()
      const { database, send } = coldIsolate()
      const answer = await send(await request(started), started.token)
      expect(answer.status).toBeLessThan(400)
      await answer.arrayBuffer()
      // Where nothing else asks the database, it is asked about the key alone.
      expect(database.names).toHaveLength(Math.max(1, trips))
    },
  )

  it.each(cases)('costs $name what a verified one does', async ({ tripsVerified, request }) => {
    const started = await start()
    const { database, send } = coldIsolate()
    await send({ method: 'GET', path: '/v1/organizations/acme' }, started.token)
    database.names.length = 0
    const answer = await send(await request(started), started.token)
    expect(answer.status).toBeLessThan(400)
    await answer.arrayBuffer()
    expect(database.names).toHaveLength(tripsVerified)
  })

  it('is verified by the first batch: for 30 s nothing more is asked', async () => {
    const { token } = await start()
    const { database, send } = coldIsolate()
    const nothing = { method: 'GET', path: `${cuadraPath}?statusFilter=processing` }
    await send({ method: 'GET', path: cuadraPath }, token)
    database.names.length = 0
    expect((await send(nothing, token)).status).toBe(200)
    expect(database.names).toEqual([])
  })

  it.each([
    ['a request that is wrong', 400, { method: 'POST', path: uploadsPath, json: {} }],
    ['a path that is not there', 404, { method: 'GET', path: `${uploadsPath}/x/y/z` }],
    ['a method that is not there', 405, { method: 'PUT', path: uploadsPath }],
    ['another organization', 403, { method: 'GET', path: filesPath.replace('acme', 'other') }],
  ])('is asked about before %s is answered, and is verified then', async (_, status, request) => {
    const { token } = await start()
    const { database, send } = coldIsolate()
    for (const expected of [1, 0]) {
      database.names.length = 0
      expect((await send(request, token)).status).toBe(status)
      expect(database.names).toHaveLength(expected)
    }
  })

  it('is asked about anew when the batch with the question fails', async () => {
    captureLogs()
    const { token } = await start()
    const { database, send } = coldIsolate()
    database.decide = () => 'before'
    const list = { method: 'GET', path: keysPath }
    expect((await send(list, token)).status).toBe(500)
    // The answer says that the database failed: it is not asked again before.
    expect(database.names).toHaveLength(1)
    database.decide = () => 'none'
    await rows('UPDATE api_keys SET revoked_at = 1')
    expect((await send(list, token)).status).toBe(401)
  })

  it('is asked about anew where the first batch was refused for something else', async () => {
    const { worker, token } = await start()
    await worker.call('PUT', '/v1/organizations/acme', {
      token: rootKey,
      json: { name: 'a', quotaBytes: twoParts * 4 },
    })
    const { database, send } = coldIsolate()
    const large = { method: 'POST', path: uploadsPath, json: { ...textUpload, size: gibibyte } }
    expect((await send(large, token)).status).toBe(402)
    expect(database.names).toHaveLength(2)
    expect((await send(large, token)).status).toBe(402)
    expect(database.names).toHaveLength(3)
  })
})

describe('a key that the database refuses', () => {
  const refuse: Record<string, string> = {
    'The token is revoked': 'UPDATE api_keys SET revoked_at = 1 WHERE id = ?1',
    'The token is expired': 'UPDATE api_keys SET expires_at = 1 WHERE id = ?1',
    'The token is invalid': `UPDATE api_keys SET secret_sha256 = 'another' WHERE id = ?1`,
  }

  it('has no effect and gets no answer, whatever it asks for, in an isolate that does not know it', async () => {
    const logs = captureLogs()
    const started = await start()
    await rows('UPDATE api_keys SET revoked_at = 1 WHERE id = ?1', keyIdOf(started.token))
    const requests = await Promise.all(
      cases.map(async ({ name, request }) => ({ name, request: await request(started) })),
    )
    started.asked.length = 0
    const before = await everything()
    for (const { name, request } of requests) {
      const { database, bucket, send } = coldIsolate()
      const answer = await send(request, started.token)
      expect(answer.status, name).toBe(401)
      expect(answer.headers.get('www-authenticate'), name).toBe('Bearer error="invalid_token"')
      for (const header of ['location', 'etag', 'allow', 'retry-after', 'content-disposition'])
        expect(answer.headers.has(header), `${header} of ${name}`).toBe(false)
      expect(await answer.text(), name).not.toMatch(/X-Amz|signed|size/i)
      expect(database.names, name).toEqual(['batch'])
      expect(bucket.names, name).toEqual([])
      expect(await everything(), name).toEqual(before)
    }
    expect(started.asked).toEqual([])
    expect(logs.events().filter(({ event }) => event !== 'request')).toEqual([])
  })

  it.each(Object.entries(refuse))('is told why: %s', async (message, sql) => {
    const { token, fileId } = await start()
    await rows(sql, keyIdOf(token))
    const before = await everything()
    const { send } = coldIsolate()
    for (let time = 0; time < 2; time++) {
      const answer = await send({ method: 'DELETE', path: `${filesPath}/${fileId}` }, token)
      expect([answer.status, (await bodyOf(answer)).message]).toEqual([401, message])
    }
    expect(await everything()).toEqual(before)
  })

  it('gets 401 in place of any other answer', async () => {
    const { token } = await start()
    await rows('UPDATE api_keys SET revoked_at = 1')
    for (const [method, path] of [
      ['POST', uploadsPath],
      ['PUT', uploadsPath],
      ['GET', `${uploadsPath}/x/y/z`],
      ['GET', `${cuadraPath}?unknown=1`],
      ['GET', filesPath.replace('acme', 'other')],
      ['PUT', '/v1/organizations/acme'],
    ] as const) {
      const { database, send } = coldIsolate()
      const headers = { origin: 'https://app.example.com' }
      const answer = await send({ method, path, headers }, token)
      expect(answer.status, `${method} ${path}`).toBe(401)
      expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example.com')
      expect(answer.headers.has('allow')).toBe(false)
      expect(answer.headers.has('x-request-id')).toBe(true)
      expect(database.names).toHaveLength(1)
    }
  })

  it('is believed for up to 30 s where it was verified, and nowhere else', async () => {
    vi.setSystemTime(Date.now())
    const { token } = await start()
    const { send } = coldIsolate()
    const list = { method: 'GET', path: cuadraPath }
    expect((await send(list, token)).status).toBe(200)
    await rows('UPDATE api_keys SET revoked_at = 1')
    expect((await coldIsolate().send(list, token)).status).toBe(401)
    vi.setSystemTime(Date.now() + 29_999)
    expect((await send(list, token)).status).toBe(200)
    vi.setSystemTime(Date.now() + 1)
    expect((await send(list, token)).status).toBe(401)
  })
})

describe('a key with other claims than were given', () => {
  it('is refused by the database even under a right MAC: not more scopes, another organization, nor a later end', async () => {
    const { token, fileId } = await start()
    const id = keyIdOf(token)
    const before = await everything()
    for (const claims of [{ id }, { id, scopes: ['files:write'] as const }, { id, expiresAt: 8e15 }]) {
      const forged = await apiKeyToken('acme', claims)
      const { database, send } = coldIsolate()
      expect((await send({ method: 'DELETE', path: `${filesPath}/${fileId}` }, forged.token)).status).toBe(
        401,
      )
      expect(database.names).toHaveLength(1)
    }
    expect(await everything()).toEqual(before)
  })

  it('never reaches the database under a wrong MAC, whichever character was changed', async () => {
    const { token } = await start()
    const { database, send } = coldIsolate()
    for (let at = 5; at < token.length; at += 3) {
      const changed = token.slice(0, at) + (token[at] === 'a' ? 'b' : 'a') + token.slice(at + 1)
      expect((await send({ method: 'GET', path: cuadraPath }, changed)).status).toBe(401)
    }
    expect(database.names).toEqual([])
  })

  it('has expired without a look into the database', async () => {
    const { token } = await apiKeyToken('acme', { expiresAt: Date.now() - 1 })
    const { database, send } = coldIsolate()
    const answer = await send({ method: 'GET', path: filesPath }, token)
    expect([answer.status, (await bodyOf(answer)).message]).toEqual([401, 'The token is expired'])
    expect(database.names).toEqual([])
  })
})

describe('a key that was made under another SIGNING_SECRET', () => {
  const next = 'the-next-signing-secret-of-the-tests'
  const list = (bindings: Parameters<typeof startWorker>[0], token: string) =>
    startWorker(bindings).call('GET', filesPath, { token })

  it('works while that is SIGNING_SECRET_PREVIOUS, and not afterwards', async () => {
    const { token } = await start()
    const rotating = { SIGNING_SECRET: next, SIGNING_SECRET_PREVIOUS: env.SIGNING_SECRET }
    expect((await list(rotating, token)).status).toBe(200)
    expect((await list({ SIGNING_SECRET: next }, token)).status).toBe(401)
    const renewed = await startWorker(rotating).organization()
    expect((await list({ SIGNING_SECRET: next }, renewed)).status).toBe(200)
    expect((await list({}, renewed)).status).toBe(401)
  })

  it('is shown again by its Idempotency-Key, and so are ids signed before', async () => {
    const { token, blob } = await start()
    const rotating = startWorker({ SIGNING_SECRET: next, SIGNING_SECRET_PREVIOUS: env.SIGNING_SECRET })
    const make = { token, json: { name: 'ci' }, headers: once }
    const made = await bodyOf(await startWorker().call('POST', keysPath, make))
    expect(await bodyOf(await rotating.call('POST', keysPath, make))).toEqual(made)
    expect((await rotating.call('GET', `${directPath}/${blob.signed_id}`, { token })).status).toBe(200)
  })
})
