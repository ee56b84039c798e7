import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { helloUpload, keysPath, uploadPath } from '../support/ctxfy'
import { boundary, cuadra, cuadraPath, formBytes, textFile } from '../support/cuadra'
import { blobOf, directPath } from '../support/direct-upload'
import { filepondPath } from '../support/filepond'
import { interceptDatabase, recordCalls } from '../support/intercept'
import { captureLogs } from '../support/logs'
import { base64, filesPath } from '../support/quantcdn'
import { resumablePath } from '../support/resumable'
import { r2, startOver } from '../support/start-over'
import { tusPath, version } from '../support/tus'
import { put, putParts, textFile as textUpload, twoParts, uploadsPath } from '../support/uploads'
import { bodyOf, type CallInit, rows } from '../support/worker'

const once = { 'idempotency-key': 'once' }
const hello = base64('hello')
type Posted = { path: string } & CallInit

/** A Worker with a file, a pending upload in one PUT and one in parts, and every POST there is. */
async function start() {
  const started = await startOver(r2)
  const { worker, token, api } = started
  const fileId: string = await cuadra(worker, token).stored('known')
  const single = await api.inOne('hello')
  await put(single, 'hello')
  const parts = await api.inParts()
  const form = (text: string): CallInit => ({
    body: formBytes([textFile(text)]),
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
  })
  const presigned = { requestUploadUrl: true, contentType: 'text/plain' }
  /** Each with another request of the same kind. */
  const posts: Record<string, [Posted, Posted]> = {
    'QuantCDN, base64': [
      { path: filesPath, json: { content: hello, contentType: 'text/plain', metadata: { a: 1, b: [2] } } },
      { path: filesPath, json: { content: hello, contentType: 'text/plain', metadata: { a: 1, b: 2 } } },
    ],
    'QuantCDN, presigned': [
      { path: filesPath, json: { ...presigned, metadata: { a: 1, b: 2 } } },
      { path: filesPath, json: { ...presigned, metadata: { a: 1, b: 3 } } },
    ],
    'Direct Upload': [
      { path: directPath, json: { blob: await blobOf('hello') } },
      { path: directPath, json: { blob: await blobOf('other') } },
    ],
    'Ctxfy, upload': [
      { path: uploadPath, json: helloUpload },
      { path: uploadPath, json: { ...helloUpload, size: 6 } },
    ],
    'Ctxfy, API key': [
      { path: keysPath, json: { name: 'a' } },
      { path: keysPath, json: { name: 'b' } },
    ],
    'Cuadra, form': [
      { path: cuadraPath, ...form('hello') },
      { path: cuadraPath, ...form('other') },
    ],
    'Cuadra, association': [
      {
        path: `${cuadraPath}/${fileId}/associations`,
        json: { resourceType: 'chat', resourceId: 'a' },
      },
      {
        path: `${cuadraPath}/${fileId}/associations`,
        json: { resourceType: 'chat', resourceId: 'b' },
      },
    ],
    'Cuadra, link': [
      { path: `${cuadraPath}/${fileId}/links`, json: { expiresIn: 60, disposition: 'inline' } },
      { path: `${cuadraPath}/${fileId}/links`, json: { expiresIn: 61, disposition: 'inline' } },
    ],
    '/v1/uploads': [
      { path: uploadsPath, json: { ...textUpload, size: 5, metadata: { a: 1, b: 2 } } },
      { path: uploadsPath, json: { ...textUpload, size: 5, metadata: { a: 2, b: 2 } } },
    ],
    '/v1/uploads, in parts': [
      { path: uploadsPath, json: { ...textUpload, size: twoParts, multipart: true } },
      { path: uploadsPath, json: { ...textUpload, size: twoParts + 1, multipart: true } },
    ],
    '/tus': [
      { path: tusPath, headers: { ...version, 'upload-length': '5' } },
      { path: tusPath, headers: { ...version, 'upload-length': '6' } },
    ],
    '/v1/resumable': [
      { path: resumablePath, headers: { 'upload-complete': '?0', 'upload-length': '5' } },
      { path: resumablePath, headers: { 'upload-complete': '?0', 'upload-length': '6' } },
    ],
    'FilePond, in chunks': [
      { path: filepondPath, headers: { 'upload-length': '5' } },
      { path: filepondPath, headers: { 'upload-length': '6' } },
    ],
    'FilePond, form': [
      { path: filepondPath, ...form('hello') },
      { path: filepondPath, ...form('other') },
    ],
    'parts to sign': [
      { path: `${uploadsPath}/${parts.id}/parts`, json: { partNumbers: [1, 2] } },
      { path: `${uploadsPath}/${parts.id}/parts`, json: { partNumbers: [2] } },
    ],
    'an upload to complete': [
      { path: `${uploadsPath}/${single.id}/complete`, json: {} },
      { path: `${uploadsPath}/${parts.id}/complete`, json: {} },
    ],
  }
  const post = ({ path, headers, ...init }: Posted, more: Record<string, string> = once) =>
    worker.call('POST', path, { token, ...init, headers: { ...headers, ...more } })
  return { ...started, fileId, parts, posts, post }
}

/** Where a failure is a status and a sentence, a key that was used for another request is a wrong one. */
const reusedOf = ({ path }: Posted) => (path === tusPath || path === filepondPath ? 400 : 422)

/** What an answer is about: its JSON, the text of an id, or the address of an upload. */
async function saidBy(answer: Response): Promise<Record<string, unknown>> {
  const text = await answer.text()
  const location = answer.headers.get('location')
  return text.startsWith('{') ? JSON.parse(text) : { id: location ?? text }
}

describe('an Idempotency-Key, with every POST there is', () => {
  it('is 422 for another request of the same kind, in any order of its fields the same for the same', async () => {
    captureLogs()
    const { posts, post } = await start()
    for (const [kind, [first, other]] of Object.entries(posts)) {
      const key = { 'idempotency-key': `key of ${kind}` }
      const answer = await post(first, key)
      expect([200, 201], kind).toContain(answer.status)
      expect((await post(other, key)).status, kind).toBe(reusedOf(other))
      const again = await post({ ...first, ...('json' in first ? { json: reversed(first.json) } : {}) }, key)
      expect(again.status, kind).toBe(answer.status)
      const [was, is] = [await saidBy(answer), await saidBy(again)]
      for (const name of ['id', 'fileId', 'fileKey', 'signed_id', 'api_key', 'createdAt'])
        expect(is[name], kind).toEqual(was[name])
    }
  })

  it('is 422 for a request of every other kind, whatever made it', async () => {
    const logs = captureLogs()
    const { posts, post } = await start()
    for (const [made] of Object.values(posts)) {
      const key = {
        'idempotency-key': `${made.path}${JSON.stringify(made.json ?? made.headers ?? {})}`.slice(0, 200),
      }
      expect([200, 201]).toContain((await post(made, key)).status)
      for (const [other] of Object.values(posts))
        if (other !== made) expect((await post(other, key)).status, other.path).toBe(reusedOf(other))
    }
    expect(logs.events().filter(({ event }) => event === 'request_failed')).toEqual([])
  })

  it('is 422 for another credential of the same organization, whose request it is not', async () => {
    captureLogs()
    const { worker, posts, post } = await start()
    const colleague = await worker.organization('acme')
    for (const [kind, [request]] of Object.entries(posts)) {
      const key = { 'idempotency-key': `key of ${kind}` }
      expect([200, 201]).toContain((await post(request, key)).status)
      const answer = await post({ ...request, token: colleague }, key)
      expect(answer.status, kind).toBe(reusedOf(request))
    }
  })

  it('is refused by name when it is malformed', async () => {
    const { posts, post } = await start()
    for (const [kind, [request]] of Object.entries(posts))
      for (const key of ['x'.repeat(256), '""', '"half']) {
        const answer = await post(request, { 'idempotency-key': key })
        expect(answer.status, kind).toBe(kind === 'Direct Upload' ? 422 : 400)
        expect(await answer.text(), kind).toContain('Idempotency-Key')
      }
  })
})

/** The same JSON with the members of every object in reverse order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).map(([name, member]) => [name, reversed(member)])
  return Object.fromEntries(members.reverse())
}

describe('an association under an Idempotency-Key', () => {
  it('is made once: a repetition gets its reply, and ties nothing again that was untied', async () => {
    const { worker, token, fileId, posts, post } = await start()
    const [request] = posts['Cuadra, association'] ?? expect.fail()
    const first = await post(request)
    expect(first.headers.get('idempotent-replayed')).toBeNull()
    await cuadra(worker, token).dissociate(fileId, 'chat', 'a')
    const again = await post(request)
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([201, 'true'])
    expect(await bodyOf(again)).toEqual(await bodyOf(first))
    expect(await rows('SELECT * FROM associations')).toEqual([])
  })

  it('costs no more round trips than without one, and leaves the key free when it fails', async () => {
    const { start: another, token, fileId, posts, post } = await start()
    const calls = recordCalls()
    const counted = another({ DB: interceptDatabase(env.DB, calls) })
    await cuadra(counted, token).get(fileId)
    const [request] = posts['Cuadra, association'] ?? expect.fail()
    const nobody = request.path.replace(fileId, `file_${'0'.repeat(32)}`)
    expect((await post({ ...request, path: nobody })).status).toBe(404)
    calls.names.length = 0
    const answer = await counted.call('POST', request.path, { token, json: request.json, headers: once })
    expect([answer.status, calls.names]).toEqual([201, ['batch']])
    await cuadra(counted, token).delete(fileId)
    expect((await post(request)).status).toBe(404)
  })

  it('is one of eight that race', async () => {
    const { posts, post } = await start()
    const [request] = posts['Cuadra, association'] ?? expect.fail()
    const answers = await Promise.all(Array.from({ length: 8 }, () => post(request)))
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(201))
    const replayed = answers.filter(({ headers }) => headers.has('idempotent-replayed'))
    expect(replayed).toHaveLength(7)
    expect(await rows('SELECT * FROM associations')).toHaveLength(1)
  })
})

describe('completing an upload under an Idempotency-Key', () => {
  it('can be repeated, before and after the bytes are there', async () => {
    const { api, parts, post } = await start()
    const request = { path: `${uploadsPath}/${parts.id}/complete`, json: {} }
    expect((await post(request)).status).toBe(409)
    const bytes = new Uint8Array(twoParts)
    await putParts(parts.parts, bytes)
    const first = await post(request)
    expect(first.status).toBe(200)
    expect(await bodyOf(await post(request))).toEqual(await bodyOf(first))
    const elsewhere = { path: `${uploadsPath}/${(await api.inParts()).id}/complete`, json: {} }
    expect((await post(elsewhere)).status).toBe(422)
  })

  it('leaves the key free for a better request when it failed', async () => {
    const { parts, post } = await start()
    const path = `${uploadsPath}/${parts.id}/complete`
    const named = await putParts(parts.parts, new Uint8Array(twoParts))
    const wrong = named.map((part) => ({ ...part, etag: 'x' }))
    expect((await post({ path, json: { parts: wrong } })).status).toBe(409)
    expect((await post({ path, json: { parts: named } })).status).toBe(200)
    expect((await post({ path, json: { parts: named.toReversed() } })).status).toBe(200)
  })

  it('signing parts and making a link cost one round trip more, and none without a key', async () => {
    const { start: another, token, parts, fileId } = await start()
    const calls = recordCalls()
    const counted = another({ DB: interceptDatabase(env.DB, calls) })
    const sign = async (headers: Record<string, string>) => {
      calls.names.length = 0
      const json = { partNumbers: [1] }
      const answer = await counted.call('POST', `${uploadsPath}/${parts.id}/parts`, { token, json, headers })
      expect(answer.status).toBe(200)
      return calls.names.length
    }
    const link = async (headers: Record<string, string>) => {
      calls.names.length = 0
      const path = `${cuadraPath}/${fileId}/links`
      const answer = await counted.call('POST', path, { token, json: { expiresIn: 60 }, headers })
      expect(answer.status).toBe(201)
      return calls.names.length
    }
    const onceMore = { 'idempotency-key': 'of a link' }
    await sign({})
    expect([await sign({}), await sign(once), await sign(once)]).toEqual([1, 2, 2])
    expect([await link({}), await link(onceMore), await link(onceMore)]).toEqual([1, 2, 2])
  })

  it('is forgotten after a day', async () => {
    const { worker, parts, post } = await start()
    const sign = (partNumbers: number[]) =>
      post({ path: `${uploadsPath}/${parts.id}/parts`, json: { partNumbers } })
    expect((await sign([1])).status).toBe(200)
    vi.setSystemTime(Date.now() + 24 * 3_600_000)
    expect((await sign([2])).status).toBe(200)
    vi.setSystemTime(Date.now() + 24 * 3_600_000)
    await worker.runCron()
    expect(await rows('SELECT * FROM idempotency_records')).toEqual([])
  })
})
