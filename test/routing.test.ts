import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { cuadra, plainId } from './support/cuadra'
import { filesPath, quantcdn } from './support/quantcdn'
import { createS3OverBucket } from './support/s3-over-bucket'
import { answerStoreRequests } from './support/store-requests'
import { bodyOf, startWorker } from './support/worker'

async function start() {
  const worker = startWorker()
  const token = await worker.organization()
  return { worker, token, api: cuadra(worker, token) }
}

/** Every path of every dialect with the methods it knows; `{}` is any id. */
const paths: [path: string, allow: string][] = [
  [filesPath, 'GET, HEAD, POST'],
  [`${filesPath}/x`, 'GET, HEAD, DELETE'],
  ['/api/v3/organisations/acme/ai/files', 'GET, HEAD, POST'],
  ['/api/v1/upload/direct', 'POST'],
  ['/api/v1/upload/direct/x', 'GET, HEAD'],
  ['/api/v1/blobs/x/a.txt', 'GET, HEAD'],
  ['/v1/files', 'GET, HEAD, POST'],
  ['/v1/files/x', 'GET, HEAD, DELETE'],
  ['/v1/files/x/content', 'GET, HEAD'],
  ['/v1/files/x/associations', 'POST'],
  ['/v1/files/x/associations/chat/a', 'DELETE'],
  ['/v1/uploads', 'POST'],
  ['/v1/uploads/x', 'GET, HEAD, DELETE'],
  ['/v1/uploads/x/parts', 'GET, HEAD, POST'],
  ['/v1/uploads/x/complete', 'POST'],
  ['/v1/upload/s3', 'POST'],
  ['/v1/api-keys', 'GET, HEAD, POST'],
  ['/v1/api-keys/x', 'DELETE'],
]

describe('slashes in paths', () => {
  it('one at the end, and several in place of one, are the same path', async () => {
    // For /health.
    answerStoreRequests(createS3OverBucket(env.BUCKET))
    const { worker, token, api } = await start()
    const id = await api.stored('hello')
    for (const path of [
      '/health/',
      '//health',
      '/v1/files/',
      '//v1/files',
      '/v1//files///',
      `${filesPath}/`,
      `/${filesPath}//${plainId(id)}/`,
      `/v1/files//${id}/content/?redirect=false`,
      '/v1/api-keys/?page=1',
    ])
      expect([path, (await worker.call('GET', path, { token })).status]).toEqual([path, 200])
    const made = await worker.call('POST', '//v1/uploads/', {
      token,
      json: { filename: 'a.txt', contentType: 'text/plain', size: 1 },
    })
    expect(made.status).toBe(201)
  })

  it('an id that a client left empty deletes nothing', async () => {
    const { worker, token, api } = await start()
    const id = await api.stored('hello')
    for (const path of ['/v1/files/', '/v1/files//', `${filesPath}/`, '/v1/api-keys/', '/v1/uploads/'])
      expect([path, (await worker.call('DELETE', path, { token })).status]).toEqual([path, 405])
    expect((await api.get(id)).status).toBe(200)
  })

  it('belong to the id of a resource, which is the caller’s own text', async () => {
    const { worker, token, api } = await start()
    const id = await api.stored('hello')
    for (const resourceId of ['a', 'a/', '/a', 'a//b']) await api.associate(id, 'chat', resourceId)
    for (const tail of ['a/', '/a', 'a//b'])
      expect(
        (await worker.call('DELETE', `/v1/files/${id}/associations/chat/${tail}`, { token })).status,
      ).toBe(404)
    const { associations } = await bodyOf(await api.get(id, '?expand[]=associations'))
    expect(associations).toHaveLength(4)
    for (const resourceId of ['a/', '/a', 'a//b'])
      expect((await api.dissociate(id, 'chat', resourceId)).status).toBe(204)
    const left = await bodyOf(await api.get(id, '?expand[]=associations'))
    expect(left.associations).toMatchObject([{ resourceId: 'a' }])
  })

  it('do not make an error’s instance name another host', async () => {
    const { worker, token } = await start()
    const answer = await worker.call('GET', '//v1/files/caf%C3%A9', { token })
    expect(answer.status).toBe(404)
    expect((await bodyOf(answer)).instance).toBe('/v1/files/caf%C3%A9')
  })
})

describe('percent-encoding in paths', () => {
  it.each(['%', '%zz', '%E0%A4%A', '%00', '%2F', '%252F', '%ff%fe'])('%s finds no file', async (segment) => {
    const { worker, token } = await start()
    for (const path of [
      `/v1/files/${segment}`,
      `${filesPath}/${segment}`,
      `/v1/uploads/${segment}`,
      `/api/v1/upload/direct/${segment}`,
      `/v1/files/${'a'.repeat(10_000)}${segment}`,
    ])
      expect((await worker.call('GET', path, { token })).status).toBe(404)
  })

  it('that is no UTF-8 names no resource', async () => {
    const { worker, token, api } = await start()
    const id = await api.stored('hello')
    const answer = await worker.call('DELETE', `/v1/files/${id}/associations/chat/caf%E9`, { token })
    expect(answer.status).toBe(400)
    expect((await bodyOf(answer)).errors).toEqual([
      { field: 'resourceId', message: expect.stringContaining('UTF-8') },
    ])
  })
})

describe('methods', () => {
  it.each(paths)('%s: 405 to others, with Allow: %s', async (path, allow) => {
    const { worker, token } = await start()
    const known = allow.split(', ')
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      if (known.includes(method)) continue
      const answer = await worker.call(method, path, { token })
      expect([method, answer.status, answer.headers.get('allow')]).toEqual([method, 405, allow])
    }
    const head = await worker.call('HEAD', path, { token })
    expect(head.status === 405).toBe(!known.includes('HEAD'))
    expect(await head.text()).toBe('')
  })

  it.each(paths)('%s: OPTIONS that is no preflight says them', async (path, allow) => {
    const answer = await startWorker().call('OPTIONS', path)
    expect(answer.status).toBe(204)
    const said = (answer.headers.get('allow') ?? '').split(', ')
    expect(new Set(said)).toEqual(new Set([...allow.split(', '), 'OPTIONS']))
  })

  it('OPTIONS finds no path where there is none', async () => {
    for (const path of ['/nothing', '/v1/files/x/y', '/api/v3/nothing'])
      expect((await startWorker().call('OPTIONS', path)).status).toBe(404)
  })
})

describe('paths that are not there', () => {
  it.each([
    ['/api/v3/organizations/acme/ai', { error: true, message: expect.any(String) }],
    [`${filesPath}/x/y`, { error: true, message: expect.any(String) }],
    ['/api/v1/upload', { detail: expect.any(String), error: 'Not Found', error_code: 'not_found' }],
    ['/api/v1/blobs/x', { detail: expect.any(String), error: 'Not Found', error_code: 'not_found' }],
    ['/v1/nothing', { error: 'Not Found', message: expect.any(String), code: 404 }],
  ])('%s is a 404 in the shape of its dialect', async (path, body) => {
    const { worker, token } = await start()
    const answer = await worker.call('GET', path, { token })
    expect([answer.status, await bodyOf(answer)]).toEqual([404, body])
  })
})

describe('the file in the path', () => {
  it('is found under the id that any dialect gave it', async () => {
    const { worker, token, api } = await start()
    const id = await api.stored('hello')
    for (const name of [id, id.toUpperCase(), plainId(id)])
      for (const path of ['/v1/files', '/v1/uploads', filesPath])
        expect((await worker.call('GET', `${path}/${name}`, { token })).status).toBe(200)
  })
})

describe('the organization in the path', () => {
  it('is the same in capitals', async () => {
    const { worker, token } = await start()
    const api = quantcdn(worker, token, '/api/v3/organizations/ACME/ai/files')
    expect((await api.list()).status).toBe(200)
    const other = quantcdn(worker, token, '/api/v3/organizations/OTHER/ai/files')
    expect((await other.list()).status).toBe(403)
  })
})
