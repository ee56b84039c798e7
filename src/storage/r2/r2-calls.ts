import type { Md5, ObjectKey, Sha256 } from '../../core/ids'
import type { ObjectHeaders, StoredObject } from '../../core/ports/object-store'
import { withStoreLimit } from '../time-limit'
import { r2Failure } from './r2-errors'

/** `call`, a failure of which is `store_failed`, as is no answer within `limitMs`: bindings take no AbortSignal. */
export function attempt<T>(operation: string, limitMs: number, call: () => Promise<T>): Promise<T> {
  return withStoreLimit(operation, limitMs, async () => {
    try {
      return await call()
    } catch (error) {
      throw r2Failure(operation, error)
    }
  })
}

/** What R2 is told to keep with an object. */
export function httpMetadataOf({ contentType, contentDisposition }: ObjectHeaders): R2HTTPMetadata {
  return { contentType, ...(contentDisposition ? { contentDisposition } : {}) }
}

export function toStoredObject(object: R2Object): StoredObject {
  return {
    key: object.key as ObjectKey,
    byteSize: object.size,
    etag: object.etag,
    contentType: object.httpMetadata?.contentType ?? null,
    contentEncoding: object.httpMetadata?.contentEncoding ?? null,
    contentDisposition: object.httpMetadata?.contentDisposition ?? null,
    hasOtherHeaders: hasOtherHeaders(object),
    md5: hexOf(object.checksums.md5) as Md5 | null,
    sha256: hexOf(object.checksums.sha256) as Sha256 | null,
  }
}

function hasOtherHeaders({ httpMetadata = {}, customMetadata = {} }: R2Object): boolean {
  const { cacheControl, cacheExpiry, contentLanguage } = httpMetadata
  const others = [cacheControl, cacheExpiry, contentLanguage]
  return others.some((value) => value !== undefined) || Object.keys(customMetadata).length > 0
}

function hexOf(checksum: ArrayBuffer | undefined): string | null {
  return checksum === undefined ? null : new Uint8Array(checksum).toHex()
}
