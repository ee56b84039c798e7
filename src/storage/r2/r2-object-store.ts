import type { ObjectStore } from '../../core/ports/object-store'
import { createPartWriter } from '../part-writer'
import { briefLimitMs, transferLimitMs } from '../time-limit'
import { attempt, toStoredObject } from './r2-calls'
import { abortR2Multipart, r2PartTarget } from './r2-part-target'

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

    async put(key, body, { contentType, contentDisposition, sha256 }) {
      const httpMetadata = { contentType, ...(contentDisposition ? { contentDisposition } : {}) }
      const options = { httpMetadata, ...(sha256 === null ? {} : { sha256 }) }
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

    copy(from, to, options) {
      return copier.copy(from, to, options)
    },

    write(key, options) {
      return createPartWriter(r2PartTarget(bucket, key, options.contentType), options)
    },

    abortMultipart(key, multipartId) {
      return abortR2Multipart(bucket, key, multipartId)
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
