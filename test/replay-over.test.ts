import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import {
  inPartsPromise,
  keyIn,
  type Promised,
  prefixedId,
  putTo,
  singlePutPromises,
} from './support/handed-out'
import { expectInvariants } from './support/invariants'
import { filesPath } from './support/quantcdn'
import { sealingStores, startOver } from './support/start-over'
import { rows, type TestWorker } from './support/worker'

type Promisee = { worker: TestWorker; token: string; promised: Promised }

/** What may become of an upload, and the words for it. */
const ends: Record<string, { says: string; end: (promisee: Promisee) => Promise<void> }> = {
  'deleted while it was awaited': {
    says: 'its file was deleted',
    async end({ worker, token, promised }) {
      expect((await worker.call('DELETE', `${filesPath}/${promised.fileId}`, { token })).status).toBe(200)
    },
  },
  aborted: {
    says: 'its bytes never came, or it was aborted',
    async end({ worker, token, promised }) {
      const path = `/v1/uploads/${prefixedId(promised.fileId)}`
      expect((await worker.call('DELETE', path, { token })).status).toBe(204)
    },
  },
  'failed, as nothing came': {
    says: 'its bytes never came, or it was aborted',
    async end({ worker }) {
      await env.DB.prepare('UPDATE uploads SET expires_at = ?1, sweep_at = ?1')
        .bind(Date.now() - 1)
        .run()
      await worker.runCron()
    },
  },
}

const ofOnePut: typeof ends = {
  refused: {
    says: 'its bytes were refused',
    async end({ worker, token, promised }) {
      const key = promised.told.map(keyIn)[0] ?? ''
      await env.BUCKET.put(key, 'not what was promised', { httpMetadata: { contentType: 'image/gif' } })
      expect((await worker.call('GET', `${filesPath}/${promised.fileId}`, { token })).status).toBe(404)
    },
  },
  'deleted when it was ready': {
    says: 'its file was deleted',
    async end({ worker, token, promised }) {
      const [told] = promised.told
      expect(told && (await putTo(told, 'bytes'))).toBe(200)
      for (const method of ['GET', 'DELETE'])
        expect((await worker.call(method, `${filesPath}/${promised.fileId}`, { token })).status).toBe(200)
    },
  },
}

const cases = [
  ...singlePutPromises.flatMap((promising) =>
    Object.entries({ ...ends, ...ofOnePut }).map(([name, end]) => ({ promising, name, ...end })),
  ),
  ...Object.entries(ends).map(([name, end]) => ({ promising: inPartsPromise, name, ...end })),
].map((one) => ({ ...one, dialect: one.promising.name }))

describe('a repeated request with the Idempotency-Key of an upload that is over', () => {
  it.each(cases)('is told so, and given no URL: $dialect, $name', async ({ promising, says, end }) => {
    const [kind = expect.fail('no store')] = sealingStores
    const { worker, token } = await startOver(kind, promising.bindings)
    const promised = await promising.promise(
      worker,
      token,
      'bytes'.padEnd(promising === inPartsPromise ? 5 * 1024 ** 2 + 1 : 5),
    )
    await end({ worker, token, promised })
    const before = await rows('SELECT uuid AS id, status FROM files')
    await expect(promised.askAgain()).rejects.toThrow(/^409 .*Use another key to begin anew/)
    await expect(promised.askAgain()).rejects.toThrow(says)
    expect(await rows('SELECT uuid AS id, status FROM files')).toEqual(before)
    await expectInvariants({ swept: false })
  })

  it('is given the stored reply while the bytes are awaited, and when they are there', async () => {
    const [kind = expect.fail('no store')] = sealingStores
    for (const promising of singlePutPromises.filter(({ name }) => name.startsWith('QuantCDN'))) {
      const { worker, token } = await startOver(kind, promising.bindings)
      const promised = await promising.promise(worker, token, 'bytes')
      expect((await promised.askAgain()).map(keyIn)).toEqual(promised.told.map(keyIn))
      await env.DB.prepare('DELETE FROM idempotency_records').run()
    }
  })
})
