import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { interceptBucket, interceptDatabase, recordCalls } from '../support/intercept'
import { expectInvariants } from '../support/invariants'
import { captureLogs } from '../support/logs'
import { meterBucket, meterDatabase, newMeter } from '../support/metered-bindings'
import { base64, incomingKey, pngBytes, quantcdn } from '../support/quantcdn'
import { createS3OverBucket } from '../support/s3-over-bucket'
import { answerStoreRequests } from '../support/store-requests'
import { type Bindings, bodyOf, objectKeys, rows, startWorker } from '../support/worker'

type Extra = { etag?: string | null; quoted?: boolean; bucket?: string; size?: number; more?: object }

/** A message's body as R2 writes it ("Event notifications"). Deletions tell neither size nor ETag. */
function eventOf(
  action: string,
  key: string,
  { etag, quoted, bucket = 'slipway', size = 5, more }: Extra = {},
) {
  const isDeletion = action === 'DeleteObject' || action === 'LifecycleDeletion'
  const eTag = etag ?? 'd41d8cd98f00b204e9800998ecf8427e'
  return {
    account: '0123456789abcdef0123456789abcdef',
    action,
    bucket,
    object: { key, ...(isDeletion ? {} : { size, eTag: quoted ? `"${eTag}"` : eTag }) },
    eventTime: '2026-11-02T12:34:56.789Z',
    ...(action === 'CopyObject' ? { copySource: { bucket: 'slipway', object: 'acme/secret.txt' } } : {}),
    ...more,
  }
}

async function start(bindings: Bindings = {}) {
  const worker = startWorker(bindings)
  const token = await worker.organization()
  const api = quantcdn(worker, token)
  const promise = async (contentType = 'text/plain', size = 5) => {
    const body = await bodyOf(await api.upload({ requestUploadUrl: true, size, contentType }))
    return { id: body.fileId as string, key: body.s3Key as string, incoming: incomingKey(body.s3Key) }
  }
  return {
    worker,
    token,
    api,
    promise,
    /** Puts bytes at an incoming key; their ETag. */
    async put(key: string, bytes: string | Uint8Array = 'bytes', contentType = 'text/plain') {
      return (await env.BUCKET.put(key, bytes, { httpMetadata: { contentType } })).etag
    },
    /** Delivers one message for each body; all are acknowledged. */
    async deliver(...bodies: unknown[]) {
      const messages = bodies.map((body, at) => ({ id: `m${at}`, body }))
      const result = await worker.deliver(messages)
      expect(result).toEqual({ acked: messages.map(({ id }) => id), retried: [] })
    },
  }
}

async function fileOf(id: string) {
  const [file] = await rows<{ status: string; refusal: string | null }>(
    'SELECT status, refusal FROM files WHERE uuid = ?1',
    id,
  )
  return file && { status: file.status, reason: file.refusal && JSON.parse(file.refusal).code }
}

const ready = { status: 'ready', reason: null }
const pending = { status: 'uploading', reason: null }
const copied = { status: 'error', reason: 'copied_not_uploaded' }

describe('an event of the store', () => {
  it.each([
    { action: 'PutObject', quoted: false },
    { action: 'PutObject', quoted: true },
    { action: 'PutObject', more: { copySource: null } },
    { action: 'PutObject', more: { somethingNew: { nested: [1] } } },
  ])('settles the upload whose bytes came: %j', async ({ action, ...extra }) => {
    const { promise, put, deliver } = await start()
    const { id, key, incoming } = await promise()
    const etag = await put(incoming)
    await deliver(eventOf(action, incoming, { etag, ...extra }))
    expect(await fileOf(id)).toEqual(ready)
    expect(await objectKeys()).toEqual([key])
    await expectInvariants({ swept: false })
  })

  it('settles a multipart upload that the client completed in the store by himself', async () => {
    const s3 = createS3OverBucket(env.BUCKET)
    answerStoreRequests(s3)
    const { worker, token, deliver } = await start()
    const half = 5 * 1024 ** 2
    const json = {
      filename: 'a.bin',
      contentType: 'application/octet-stream',
      multipart: true,
      partSize: half,
    }
    const created = await bodyOf(
      await worker.call('POST', '/v1/uploads', { token, json: { ...json, size: half + 1 } }),
    )
    const etags: string[] = []
    for (const { url, headers, size } of created.parts) {
      const answer = await fetch(url, { method: 'PUT', headers, body: new Uint8Array(size) })
      etags.push(answer.headers.get('etag') ?? '')
    }
    const [upload] = await rows<{ uuid: string; object_key: string; multipart_id: string }>(
      'SELECT uuid, object_key, multipart_id FROM uploads JOIN files ON id = file_id',
    )
    if (!upload) throw new Error('no upload')
    await deliver(eventOf('CompleteMultipartUpload', upload.object_key))
    expect(await fileOf(upload.uuid)).toEqual(pending)
    await s3.binding
      .resumeMultipartUpload(upload.object_key, upload.multipart_id)
      .complete(etags.map((etag, at) => ({ partNumber: at + 1, etag: etag.replaceAll('"', '') })))
    await deliver(eventOf('CompleteMultipartUpload', upload.object_key, { size: half + 1 }))
    expect(await fileOf(upload.uuid)).toEqual(ready)
    await expectInvariants({ swept: false })
  })

  it('may come again and in any order: before the bytes can be seen, and long after', async () => {
    const { promise, put, deliver } = await start()
    const { id, key, incoming } = await promise()
    const event = eventOf('PutObject', incoming, { etag: '4b3a6218bb3e3a7303e8a171a60fcf92' })
    await deliver(event, event)
    expect(await fileOf(id)).toEqual(pending)
    await put(incoming)
    await deliver(eventOf('DeleteObject', incoming), event, event, event)
    await deliver(event, eventOf('LifecycleDeletion', incoming))
    expect(await fileOf(id)).toEqual(ready)
    expect(await objectKeys()).toEqual([key])
    expect(await rows('SELECT count(*) AS n FROM contents')).toEqual([{ n: 1 }])
    await expectInvariants({ swept: false })
  })

  it('refuses bytes that are not what was promised', async () => {
    const { promise, put, deliver } = await start()
    const { id, incoming } = await promise()
    await put(incoming, pngBytes)
    await deliver(eventOf('PutObject', incoming), eventOf('PutObject', incoming))
    expect(await fileOf(id)).toEqual({ status: 'error', reason: 'size_mismatch' })
    expect(await objectKeys()).toEqual([])
  })

  it('changes nothing about a file that was deleted, has failed or was refused', async () => {
    const { worker, api, promise, put, deliver } = await start()
    const [deleted, failed, refused] = [await promise(), await promise(), await promise()]
    await put(refused.incoming, pngBytes)
    await api.get(refused.id)
    await api.delete(deleted.id)
    vi.setSystemTime(Date.now() + 3_600_000)
    await worker.runCron()
    const before = await rows('SELECT uuid AS id, status, refusal FROM files ORDER BY id')
    expect(before.map(({ status }) => status)).toEqual(['failed', 'error'])
    for (const { incoming } of [deleted, failed, refused]) {
      const etag = await put(incoming)
      await deliver(eventOf('PutObject', incoming, { etag }), eventOf('CopyObject', incoming, { etag }))
    }
    expect(await rows('SELECT uuid AS id, status, refusal FROM files ORDER BY id')).toEqual(before)
    expect(await objectKeys(), 'what landed late').toEqual([])
  })

  it('of bytes that came through a URL whose file is ready has them deleted at once', async () => {
    const { worker, api, promise, put, deliver } = await start()
    const { id, key, incoming } = await promise()
    await put(incoming)
    expect((await api.get(id)).status).toBe(200)
    const etag = await put(incoming, 'late!')
    await deliver(eventOf('PutObject', incoming, { etag }))
    expect(await objectKeys()).toEqual([key])
    expect(await fileOf(id)).toEqual(ready)
    await worker.runCron()
    await expectInvariants({ swept: true })
  })

  it('of bytes at a key that the outbox lists has them deleted at once, and the key stays listed', async () => {
    const { worker, token, deliver } = await start()
    answerStoreRequests(createS3OverBucket(env.BUCKET))
    const json = { filename: 'a.txt', contentType: 'text/plain', size: 5 }
    const { id, url, headers } = await bodyOf(await worker.call('POST', '/v1/uploads', { token, json }))
    expect((await worker.call('DELETE', `/v1/uploads/${id}`, { token })).status).toBe(204)
    expect((await fetch(url, { method: 'PUT', headers, body: 'bytes' })).status).toBe(200)
    const [key = ''] = await objectKeys()
    await deliver(eventOf('PutObject', key))
    expect(await objectKeys()).toEqual([])
    expect(await rows('SELECT object_key FROM object_deletions')).toEqual([{ object_key: key }])
  })

  it('of an object that no row knows leaves it alone, unless it has the form of an incoming one', async () => {
    const { api, put, deliver } = await start()
    const kept = await api.stored('bytes')
    const id = '00000000-0000-7000-8000-000000000000'
    const others = [`acme/${id}`, `acme/${id}.txt`, 'report.csv', `_incoming/acme/${id}.txt`, '_incoming/x']
    const stray = `_incoming/acme/${id}`
    for (const key of [...others, stray]) await put(key)
    await deliver(...[...others, stray, `acme/${kept}.txt`].map((key) => eventOf('PutObject', key)))
    expect((await objectKeys()).sort()).toEqual([...others, `acme/${kept}.txt`].sort())
  })

  it('of a deletion ends nothing', async () => {
    const { api, promise, deliver } = await start()
    const id = await api.stored('stored')
    const { id: awaited, key, incoming } = await promise()
    const names = [`acme/${id}.txt`, key, incoming]
    await deliver(
      ...names.flatMap((name) => [eventOf('DeleteObject', name), eventOf('LifecycleDeletion', name)]),
    )
    expect(await fileOf(id)).toEqual(ready)
    expect(await fileOf(awaited)).toEqual(pending)
  })

  it('of another bucket, of no upload, or of an unknown action is none of its business', async () => {
    const { promise, put, deliver } = await start()
    const { id, incoming } = await promise()
    const etag = await put(incoming)
    await deliver(
      eventOf('PutObject', incoming, { etag, bucket: 'slipway-other' }),
      eventOf('CopyObject', incoming, { etag, bucket: 'slipway-other' }),
      eventOf('PutObject', 'somebody/elses key?.txt', { etag }),
      eventOf('CopyObject', '_incoming/acme/00000000-0000-7000-8000-000000000000', { etag }),
      eventOf('RestoreObject', incoming, { etag }),
    )
    expect(await fileOf(id)).toEqual(pending)
  })

  it('about bytes that pass through the Worker changes nothing, while they do and after', async () => {
    const { worker, token, api, deliver } = await start()
    const seen: unknown[] = []
    const bucket = new Proxy(env.BUCKET, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target)
        if (name !== 'put') return typeof member === 'function' ? member.bind(target) : member
        return async (key: string, ...rest: unknown[]) => {
          const object: R2Object = await Reflect.apply(target.put, target, [key, ...rest])
          await deliver(
            eventOf('PutObject', key, { etag: object.etag }),
            eventOf('CopyObject', key, { etag: object.etag }),
          )
          seen.push(await rows('SELECT method FROM uploads WHERE object_key = ?1', key))
          return object
        }
      },
    })
    const id = await quantcdn(startWorker({ BUCKET: bucket }), token).stored('bytes')
    expect(seen).toEqual([[{ method: 'edge' }]])
    const [key = ''] = await objectKeys()
    await deliver(eventOf('CopyObject', key, { etag: (await env.BUCKET.head(key))?.etag ?? null }))
    expect(await fileOf(id)).toEqual(ready)
    expect((await api.get(id)).status).toBe(200)
    await worker.runCron()
    await expectInvariants({ swept: true })
  })
})

describe('a copy', () => {
  it('that the gateway made itself, to where promised bytes stay, is left alone', async () => {
    const s3 = createS3OverBucket(env.BUCKET)
    const requests = answerStoreRequests(s3)
    const { api, promise, put, deliver } = await start({ BUCKET: undefined, S3_COPY_IF_MATCH: 'true' })
    const { id, key, incoming } = await promise()
    const etag = await put(incoming)
    await deliver(eventOf('PutObject', incoming, { etag }))
    expect(await fileOf(id)).toEqual(ready)
    const copies = requests.mock.calls.filter(([input, init]) =>
      new Request(input, init).headers.has('x-amz-copy-source'),
    )
    expect(copies).toHaveLength(1)
    const own = (await env.BUCKET.head(key))?.etag ?? null
    await deliver(eventOf('CopyObject', key, { etag: own }), eventOf('CopyObject', key, { etag }))
    expect(await fileOf(id)).toEqual(ready)
    expect((await api.get(id)).status).toBe(200)
    await expectInvariants({ swept: false })
  })

  it('of an object onto itself is none: it brings no other bytes', async () => {
    const { api, promise, put, deliver } = await start()
    const { id, incoming } = await promise()
    const etag = await put(incoming)
    const ontoItself = { copySource: { bucket: 'slipway', object: incoming } }
    await deliver(eventOf('CopyObject', incoming, { etag, more: ontoItself }))
    expect(await fileOf(id)).toEqual(ready)
    await deliver(eventOf('CopyObject', incoming, { etag, more: ontoItself }))
    expect(await fileOf(id)).toEqual(ready)
    expect((await api.get(id)).status).toBe(200)
    const elsewhere = { copySource: { bucket: 'other', object: incoming } }
    await deliver(eventOf('CopyObject', incoming, { etag, more: elsewhere }))
    expect(await fileOf(id)).toEqual(copied)
  })

  it('takes the bytes from the file that it was put for, and not from one that shares them', async () => {
    const { worker, token, api, put, deliver } = await start()
    const json = { filename: 'a.txt', contentType: 'text/plain', size: 5 }
    const created = await bodyOf(await worker.call('POST', '/v1/uploads', { token, json }))
    const [{ key = '', id = '' } = {}] = await rows<{ key: string; id: string }>(
      'SELECT object_key AS key, uuid AS id FROM uploads JOIN files ON id = file_id',
    )
    const etag = await put(key)
    const completed = await worker.call('POST', `/v1/uploads/${created.id}/complete`, { token, json: {} })
    expect(completed.status).toBe(200)
    const shared = await api.stored('bytes')
    expect(await rows('SELECT 1 FROM contents')).toHaveLength(1)
    // The Worker has put the same bytes at the other file's key, for as long as it did not know of these.
    const ofShared = eventOf('PutObject', key.replace(id, shared), { etag })
    await deliver(eventOf('CopyObject', key, { etag }), ofShared)
    expect(await fileOf(id)).toEqual(copied)
    expect(await fileOf(shared)).toEqual(ready)
    expect((await api.get(shared)).status).toBe(200)
    await expectInvariants({ swept: false })
  })

  it('under the key of a pending upload is refused, and the copied bytes are deleted', async () => {
    const { worker, promise, put, deliver } = await start()
    const { id, incoming } = await promise()
    const etag = await put(incoming)
    await deliver(eventOf('CopyObject', incoming, { etag }))
    expect(await fileOf(id)).toEqual(copied)
    expect(await objectKeys()).toEqual([])
    expect(await rows('SELECT reserved_bytes, used_bytes, pending_uploads FROM organizations')).toEqual([
      { reserved_bytes: 0, used_bytes: 0, pending_uploads: 0 },
    ])
    await worker.runCron()
    await expectInvariants({ swept: true })
  })

  it('is known by its source as well as by its action', async () => {
    const { promise, put, deliver } = await start()
    const { id, incoming } = await promise()
    const etag = await put(incoming)
    const copySource = { bucket: 'slipway', object: 'acme/secret.txt' }
    await deliver(eventOf('PutObject', incoming, { etag, more: { copySource } }))
    expect(await fileOf(id)).toEqual(copied)
  })

  it.each([{ quoted: false }, { quoted: true }])(
    'that was taken for the bytes of an upload is taken away again (%j)',
    async (extra) => {
      const { worker, api, promise, put, deliver } = await start()
      const { id, incoming } = await promise()
      const etag = await put(incoming)
      expect((await api.get(id)).status).toBe(200)
      expect(await fileOf(id)).toEqual(ready)
      const event = eventOf('CopyObject', incoming, { etag, ...extra })
      await deliver(event, event)
      expect(await fileOf(id)).toEqual(copied)
      expect(await objectKeys()).toEqual([])
      expect(await rows('SELECT used_bytes FROM organizations')).toEqual([{ used_bytes: 0 }])
      expect(await bodyOf(await api.list())).toMatchObject({ files: [] })
      await worker.runCron()
      await expectInvariants({ swept: true })
    },
  )

  it('that was settled by an earlier message of the same batch is taken away again', async () => {
    const { promise, put, deliver } = await start()
    const { id, incoming } = await promise()
    const etag = await put(incoming)
    await deliver(
      eventOf('PutObject', incoming, { etag: '00000000000000000000000000000000' }),
      eventOf('CopyObject', incoming, { etag }),
    )
    expect(await fileOf(id)).toEqual(copied)
    expect(await objectKeys()).toEqual([])
    await expectInvariants({ swept: true })
  })

  it('that is taken away leaves the bytes to the other files that have them', async () => {
    const { worker, api, promise, put, deliver } = await start()
    const { id, key, incoming } = await promise()
    const etag = await put(incoming)
    await api.get(id)
    const other = await api.stored('bytes')
    expect(await rows('SELECT count(*) AS n FROM contents')).toEqual([{ n: 1 }])
    await deliver(eventOf('CopyObject', incoming, { etag }))
    expect([await fileOf(id), await fileOf(other)]).toEqual([copied, ready])
    expect(await objectKeys()).toEqual([key])
    expect(await rows('SELECT used_bytes FROM organizations')).toEqual([{ used_bytes: 5 }])
    vi.setSystemTime(Date.now() + 26 * 3_600_000)
    await worker.runCron()
    await expectInvariants({ swept: true })
    expect((await api.get(other)).status).toBe(200)
  })

  it('that came after the bytes were verified, or is not told by its ETag, changes nothing', async () => {
    const { api, promise, put, deliver } = await start()
    const { id, key, incoming } = await promise()
    await put(incoming)
    await api.get(id)
    const etag = await put(incoming, 'later')
    const unknown = eventOf('CopyObject', incoming)
    const { eTag: _, ...object } = unknown.object as { key: string; eTag: string }
    await deliver(eventOf('CopyObject', incoming, { etag }), { ...unknown, object })
    expect(await fileOf(id)).toEqual(ready)
    expect(await (await env.BUCKET.get(key))?.text()).toBe('bytes')
    await expectInvariants({ swept: false })
  })

  it('of the very same bytes that was made after these were taken changes nothing', async () => {
    vi.setSystemTime(Date.now())
    const { api, promise, put, deliver } = await start()
    const { id, key, incoming } = await promise()
    const etag = await put(incoming)
    await api.get(id)
    const late = { eventTime: new Date(Date.now() + 61_000).toISOString() }
    await deliver(eventOf('CopyObject', incoming, { etag, more: late }))
    expect(await fileOf(id)).toEqual(ready)
    expect(await (await env.BUCKET.get(key))?.text()).toBe('bytes')
    // The store's clock may be behind ours.
    const soon = { eventTime: new Date(Date.now() + 59_000).toISOString() }
    await deliver(eventOf('CopyObject', incoming, { etag, more: soon }))
    expect(await fileOf(id)).toEqual(copied)
  })

  it('noticed while a reader settles the upload costs no bytes of the file that is then ready', async () => {
    const { worker, token, promise, put } = await start()
    const { id, key, incoming } = await promise()
    await put(incoming)
    // The reader settles after the event's look-up, and before its refusal.
    const calls = recordCalls()
    const reader = quantcdn(worker, token)
    let read = false
    const database = new Proxy(env.DB, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target)
        if (name !== 'batch') return typeof member === 'function' ? member.bind(target) : member
        return async (statements: D1PreparedStatement[]) => {
          if (!read) {
            read = true
            await reader.get(id)
          }
          return target.batch(statements)
        }
      },
    })
    const racing = startWorker({ DB: interceptDatabase(database, calls) })
    const etag = '00000000000000000000000000000000'
    await racing.deliver([{ id: 'm', body: eventOf('CopyObject', incoming, { etag }) }])
    expect(read).toBe(true)
    expect(await fileOf(id)).toEqual(ready)
    expect(await objectKeys()).toEqual([key])
    await expectInvariants({ swept: false })
  })
})

describe('a batch', () => {
  it('is dealt with message by message: one that fails holds up no other', async () => {
    const { promise, put } = await start()
    const uploads = [await promise(), await promise(), await promise()]
    for (const { incoming } of uploads) await put(incoming)
    const [first, broken, last] = uploads
    const bucket = new Proxy(env.BUCKET, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target)
        if (typeof member !== 'function') return member
        return async (key: string, ...rest: unknown[]) => {
          if (key === broken?.incoming) throw new Error('the store is ill')
          return member.call(target, key, ...rest)
        }
      },
    })
    const logs = captureLogs()
    const result = await startWorker({ BUCKET: bucket }).deliver(
      uploads.map(({ incoming }, at) => ({ id: `m${at}`, body: eventOf('PutObject', incoming) })),
    )
    expect(result).toEqual({ acked: ['m0', 'm2'], retried: [{ id: 'm1', delaySeconds: 10 }] })
    expect(await fileOf(first?.id ?? '')).toEqual(ready)
    expect(await fileOf(broken?.id ?? '')).toEqual(pending)
    expect(await fileOf(last?.id ?? '')).toEqual(ready)
    expect(logs.events()).toContainEqual(
      expect.objectContaining({ event: 'storage_event_failed', messageId: 'm1', attempts: 1 }),
    )
  })

  it('that finds the database down is asked for again, later and later', async () => {
    const { promise, put } = await start()
    const { id, incoming } = await promise()
    await put(incoming)
    const calls = recordCalls(() => 'before')
    const broken = startWorker({ DB: interceptDatabase(env.DB, calls) })
    const logs = captureLogs()
    const body = eventOf('PutObject', incoming)
    const attempts = [1, 2, 3, 9, 10, 100]
    const result = await broken.deliver([
      ...attempts.map((attempt) => ({ id: `m${attempt}`, body, attempts: attempt })),
      { id: 'other', body: eventOf('PutObject', incoming, { bucket: 'other' }) },
    ])
    expect(result.acked).toEqual(['other'])
    expect(result.retried.map(({ delaySeconds }) => delaySeconds)).toEqual([10, 20, 40, 2560, 3600, 3600])
    expect(logs.events()).toEqual([expect.objectContaining({ event: 'storage_events_failed', messages: 6 })])
    expect(await startWorker().deliver([{ id: 'again', body, attempts: 2 }])).toMatchObject({
      acked: ['again'],
    })
    expect(await fileOf(id)).toEqual(ready)
  })

  it.each([
    ['nothing', null],
    ['a text', 'PutObject'],
    ['no key', { ...eventOf('PutObject', 'x'), object: {} }],
    ['a key that is none', { ...eventOf('PutObject', 'x'), object: { key: 7 } }],
    ['no bucket', { ...eventOf('PutObject', 'x'), bucket: undefined }],
    ['no action', { ...eventOf('PutObject', 'x'), action: undefined }],
  ])(
    'with a message that is not understood (%s) goes on, and keeps it for the dead letters',
    async (_, body) => {
      const { worker, promise, put } = await start()
      const { id, incoming } = await promise()
      await put(incoming)
      const marked =
        typeof body === 'object' && body !== null ? { ...body, account: 'account-of-nobody' } : body
      const logs = captureLogs()
      const result = await worker.deliver([
        { id: 'odd', body: marked, attempts: 3 },
        { id: 'sound', body: eventOf('PutObject', incoming) },
      ])
      expect(result).toEqual({ acked: ['sound'], retried: [{ id: 'odd', delaySeconds: 40 }] })
      expect(await fileOf(id)).toEqual(ready)
      expect(logs.events()).toEqual([
        { job: 'storage-events', event: 'storage_event_not_understood', messageId: 'odd' },
      ])
    },
  )

  it('logs no secret, no URL and no key that opens anything', async () => {
    const { promise, put } = await start()
    const { incoming } = await promise()
    await put(incoming)
    const logs = captureLogs()
    const calls = recordCalls((name) => (name === 'head' ? 'before' : 'none'))
    const broken = startWorker({ BUCKET: interceptBucket(env.BUCKET, calls) })
    await broken.deliver([{ id: 'm', body: eventOf('PutObject', incoming) }])
    expect(logs.text()).toContain('storage_event_failed')
    for (const secret of [env.S3_SECRET_ACCESS_KEY, env.SIGNING_SECRET, env.ROOT_API_KEY, 'X-Amz-', incoming])
      expect(logs.text()).not.toContain(secret)
  })

  it('of 25 stays within what D1 takes of one invocation, whatever comes of them', async () => {
    const { api, promise, put } = await start()
    await api.stored('bytes')
    const events: unknown[] = []
    for (let at = 0; at < 25; at++) {
      const { id, incoming } = await promise()
      const kind = at % 5
      const etag = await put(
        incoming,
        kind === 1 ? pngBytes : kind === 4 ? `bytes`.padEnd(5) : `by${at + 100}`,
      )
      if (kind === 2) await api.get(id)
      events.push(eventOf(kind === 2 || kind === 3 ? 'CopyObject' : 'PutObject', incoming, { etag }))
    }
    const meter = newMeter()
    const metered = startWorker({
      DB: meterDatabase(env.DB, meter),
      BUCKET: meterBucket(env.BUCKET, meter),
    })
    const result = await metered.deliver(events.map((body, at) => ({ id: `m${at}`, body })))
    expect(result.acked).toHaveLength(25)
    const statuses = await rows('SELECT status, count(*) AS n FROM files GROUP BY status')
    expect(statuses).toEqual([
      { status: 'error', n: 15 },
      { status: 'ready', n: 11 },
    ])
    expect(meter.statements).toBeGreaterThan(100)
    expect(meter.statements).toBeLessThan(500)
    expect(meter.subrequests).toBeLessThan(500)
  })
})

it('an upload that a client aborts while it is completed keeps the bytes of the file that is then ready', async () => {
  answerStoreRequests(createS3OverBucket(env.BUCKET))
  const { worker, token } = await start()
  const json = { filename: 'a.txt', contentType: 'text/plain', size: 5 }
  const created = await bodyOf(await worker.call('POST', '/v1/uploads', { token, json }))
  await fetch(created.url, { method: 'PUT', headers: created.headers, body: 'bytes' })
  let completed = false
  const database = new Proxy(env.DB, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (name !== 'batch') return typeof member === 'function' ? member.bind(target) : member
      return async (statements: D1PreparedStatement[]) => {
        if (!completed) {
          completed = true
          const answer = await worker.call('POST', `/v1/uploads/${created.id}/complete`, { token })
          expect(answer.status).toBe(200)
        }
        return target.batch(statements)
      }
    },
  })
  const aborted = await startWorker({ DB: database }).call('DELETE', `/v1/uploads/${created.id}`, { token })
  expect(aborted.status).toBe(409)
  await expectInvariants({ swept: false })
  expect(
    base64(
      new Uint8Array((await (await env.BUCKET.get((await objectKeys())[0] ?? ''))?.arrayBuffer()) ?? []),
    ),
  ).toBe(base64('bytes'))
})
