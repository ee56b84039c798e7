import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { bytesOf } from '../../storage/object-store-contract'
import { cuadra, field, textFile } from '../../support/cuadra'
import { createGate } from '../../support/gates'
import { interceptBucket, interceptDatabase, recordCalls } from '../../support/intercept'
import { expectInvariants } from '../../support/invariants'
import { base64, quantcdn } from '../../support/quantcdn'
import { bodyOf, objectKeys, rows, startWorker } from '../../support/worker'

const once = { 'idempotency-key': 'once' }
const parts = [textFile('hello'), field('resource_type', 'chat'), field('resource_id', 'x')]
const large = [textFile(bytesOf(5 * 1024 ** 2 + 3), 'big.bin'), field('source_detail', 'dashboard')]

async function start() {
  const worker = startWorker()
  const token = await worker.organization()
  return { worker, token, api: cuadra(worker, token) }
}

describe('Idempotency-Key', () => {
  it.each([
    ['a small file', parts],
    ['a large file', large],
  ])('gives the stored reply for %s again, and stores nothing', async (_, form) => {
    const { token, api } = await start()
    const first = await api.upload(form, once)
    expect(first.headers.get('idempotent-replayed')).toBeNull()
    const calls = recordCalls()
    const again = await cuadra(startWorker({ BUCKET: interceptBucket(env.BUCKET, calls) }), token).upload(
      form,
      once,
    )
    expect(again.status).toBe(201)
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect(await bodyOf(again)).toEqual(await bodyOf(first))
    expect(calls.names).toEqual([])
    expect(await rows('SELECT uuid AS id FROM files')).toHaveLength(1)
    await expectInvariants({ swept: true })
  })

  it('gives the reply as it was when the file was deleted since', async () => {
    const { api } = await start()
    const first = await bodyOf(await api.upload(parts, once))
    await api.delete(first.id)
    expect(await bodyOf(await api.upload(parts, once))).toEqual(first)
    expect(await rows('SELECT uuid AS id FROM files')).toEqual([])
  })

  it('refuses every other request under the same key: 422, and nothing stays of it', async () => {
    const { worker, token, api } = await start()
    await api.upload(parts, once)
    const [file, ...fields] = parts
    const others = [
      [textFile('other'), ...fields],
      [textFile('hello', 'b.txt'), ...fields],
      [textFile('hello', 'a.txt', 'text/csv'), ...fields],
      [textFile('hello')],
      [...parts, field('source_detail', 'x')],
      [...parts, field('connector_metadata', '{}')],
      [textFile('hello'), field('resource_type', 'dataset'), field('resource_id', 'x')],
      large,
    ]
    expect(file).toBeDefined()
    for (const other of others) expect((await api.upload(other, once)).status).toBe(422)
    const json = { content: base64('hello'), contentType: 'text/plain', filename: 'a.txt' }
    expect((await quantcdn(worker, token).upload(json, once)).status).toBe(422)
    expect(await rows('SELECT uuid AS id FROM files')).toHaveLength(1)
    await expectInvariants({ swept: true })
  })

  it('refuses what another dialect has used the key for', async () => {
    const { worker, token, api } = await start()
    const json = { content: base64('hello'), contentType: 'text/plain', filename: 'a.txt' }
    await quantcdn(worker, token).upload(json, once)
    expect((await api.upload(parts, once)).status).toBe(422)
    expect(await rows('SELECT uuid AS id FROM files')).toHaveLength(1)
  })

  it('is an organization’s own', async () => {
    const { worker, api } = await start()
    const theirs = cuadra(worker, await worker.organization('other'))
    const [mine, other] = [await bodyOf(await api.upload(parts, once)), await theirs.upload(parts, once)]
    expect(other.headers.get('idempotent-replayed')).toBeNull()
    expect((await bodyOf(other)).id).not.toBe(mine.id)
  })

  it.each(['', 'x'.repeat(256), '""'])('refuses the malformed key %j', async (key) => {
    const { api } = await start()
    const answer = await api.upload(parts, { 'idempotency-key': key })
    expect(answer.status).toBe(400)
    expect(await bodyOf(answer)).toMatchObject({ errors: [{ field: 'Idempotency-Key' }] })
  })

  it.each([
    ['small', parts],
    ['large', large],
  ])(
    'makes one file of eight racing %s uploads: seven are told to wait, and then get its reply',
    async (_, form) => {
      const { token, api } = await start()
      const gate = createGate()
      const slow = new Proxy(env.BUCKET, {
        get(target, name) {
          const member = Reflect.get(target, name)
          if (name !== 'put' && name !== 'createMultipartUpload') return member.bind(target)
          return async (...args: unknown[]) => {
            await gate.pass()
            return member.apply(target, args)
          }
        },
      })
      const first = cuadra(startWorker({ BUCKET: slow }), token).upload(form, once)
      await gate.reached
      for (const answer of await Promise.all(Array.from({ length: 7 }, () => api.upload(form, once)))) {
        expect(answer.status).toBe(409)
        expect(await bodyOf(answer)).toMatchObject({
          detail: 'A request with this Idempotency-Key is still running',
        })
        expect(answer.headers.get('retry-after')).toBe('60')
      }
      gate.open()
      const made = await first
      expect(made.status).toBe(201)
      expect(made.headers.get('idempotent-replayed')).toBeNull()
      const file = await bodyOf(made)
      for (const answer of await Promise.all(Array.from({ length: 7 }, () => api.upload(form, once)))) {
        expect(answer.status).toBe(201)
        expect(answer.headers.get('idempotent-replayed')).toBe('true')
        expect(await bodyOf(answer)).toEqual(file)
      }
      expect(await rows('SELECT uuid AS id FROM files')).toHaveLength(1)
      expect(await objectKeys()).toHaveLength(1)
      expect(await rows('SELECT object_key FROM object_deletions')).toEqual([])
      await expectInvariants({ swept: true })
    },
  )

  it('lets one of racing different requests win; the others wait, are 422 after that and leave nothing', async () => {
    const { api } = await start()
    const forms = Array.from({ length: 4 }, (_, n) => [textFile(`hello ${n}`)])
    const upload = async () => Promise.all(forms.map((form) => api.upload(form, once)))
    const statuses = async () => (await upload()).map(({ status }) => status).sort()
    // One that comes when the first has ended is 422 at once.
    expect((await statuses()).join()).toMatch(/^201(,409)*(,422)*$/)
    expect(await statuses()).toEqual([201, 422, 422, 422])
    expect(await rows('SELECT uuid AS id FROM files')).toHaveLength(1)
    expect(await objectKeys()).toHaveLength(1)
    await expectInvariants({ swept: true })
  })

  it.each([
    ['small', textFile('x')],
    ['large', textFile(bytesOf(5 * 1024 ** 2 + 3))],
  ])('is free at once after a %s request that fails', async (_, second) => {
    const { api } = await start()
    expect((await api.upload([second, ...parts], once)).status).toBe(400)
    expect(await rows('SELECT idempotency_key FROM idempotency_records')).toEqual([])
    expect((await api.upload(parts, once)).status).toBe(201)
  })

  it('is held by a request that died as long as an upload may take, and is then taken over', async () => {
    const { token, api } = await start()
    const dead = recordCalls()
    dead.decide = () => (dead.names.includes('put') ? 'before' : 'none')
    const bindings = { DB: interceptDatabase(env.DB, dead), BUCKET: interceptBucket(env.BUCKET, dead) }
    expect((await cuadra(startWorker(bindings), token).upload(parts, once)).status).toBe(503)
    const [left] = await rows<{ id: string }>('SELECT uuid AS id FROM files')
    const minutes = 60_000
    const began = Date.now()
    for (const [after, dialect] of [
      [1, 'this'],
      [14, 'this'],
      [14, 'another'],
    ] as const) {
      vi.setSystemTime(began + after * minutes)
      const json = { content: base64('hello'), contentType: 'text/plain' }
      const answer = await (dialect === 'this'
        ? api.upload(parts, once)
        : quantcdn(startWorker(), token).upload(json, once))
      expect(answer.status).toBe(409)
      expect(answer.headers.get('retry-after')).toBe('60')
    }
    vi.setSystemTime(began + 15 * minutes + 1000)
    const second = await api.upload([textFile('other')], once)
    expect(second.status).toBe(201)
    expect(second.headers.get('idempotent-replayed')).toBeNull()
    const kept = await rows<{ id: string }>('SELECT uuid AS id FROM files')
    expect(kept).toHaveLength(1)
    expect(kept).not.toContainEqual(left)
    expect((await api.upload(parts, once)).status).toBe(422)
    await expectInvariants({ swept: false })
  })

  it('is forgotten after a day', async () => {
    const { api } = await start()
    const first = await bodyOf(await api.upload(parts, once))
    vi.setSystemTime(Date.now() + 24 * 3_600_000 + 1)
    const second = await api.upload([textFile('other')], once)
    expect(second.status).toBe(201)
    expect((await bodyOf(second)).id).not.toBe(first.id)
  })
})

const week = 7 * 24 * 3_600_000

describe('a request that died', () => {
  it('has its multipart upload aborted by the sweep', async () => {
    const { worker, token } = await start()
    const dead = recordCalls()
    dead.decide = () => (dead.names.includes('uploadPart') ? 'before' : 'none')
    const aborts = recordCalls()
    const bindings = { DB: interceptDatabase(env.DB, dead), BUCKET: interceptBucket(env.BUCKET, dead) }
    expect((await cuadra(startWorker(bindings), token).upload(large)).status).toBe(503)
    const [upload] = await rows<{ multipart_id: string; object_key: string }>('SELECT * FROM uploads')
    expect(upload?.multipart_id).toEqual(expect.any(String))

    vi.setSystemTime(Date.now() + 3_600_000)
    const sweeping = startWorker({ BUCKET: interceptBucket(env.BUCKET, aborts) })
    // One sweep gives the upload up, the next deletes what it left.
    for (let round = 0; round < 2; round++) await sweeping.runCron()
    expect(aborts.names).toContain('abort')
    const left = env.BUCKET.resumeMultipartUpload(upload?.object_key ?? '', upload?.multipart_id ?? '')
    await expect(left.uploadPart(1, 'x')).rejects.toThrow('10024')
    expect(await rows('SELECT uuid AS id FROM files')).toEqual([])
    vi.setSystemTime(Date.now() + week)
    await worker.runCron()
    await expectInvariants({ swept: true })
  })
})
