import type { ObjectStore } from '../../core/ports/object-store'
import { briefLimitMs, transferLimitMs } from '../time-limit'
import { attempt, httpMetadataOf, toStoredObject } from './r2-calls'

/** The most keys of one R2 delete call (R2 Workers API reference). The local simulator takes more. */
const deleteKeysMax = 1000

/** The bucket through the Worker's R2 binding, which cannot copy: `copier` is the same bucket's S3 endpoint. */
export function createR2ObjectStore(bucket: R2Bucket, copier: Pick<ObjectStore, 'copy'>): ObjectStore {
  return {
    async head(key) {
      const object = await attempt('head', briefLimitMs, () => bucket.head(key))
      return object && toStoredObject(object)
    },

    async get(key, options = {}) {
      const object = await attempt('get', briefLimitMs, () =>
        bucket.get(key, {
          ...(options.range ? { range: options.range } : {}),
          ...(options.ifMatch === undefined ? {} : { onlyIf: { etagMatches: options.ifMatch } }),
        }),
      )
      // Without a body the precondition failed.
      return object && 'body' in object ? { object: toStoredObject(object), body: object.body } : null
    },

    async put(key, body, { sha256, ...headers }) {
      const options = { httpMetadata: httpMetadataOf(headers), ...(sha256 === null ? {} : { sha256 }) }
      if (body instanceof Uint8Array) {
        const limitMs = transferLimitMs(body.length)
        return toStoredObject(await attempt('put', limitMs, () => bucket.put(key, body, options)))
      }
      const sized = new FixedLengthStream(body.byteSize)
      const [object] = await attempt('put', transferLimitMs(body.byteSize), () =>
        Promise.all([bucket.put(key, sized.readable, options), body.stream.pipeTo(sized.writable)]),
      )
      return toStoredObject(object)
    },

    async putOnce(key, body, { sha256, ...headers }) {
      const options = {
        httpMetadata: httpMetadataOf(headers),
        ...(sha256 === null ? {} : { sha256 }),
        onlyIf: new Headers({ 'if-none-match': '*' }),
      }
      const object = await attempt('put', transferLimitMs(body.length), () => bucket.put(key, body, options))
      return object && toStoredObject(object)
    },

    copy(from, to, options) {
      return copier.copy(from, to, options)
    },

    async list(prefix, after) {
      const page = await attempt('list', briefLimitMs, () =>
        bucket.list({ prefix, ...(after === null ? {} : { startAfter: after }) }),
      )
      return { keys: page.objects.map(({ key }) => key), isTruncated: page.truncated }
    },

    async delete(keys) {
      for (let at = 0; at < keys.length; at += deleteKeysMax)
        await attempt('delete', briefLimitMs, () => bucket.delete(keys.slice(at, at + deleteKeysMax)))
    },

    async check() {
      await attempt('check', briefLimitMs, () => bucket.head('slipway-health'))
    },
  }
}
