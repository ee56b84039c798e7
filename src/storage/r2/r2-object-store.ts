import type { Md5, ObjectKey, Sha256 } from '../../core/ids'
import type { ObjectStore, StoredObject } from '../../core/ports/object-store'
import { r2Failure } from './r2-errors'

/** The most keys of one R2 delete call (R2 Workers API reference). The local simulator takes more. */
const deleteKeysMax = 1000

/** The bucket through the Worker's R2 binding. */
export function createR2ObjectStore(bucket: R2Bucket): ObjectStore {
  return {
    async head(key) {
      const object = await attempt('head', () => bucket.head(key))
      return object && toStoredObject(object)
    },

    async get(key, options = {}) {
      const object = await attempt('get', () =>
        bucket.get(key, {
          ...(options.range ? { range: options.range } : {}),
          ...(options.ifMatch === undefined ? {} : { onlyIf: { etagMatches: options.ifMatch } }),
        }),
      )
      // Without a body the precondition failed.
      return object && 'body' in object ? { object: toStoredObject(object), body: object.body } : null
    },

    async put(key, body, { contentType, sha256 }) {
      const options = { httpMetadata: { contentType }, ...(sha256 === null ? {} : { sha256 }) }
      if (body instanceof Uint8Array)
        return toStoredObject(await attempt('put', () => bucket.put(key, body, options)))
      const sized = new FixedLengthStream(body.byteSize)
      const piped = body.stream.pipeTo(sized.writable)
      const [object] = await attempt('put', () =>
        Promise.all([bucket.put(key, sized.readable, options), piped]),
      )
      return toStoredObject(object)
    },

    async delete(keys) {
      for (let at = 0; at < keys.length; at += deleteKeysMax)
        await attempt('delete', () => bucket.delete(keys.slice(at, at + deleteKeysMax)))
    },

    async check() {
      await attempt('check', () => bucket.head('slipway-health'))
    },
  }
}

async function attempt<T>(operation: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw r2Failure(operation, error)
  }
}

function toStoredObject(object: R2Object): StoredObject {
  return {
    key: object.key as ObjectKey,
    byteSize: object.size,
    etag: object.etag,
    contentType: object.httpMetadata?.contentType ?? null,
    contentEncoding: object.httpMetadata?.contentEncoding ?? null,
    md5: hexOf(object.checksums.md5) as Md5 | null,
    sha256: hexOf(object.checksums.sha256) as Sha256 | null,
  }
}

function hexOf(checksum: ArrayBuffer | undefined): string | null {
  return checksum === undefined ? null : new Uint8Array(checksum).toHex()
}
