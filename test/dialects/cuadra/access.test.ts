import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import wrangler from '../../../wrangler.toml?raw'
import { cuadra, cuadraPath, field, textFile } from '../../support/cuadra'
import { interceptBucket, interceptDatabase, recordCalls } from '../../support/intercept'
import { bodyOf, rootKey, rows, startWorker } from '../../support/worker'

const operations = (api: ReturnType<typeof cuadra>, id: string) => ({
  upload: () => api.upload([textFile('theirs')]),
  list: () => api.list(),
  get: () => api.get(id),
  delete: () => api.delete(id),
  content: () => api.content(id),
  bytes: () => api.content(id, '?redirect=false'),
  link: () => api.link(id),
  associate: () => api.associate(id, 'chat', 'x'),
  dissociate: () => api.dissociate(id, 'chat', 'c1'),
})

async function start() {
  const worker = startWorker()
  const api = cuadra(worker, await worker.organization())
  const { id } = await bodyOf(
    await api.upload([textFile('hello'), field('resource_type', 'chat'), field('resource_id', 'c1')]),
  )
  return { worker, api, id }
}

describe('a caller', () => {
  it('without a valid credential is 401 everywhere, with a challenge', async () => {
    const { worker, id } = await start()
    for (const [name, call] of Object.entries(operations(cuadra(worker, 'slip_x_y'), id))) {
      const answer = await call()
      expect(answer.status, name).toBe(401)
      expect(answer.headers.get('www-authenticate')).toContain('Bearer')
      expect(await bodyOf(answer)).toMatchObject({ type: 'about:blank', status: 401 })
    }
    expect((await worker.call('GET', cuadraPath)).headers.get('www-authenticate')).toBe('Bearer')
  })

  it.each([
    ['files:read', ['upload', 'delete', 'associate', 'dissociate']],
    ['files:write', ['list', 'get', 'content', 'bytes', 'link']],
  ])('with %s alone is 403 where it is not enough, and learns which scope is', async (scope, forbidden) => {
    const { worker, id } = await start()
    const limited = cuadra(worker, await worker.organization('acme', [scope]))
    const missing = scope === 'files:read' ? 'files:write' : 'files:read'
    for (const [name, call] of Object.entries(operations(limited, id))) {
      if (!forbidden.includes(name)) continue
      const answer = await call()
      expect(answer.status, name).toBe(403)
      expect((await bodyOf(answer)).detail).toBe(`Missing required scope: ${missing}`)
    }
    expect(await rows('SELECT uuid AS id FROM files')).toHaveLength(1)
  })

  it('with the root key is 403: it belongs to no organization', async () => {
    const { worker, id } = await start()
    for (const [name, call] of Object.entries(operations(cuadra(worker, rootKey), id)))
      expect((await call()).status, name).toBe(403)
  })

  it('of another organization finds nothing, by id, cursor or resource, and changes nothing', async () => {
    const { worker, api, id } = await start()
    await api.stored('second')
    const { nextCursor } = await bodyOf(await api.list({ limit: '1' }))
    const theirs = cuadra(worker, await worker.organization('other'))
    for (const [name, call] of Object.entries(operations(theirs, id))) {
      if (name === 'upload' || name === 'list') continue
      const answer = await call()
      const unknown = await operations(theirs, `file_${'0'.repeat(32)}`)[name as 'get']()
      expect(answer.status, name).toBe(404)
      const [body, unknownBody] = [await bodyOf(answer), await bodyOf(unknown)]
      expect({ ...body, instance: '' }).toEqual({ ...unknownBody, instance: '' })
    }
    for (const query of [
      {},
      { cursor: nextCursor },
      { resourceType: 'chat' },
      { resourceType: 'chat', resourceId: 'c1' },
      { statusFilter: 'ready' },
    ])
      expect(await bodyOf(await theirs.list(query))).toEqual({ items: [], hasMore: false, nextCursor: null })
    expect((await bodyOf(await api.get(id, '?expand[]=associations'))).associations).toHaveLength(1)
    expect(await rows("SELECT * FROM associations WHERE organization_id = 'other'")).toEqual([])
  })

  it('that asks too often is 429, and learns when and how often it may', async () => {
    const { worker, id } = await start()
    const token = await worker.organization('acme')
    const RATE_LIMITER = { limit: async () => ({ success: false }) }
    for (const [name, call] of Object.entries(operations(cuadra(startWorker({ RATE_LIMITER }), token), id))) {
      const answer = await call()
      expect(answer.status, name).toBe(429)
      expect(answer.headers.get('retry-after')).toBe('60')
      expect(answer.headers.get('ratelimit-policy')).toBe('"default";q=1200;w=60')
    }
    expect(wrangler, 'what the limiter really does').toContain('simple = { limit = 1200, period = 60 }')
  })
})

describe('what is not there', () => {
  it.each([
    ['PUT', '', 405, 'GET, HEAD, POST'],
    ['PATCH', `/file_${'0'.repeat(32)}`, 405, 'GET, HEAD, DELETE'],
    ['POST', '/x/content', 405, 'GET, HEAD'],
    ['GET', '/x/links', 405, 'POST'],
    ['GET', '/x/associations', 405, 'POST'],
    ['GET', '/x/associations/chat/y', 405, 'DELETE'],
    ['GET', '/x/nothing', 404, null],
  ])('is said of %s %s: %i', async (method, path, status, allow) => {
    const { api } = await start()
    const answer = await api.call(method, path)
    expect([answer.status, answer.headers.get('allow')]).toEqual([status, allow])
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
  })
})

describe('when the database or the store fails', () => {
  it('every operation answers 503 in its shape, without details', async () => {
    const { worker, id } = await start()
    const token = await worker.organization()
    const fails = recordCalls((name) => (name === 'head' || name === 'all' ? 'none' : 'before'))
    const database = {
      DB: interceptDatabase(
        env.DB,
        recordCalls(() => 'before'),
      ),
    }
    const bucket = { BUCKET: interceptBucket(env.BUCKET, fails) }
    const inDatabase = operations(cuadra(startWorker(database), token), id)
    const inBucket = operations(cuadra(startWorker(bucket), token), id)
    const calls = [
      ...Object.entries(inDatabase),
      ['upload', inBucket.upload],
      ['bytes', inBucket.bytes],
    ] as const
    for (const [name, call] of calls) {
      const answer = await call()
      const text = await answer.text()
      expect(answer.status, name).toBe(503)
      expect(JSON.parse(text)).toMatchObject({ title: 'Service Unavailable', status: 503 })
      expect(text).not.toContain('injected')
    }
  })
})
