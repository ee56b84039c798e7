import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import type { ObjectKey } from '../../src/core/ids'
import type { ObjectStore } from '../../src/core/ports/object-store'
import { createR2MultipartStore } from '../../src/storage/r2/r2-multipart-store'
import { createR2ObjectStore } from '../../src/storage/r2/r2-object-store'
import { describeMultipartStore } from './multipart-store-contract'
import { describePartWriter } from './part-writer-contract'

const key = 'acme/file.bin' as ObjectKey
const noCopier: Pick<ObjectStore, 'copy'> = { copy: () => expect.fail('nothing is to be copied') }
const over = () => ({
  uploads: createR2MultipartStore(env.BUCKET),
  objects: createR2ObjectStore(env.BUCKET, noCopier),
  presigner: null,
})

// Miniflare answers 10001, an internal error, where the id belongs to another key.
const facts = { lists: false, unequalParts: 'invalid_parts', ofAnotherKey: 'fails' } as const
describeMultipartStore('the R2 binding', facts, over)
describePartWriter('the R2 binding', over)

/** A binding whose multipart calls all do what `answer` does. */
function bindingThat(answer: () => Promise<never>): R2Bucket {
  const upload = { uploadPart: answer, complete: answer, abort: answer }
  return { createMultipartUpload: answer, resumeMultipartUpload: () => upload } as Partial<
    Record<keyof R2Bucket, unknown>
  > as R2Bucket
}

const parts = [{ partNumber: 1, etag: 'e' }]
const mebibyte = 1024 ** 2
const calls = (bucket: R2Bucket) => {
  const store = createR2MultipartStore(bucket)
  return {
    createMultipart: () => store.create(key, { contentType: 'text/plain' }),
    uploadPart: () => store.uploadPart(key, 'id', 1, new Uint8Array(5 * mebibyte)),
    completeMultipart: () => store.complete(key, 'id', parts),
    abortMultipart: () => store.abort(key, 'id'),
  }
}

describe('an R2 binding that stays silent', () => {
  it.each([
    ['createMultipart', 10_000],
    ['uploadPart', 35_000],
    ['completeMultipart', 60_000],
    ['abortMultipart', 10_000],
  ] as const)('fails a %s after %i ms, not before', async (operation, limitMs) => {
    vi.useFakeTimers()
    const failed = vi.fn()
    const ended = calls(bindingThat(() => new Promise<never>(() => {})))
      [operation]()
      .catch(failed)
    await vi.advanceTimersByTimeAsync(limitMs - 1)
    expect(failed).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    await ended
    expect(failed.mock.calls[0]?.[0]).toMatchObject({ failure: { code: 'store_failed', operation } })
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('what R2 answers by its codes', () => {
  const over = (code: number) =>
    calls(bindingThat(() => Promise.reject(new Error(`complete: sorry (${code})`))))

  it.each([
    [10_024, 'no_such_upload'],
    [10_011, 'invalid_parts'],
    [10_025, 'invalid_parts'],
    [10_048, 'invalid_parts'],
  ])('is %i to a completion of %s', async (code, outcome) => {
    expect(await over(code).completeMultipart()).toEqual({ outcome })
  })

  it('is 10024 to a part, and to an abort, of no such upload', async () => {
    expect(await over(10_024).uploadPart()).toBeNull()
    await expect(over(10_024).abortMultipart()).resolves.toBeUndefined()
  })

  it.each(['createMultipart', 'uploadPart', 'completeMultipart', 'abortMultipart'] as const)(
    'is anything else to a %s that failed',
    async (operation) => {
      await expect(over(10_001)[operation]()).rejects.toMatchObject({
        failure: { code: 'store_failed', operation },
      })
    },
  )
})
