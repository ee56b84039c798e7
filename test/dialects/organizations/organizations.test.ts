import { describe, expect, it } from 'vitest'
import { quantcdn } from '../../support/quantcdn'
import { bodyOf, rootKey, rows, startWorker } from '../../support/worker'

const path = '/v1/organizations/acme'

describe('PUT /v1/organizations/{id}', () => {
  it('creates the organization, then changes it and keeps its usage', async () => {
    const worker = startWorker()
    const put = (json: unknown) => worker.call('PUT', path, { token: rootKey, json })
    const created = await put({ name: 'Acme', quotaBytes: 100 })
    expect(created.status).toBe(201)
    expect(await bodyOf(created)).toEqual({
      id: 'acme',
      name: 'Acme',
      quotaBytes: 100,
      usedBytes: 0,
      reservedBytes: 0,
      pendingUploads: 0,
      pendingUploadsMax: 10_000,
      createdAt: expect.any(String),
    })
    await quantcdn(worker, await worker.organization('acme')).stored('12345')
    const changed = await put({ name: 'Acme Inc.' })
    expect(changed.status).toBe(200)
    expect(await bodyOf(changed)).toMatchObject({ name: 'Acme Inc.', quotaBytes: null, usedBytes: 5 })
  })

  it('refuses a quota below what is in use, and says how much that is', async () => {
    const worker = startWorker()
    await quantcdn(worker, await worker.organization()).stored('12345')
    const answer = await worker.call('PUT', path, { token: rootKey, json: { name: 'x', quotaBytes: 4 } })
    expect(answer.status).toBe(409)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(await bodyOf(answer)).toMatchObject({ status: 409, detail: expect.stringContaining('5 bytes') })
  })

  const invalid: [id: string, json: unknown, field: string][] = [
    ['Acme', { name: 'x' }, 'id'],
    ['a'.repeat(64), { name: 'x' }, 'id'],
    ['acme', {}, 'name'],
    ['acme', { name: '' }, 'name'],
    ['acme', { name: 'x', quotaBytes: -1 }, 'quotaBytes'],
    ['acme', { name: 'x', quotaBytes: '1' }, 'quotaBytes'],
    ['acme', [], ''],
  ]
  it.each(invalid)('refuses %j with %j', async (id, json, field) => {
    const answer = await startWorker().call('PUT', `/v1/organizations/${id}`, { token: rootKey, json })
    expect(answer.status).toBe(400)
    expect(await bodyOf(answer)).toMatchObject({ status: 400, errors: [{ field }] })
  })

  it.each([
    [{ name: 'x', quota_bytes: 5 }, 'quota_bytes'],
    [{ name: 'x', quotaBytes: 5, id: 'other' }, 'id'],
    [{ name: 'a\u0000' }, 'name'],
    [{ name: '\udc00' }, 'name'],
  ])('refuses %j and names the field: nothing is made that was not asked for', async (json, field) => {
    const answer = await startWorker().call('PUT', path, { token: rootKey, json })
    expect(answer.status).toBe(400)
    expect(await bodyOf(answer)).toMatchObject({ errors: [{ field }] })
    expect(await rows('SELECT id FROM organizations')).toEqual([])
  })

  it('refuses what is not JSON, and bodies over 64 KiB', async () => {
    const worker = startWorker()
    const put = (body: string) => worker.call('PUT', path, { token: rootKey, body })
    expect((await put('{')).status).toBe(400)
    expect((await put(JSON.stringify({ name: 'x', more: 'y'.repeat(65_536) }))).status).toBe(413)
  })

  it('is for the root key only', async () => {
    const worker = startWorker()
    const token = await worker.organization()
    expect((await worker.call('PUT', path, { token, json: { name: 'x' } })).status).toBe(403)
    expect((await worker.call('PUT', path, { json: { name: 'x' } })).status).toBe(401)
  })
})

describe('GET /v1/organizations/{id}', () => {
  it('shows usage to the root key and to the organization itself', async () => {
    const worker = startWorker()
    const token = await worker.organization()
    const api = quantcdn(worker, token)
    await api.stored('12345')
    for (const size of [3, 4]) await api.upload({ requestUploadUrl: true, size, contentType: 'text/plain' })
    for (const credential of [token, rootKey]) {
      const answer = await worker.call('GET', path, { token: credential })
      expect(answer.status).toBe(200)
      expect(await bodyOf(answer)).toMatchObject({
        usedBytes: 5,
        reservedBytes: 7,
        pendingUploads: 2,
        quotaBytes: null,
      })
    }
  })

  it('does not say whether another organization exists', async () => {
    const worker = startWorker()
    const token = await worker.organization()
    await worker.organization('other')
    for (const id of ['other', 'nobody', 'NOT-AN-ID']) {
      const answer = await worker.call('GET', `/v1/organizations/${id}`, { token })
      expect(answer.status).toBe(404)
      expect(await bodyOf(answer)).toMatchObject({
        title: 'Not Found',
        detail: 'There is no such organization',
      })
    }
  })

  it('has nothing else', async () => {
    const answer = await startWorker().call('DELETE', path, { token: rootKey })
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD, PUT'])
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
  })
})
