import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { createSignedIds } from '../../../src/core/files/signed-id'
import type { FileId, OrganizationId } from '../../../src/core/ids'
import { blobOf, directPath, directUpload, keyOfUrl } from '../../support/direct-upload'
import { expectInvariants } from '../../support/invariants'
import { base64, quantcdn } from '../../support/quantcdn'
import { createS3OverBucket } from '../../support/s3-over-bucket'
import { answerStoreRequests } from '../../support/store-requests'
import { bodyOf, objectKeys, rows, startWorker } from '../../support/worker'

const hour = 3_600_000

async function start() {
  const worker = startWorker()
  const token = await worker.organization()
  const api = directUpload(worker, token)
  const created = async (text: string, more = {}, checked?: Parameters<typeof blobOf>[2]) =>
    bodyOf(await api.create(await blobOf(text, more, checked)))
  return { worker, token, api, created }
}

const sealOf = ({ direct_upload: { url, headers } }: { direct_upload: { url: string; headers: object } }) => {
  const { pathname, searchParams } = new URL(url)
  return { pathname, signed: searchParams.get('X-Amz-SignedHeaders'), headers }
}

describe('GET /api/v1/upload/direct/{signed_id}', () => {
  it('while the bytes are awaited gives a fresh URL with the same seal, for as long as is left', async () => {
    const { api, created } = await start()
    const begin = Date.now()
    vi.setSystemTime(begin)
    const first = await created('hello', { metadata: { a: [1] } })
    vi.setSystemTime(begin + hour / 2)
    const answer = await api.get(first.signed_id)
    expect(answer.status).toBe(200)
    const again = await bodyOf(answer)
    expect(again).toEqual({ ...first, direct_upload: expect.any(Object) })
    expect(sealOf(again)).toEqual(sealOf(first))
    expect(again.direct_upload.url).not.toBe(first.direct_upload.url)
    const ttl = Number(new URL(again.direct_upload.url).searchParams.get('X-Amz-Expires'))
    expect(ttl).toBe(1800)
  })

  it.each([
    ['an MD5', { algorithm: 'MD5' }],
    ['a SHA-256', { algorithm: 'SHA-256' }],
    ['a SHA-256 with its name', { algorithm: 'SHA-256', prefix: 'sha256:' }],
  ] as const)(
    'settles what has come with the promised %s, and then has nothing to upload',
    async (_, checked) => {
      const { worker, api, created } = await start()
      const first = await created('hello', {}, checked)
      await api.put(first.key, 'hello')
      expect(await bodyOf(await api.get(first.signed_id))).toEqual({ ...first, direct_upload: null })
      expect(await rows('SELECT status FROM files')).toEqual([{ status: 'ready' }])
      // The upload is forgotten a day after its URL expired; what was promised can still be asked for.
      vi.setSystemTime(Date.now() + 48 * hour)
      await worker.runCron()
      expect(await rows('SELECT file_id FROM uploads')).toEqual([])
      expect(await bodyOf(await api.get(first.signed_id))).toEqual({ ...first, direct_upload: null })
      await expectInvariants({ swept: true })
    },
  )

  it.each([
    ['an MD5', { algorithm: 'MD5' }],
    ['a SHA-256', { algorithm: 'SHA-256' }],
  ] as const)('refuses and deletes bytes of the right size with another %s', async (_, checked) => {
    const { api, created } = await start()
    const { key, signed_id } = await created('hello', {}, checked)
    await api.put(key, 'jello')
    const answer = await api.get(signed_id)
    expect(answer.status).toBe(404)
    expect(await bodyOf(answer)).toEqual({
      detail: expect.stringContaining('than was promised'),
      error: 'Not Found',
      error_code: 'file_refused',
    })
    const [file] = await rows<{ status: string; refusal: string }>('SELECT status, refusal FROM files')
    const digest = async (text: string) =>
      new Uint8Array(await crypto.subtle.digest(checked.algorithm, new TextEncoder().encode(text))).toHex()
    expect(file?.status).toBe('error')
    expect(JSON.parse(file?.refusal ?? '')).toEqual({
      code: 'checksum_mismatch',
      algorithm: checked.algorithm === 'MD5' ? 'md5' : 'sha256',
      expected: await digest('hello'),
      actual: await digest('jello'),
    })
    expect(await objectKeys()).toEqual([])
    await expectInvariants({ swept: true })
  })

  it('believes a checksum that the store vouches for without reading the bytes again', async () => {
    const { worker, token, api, created } = await start()
    const { key, signed_id } = await created('hello', {}, { algorithm: 'SHA-256' })
    const sha256 = await crypto.subtle.digest('SHA-256', new TextEncoder().encode('hello'))
    await env.BUCKET.put(key, 'hello', { httpMetadata: { contentType: 'text/plain' }, sha256 })
    const gets: unknown[] = []
    const bucket = new Proxy(env.BUCKET, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target)
        if (typeof member !== 'function') return member
        return (...args: unknown[]) => {
          if (name === 'get') gets.push(args[1])
          return member.apply(target, args)
        }
      },
    })
    const counting = directUpload(startWorker({ BUCKET: bucket }), token)
    expect((await bodyOf(await counting.get(signed_id))).direct_upload).toBeNull()
    // The first bytes alone, for their signature.
    expect(gets).toEqual([expect.objectContaining({ range: { offset: 0, length: 5 } })])
    answerStoreRequests(createS3OverBucket(env.BUCKET))
    expect((await worker.call('GET', '/health')).status).toBe(200)
    expect((await api.get(signed_id)).status).toBe(200)
  })

  it('hashes large bytes as they stream', async () => {
    const { api } = await start()
    const bytes = new Uint8Array(5_000_001).map((_, at) => (at * 7) % 251)
    const body = await bodyOf(
      await api.create(await blobOf(bytes, { content_type: 'application/zip' }, { algorithm: 'SHA-256' })),
    )
    await api.put(body.key, bytes, 'application/zip')
    expect((await bodyOf(await api.get(body.signed_id))).direct_upload).toBeNull()
  })

  it('settles a blob of no bytes', async () => {
    const { api } = await start()
    for (const algorithm of ['MD5', 'SHA-256'] as const)
      expect((await api.stored('', {}, { algorithm })).direct_upload).toBeNull()
    await expectInvariants({ swept: true })
  })

  it('lets a file be seen through the other dialects too', async () => {
    const { worker, token, api } = await start()
    await api.stored('hello', { content_type: 'image/x-odd', metadata: { a: 1 } })
    const listed = await bodyOf(
      await quantcdn(worker, token).list({ filter: '{"a":1,"artifactType":"image"}' }),
    )
    expect(listed.files).toEqual([expect.objectContaining({ filename: 'hello world.txt', size: 5 })])
  })

  it('gives no URL to write with to a credential that may only read', async () => {
    const { worker, created } = await start()
    const reader = directUpload(worker, await worker.organization('acme', ['files:read']))
    const { signed_id } = await created('hello')
    expect((await bodyOf(await reader.get(signed_id))).direct_upload).toBeNull()
  })

  it('answers 404 to a signed id of which any character was changed', async () => {
    const { api, created } = await start()
    const { signed_id } = await created('hello')
    const changed = Array.from({ length: signed_id.length }, (_, at) => {
      const other = signed_id[at] === 'A' ? 'B' : 'A'
      return signed_id.slice(0, at) + other + signed_id.slice(at + 1)
    })
    for (const id of [...changed, `${signed_id}A`, signed_id.slice(0, -1), 'x', '%00', `${signed_id}%20`]) {
      const answer = await api.get(id)
      expect([id, answer.status]).toEqual([id, 404])
      expect(await bodyOf(answer)).toMatchObject({ error_code: 'file_not_found' })
    }
    expect((await api.get(signed_id)).status).toBe(200)
  })

  it('answers 404 to another organization’s signed id, and to one whose file was deleted', async () => {
    const { worker, token, api } = await start()
    const other = directUpload(worker, await worker.organization('other'))
    const { signed_id } = await api.stored('hello')
    const foreign = await other.get(signed_id)
    const nonsense = await other.get('nonsense')
    expect([foreign.status, await foreign.text()]).toEqual([404, await nonsense.text()])
    expect((await other.download(signed_id)).status).toBe(404)
    const [file] = await rows<{ id: string }>('SELECT uuid AS id FROM files')
    await quantcdn(worker, token).delete(file?.id ?? '')
    expect((await api.get(signed_id)).status).toBe(404)
    await expectInvariants({ swept: true })
  })

  it('answers 404 with the reason when the bytes never came', async () => {
    const { worker, api, created } = await start()
    const { signed_id } = await created('hello')
    vi.setSystemTime(Date.now() + 2 * hour)
    await worker.runCron()
    const answer = await api.get(signed_id)
    expect([answer.status, (await bodyOf(answer)).detail]).toEqual([
      404,
      expect.stringContaining('never arrived'),
    ])
  })

  it('says which methods there are, and that nothing is below', async () => {
    const { api } = await start()
    for (const [method, path, allow] of [
      ['GET', directPath, 'POST'],
      ['DELETE', `${directPath}/x`, 'GET, HEAD'],
      ['POST', '/api/v1/blobs/x/y', 'GET, HEAD'],
    ] as const) {
      const answer = await api.call(method, path)
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow])
    }
    for (const path of [`${directPath}/x/y`, '/api/v1/blobs/x'])
      expect((await api.call('GET', path)).status).toBe(404)
  })
})

describe('a verified SHA-256', () => {
  const sha256 = { algorithm: 'SHA-256' } as const

  it('lets the same bytes be shared later, without the URL’s key ever becoming an orphan', async () => {
    const { worker, token, api } = await start()
    const edge = quantcdn(worker, token)
    const { key, signed_id } = await api.stored('shared bytes', {}, sha256)
    const copy = await edge.stored('shared bytes')
    expect(await objectKeys()).toEqual([key])
    const [original] = await rows<{ id: string }>('SELECT uuid AS id FROM files WHERE content_id = id')
    await edge.delete(original?.id ?? '')
    expect((await api.get(signed_id)).status).toBe(404)
    expect((await edge.get(copy)).status).toBe(200)
    // Once the object is gone the URL works again, until it expires: the key stays watched.
    await edge.delete(copy)
    expect(await objectKeys()).toEqual([])
    await api.put(key, 'shared bytes')
    vi.setSystemTime(Date.now() + 26 * hour)
    await worker.runCron()
    expect(await objectKeys()).toEqual([])
    await expectInvariants({ swept: true })
  })

  it('that the organization has already leaves the promised key where it is', async () => {
    const { worker, token, api } = await start()
    await quantcdn(worker, token).stored('known bytes')
    const { key } = await api.stored('known bytes', {}, sha256)
    const second = await api.stored('known bytes', {}, sha256)
    expect(await objectKeys()).toHaveLength(3)
    expect(second.key).not.toBe(key)
    expect(await rows('SELECT uuid AS id FROM files WHERE content_id <> id')).toEqual([])
    expect(await objectKeys()).toEqual(expect.arrayContaining([key, second.key]))
    expect(await rows('SELECT count(*) AS n FROM contents WHERE sha256 IS NULL')).toEqual([{ n: 2 }])
    await expectInvariants({ swept: true })
  })

  it('lets bytes be shared that came through a URL which still takes others: they are copies', async () => {
    const worker = startWorker({ S3_WRITE_ONCE: 'false' })
    const token = await worker.organization()
    const api = directUpload(worker, token)
    const created = await bodyOf(await api.create(await blobOf('shared bytes', {}, sha256)))
    const puts = keyOfUrl(created.direct_upload.url)
    expect(puts).not.toBe(created.key)
    await api.put(puts, 'shared bytes')
    expect((await bodyOf(await api.get(created.signed_id))).direct_upload).toBeNull()
    const copy = await quantcdn(worker, token).stored('shared bytes')
    await api.put(puts, 'other bytes!')
    expect(await rows('SELECT object_key FROM contents')).toEqual([{ object_key: created.key }])
    expect(await (await env.BUCKET.get(created.key))?.text()).toBe('shared bytes')
    expect((await bodyOf(await quantcdn(worker, token).get(copy))).s3Uri).toContain(created.key)
    vi.setSystemTime(Date.now() + 26 * hour)
    await worker.runCron()
    expect(await objectKeys()).toEqual([created.key])
    await expectInvariants({ swept: true })
  })

  it('is an organization’s own', async () => {
    const { worker, api } = await start()
    await api.stored('same', {}, sha256)
    const other = quantcdn(worker, await worker.organization('other'), '/api/v3/organizations/other/ai/files')
    const answer = await other.upload({ content: base64('same'), contentType: 'text/plain' })
    expect(answer.status).toBe(201)
    expect(await objectKeys()).toHaveLength(2)
    await expectInvariants({ swept: true })
  })
})

describe('a signed id', () => {
  const subject = {
    fileId: '01890a5d-ac96-774b-bcce-b302099a8057' as FileId,
    organizationId: 'acme' as OrganizationId,
    purpose: 'blob',
    expiresAt: 2000,
  }
  const { organizationId, purpose } = subject
  const ids = createSignedIds(['a secret of thirty-two characters'])

  it('is good for its organization and purpose until it expires, and always the same', async () => {
    const text = await ids.sign(subject)
    expect(text).toMatch(/^[A-Za-z0-9_-]{76}$/)
    expect(await ids.sign(subject)).toBe(text)
    expect(await ids.verify(text, { organizationId, purpose, now: 1999 })).toBe(subject.fileId)
    expect(await ids.verify(text, { organizationId, purpose, now: 2000 })).toBeNull()
    const other = 'other' as OrganizationId
    expect(await ids.verify(text, { organizationId: other, purpose, now: 0 })).toBeNull()
    expect(await ids.verify(text, { organizationId, purpose: 'avatar', now: 0 })).toBeNull()
  })

  it('without an expiry is good for ever', async () => {
    const text = await ids.sign({ ...subject, expiresAt: null })
    expect(await ids.verify(text, { organizationId, purpose, now: 8.64e15 })).toBe(subject.fileId)
  })

  it('of another secret is none', async () => {
    const text = await createSignedIds(['another secret of many characters']).sign(subject)
    expect(await ids.verify(text, { organizationId, purpose, now: 0 })).toBeNull()
  })

  it('of a former secret is good, and new ones are made of the current one', async () => {
    const current = 'the current secret of many characters'
    const rotated = createSignedIds([current, 'a secret of thirty-two characters'])
    const expected = { organizationId, purpose, now: 0 }
    expect(await rotated.verify(await ids.sign(subject), expected)).toBe(subject.fileId)
    expect(await createSignedIds([current]).verify(await rotated.sign(subject), expected)).toBe(
      subject.fileId,
    )
  })
})
