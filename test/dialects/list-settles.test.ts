import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { cuadra } from '../support/cuadra'
import { interceptBucket, interceptDatabase, recordCalls } from '../support/intercept'
import { quantcdn } from '../support/quantcdn'
import { bodyOf, startWorker } from '../support/worker'

const text = { contentType: 'text/plain' }

async function start() {
  const worker = startWorker()
  const token = await worker.organization()
  const files = quantcdn(worker, token)
  /** A file that was given a URL, and its bytes if they are put there. */
  const presigned = async (bytes: string | null) => {
    const { fileId, s3Key } = await bodyOf(await files.upload({ ...text, requestUploadUrl: true }))
    if (bytes !== null) await files.put(s3Key, bytes, 'text/plain')
    return fileId as string
  }
  /** What the two lists show. */
  const lists = {
    quantcdn: async (query = {}) => (await bodyOf(await files.list(query))).files.length as number,
    cuadra: async (query = {}) =>
      (await bodyOf(await cuadra(worker, token).list(query))).items.length as number,
  }
  return { worker, token, files, presigned, lists }
}

describe.each(['quantcdn', 'cuadra'] as const)('a first page of the %s list', (dialect) => {
  it('settles behind its answer what was put through a bare URL: the next look shows it', async () => {
    const { presigned, lists } = await start()
    await presigned('hello')
    await presigned(null)
    expect(await lists[dialect]()).toBe(0)
    expect(await lists[dialect]()).toBe(1)
  })

  it('settles a few at a time, the newest first', async () => {
    const { presigned, lists } = await start()
    for (let n = 0; n < 7; n++) await presigned(`${n}`)
    expect(await lists[dialect]()).toBe(0)
    expect(await lists[dialect]()).toBe(5)
    expect(await lists[dialect]()).toBe(7)
  })
})

describe('a list', () => {
  it('asks the bucket for nothing when nothing is awaited, and the database once', async () => {
    const { token, files } = await start()
    await files.stored('hello')
    const calls = recordCalls()
    const counted = startWorker({
      DB: interceptDatabase(env.DB, calls),
      BUCKET: interceptBucket(env.BUCKET, calls),
    })
    for (const list of [quantcdn(counted, token).list, cuadra(counted, token).list]) {
      calls.names.length = 0
      await list()
      expect(calls.names).toEqual(['batch'])
    }
  })

  it('leaves alone what its first page would not show, and what a later page is about', async () => {
    const { token, files, presigned } = await start()
    await presigned('old')
    for (const content of ['a', 'b', 'c']) await files.stored(content)
    const calls = recordCalls()
    const counted = quantcdn(startWorker({ BUCKET: interceptBucket(env.BUCKET, calls) }), token)
    const { nextCursor } = await bodyOf(await counted.list({ limit: '2' }))
    await counted.list({ limit: '2', cursor: nextCursor })
    expect(calls.names).toEqual([])
  })

  it('does not wait for the bucket, and answers when it is down', async () => {
    const { token, presigned, lists } = await start()
    await presigned('hello')
    const calls = recordCalls(() => 'before')
    const broken = quantcdn(startWorker({ BUCKET: interceptBucket(env.BUCKET, calls) }), token)
    const answer = await broken.list()
    expect([answer.status, (await bodyOf(answer)).files]).toEqual([200, []])
    expect(calls.names).toContain('head')
    expect(await lists.quantcdn()).toBe(0)
    expect(await lists.quantcdn()).toBe(1)
  })
})
