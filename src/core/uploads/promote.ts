import { streamOf } from '../contents/chunks'
import { createDigestStream, type DigestAlgorithm } from '../contents/digest'
import { fail } from '../errors'
import type { Gateway } from '../gateway'
import type { Md5, Sha256 } from '../ids'
import type { StoredObject } from '../ports/object-store'
import { partBytes } from './part-writer'
import type { ArrivingUpload } from './upload'
import type { Digests } from './verify-object'

/**
 * Puts bytes that are being read to where they stay, and hashes them on the way if `isHashed`. The incoming object
 * is read under its ETag: what is copied is what was verified. Up to `partBytes` it is put whole: that can be
 * repeated, and the store compares the hash. Throws `store_failed`.
 */
export async function copyThrough(
  gateway: Gateway,
  upload: ArrivingUpload,
  { byteSize, md5, sha256 }: StoredObject,
  { chunks, isHashed }: { chunks: AsyncIterable<Uint8Array>; isHashed: boolean },
): Promise<{ copy: StoredObject; digests: Digests }> {
  const hashes = isHashed ? hashesFor(upload, { md5, sha256: null }) : null
  const see = async (chunk: Uint8Array) => hashes?.update(chunk)
  const digestsOfSeen = async () => (await hashes?.digests()) ?? { md5, sha256 }
  const { contentKey, contentType, contentDisposition } = upload
  const headers = { contentType, contentDisposition }
  if (byteSize <= partBytes) {
    const bytes = await collect(chunks, byteSize, see)
    const digests = await digestsOfSeen()
    const options = { ...headers, sha256: isHashed ? digests.sha256 : null }
    return { copy: await gateway.objects.put(contentKey, bytes, options), digests }
  }
  const stream = streamOf(chunks, see)
  const copy = await gateway.objects.put(contentKey, { stream, byteSize }, { ...headers, sha256: null })
  return { copy, digests: await digestsOfSeen() }
}

/** All of `chunks`, which are `byteSize` bytes. Throws `store_failed` when the store keeps some back. */
async function collect(
  chunks: AsyncIterable<Uint8Array>,
  byteSize: number,
  see: (chunk: Uint8Array) => Promise<void>,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(byteSize)
  let filled = 0
  for await (const chunk of chunks) {
    if (filled + chunk.length > byteSize) fail({ code: 'store_failed', operation: 'read' })
    await see(chunk)
    bytes.set(chunk, filled)
    filled += chunk.length
  }
  return filled === byteSize ? bytes : fail({ code: 'store_failed', operation: 'read' })
}

/** Lets the store copy the incoming object; null when it is no longer the one that was verified. */
export function copyInStore(
  gateway: Gateway,
  { contentKey, contentType, contentDisposition }: ArrivingUpload,
  { key, etag }: StoredObject,
): Promise<StoredObject | null> {
  return gateway.objects.copy(key, contentKey, { ifMatch: etag, contentType, contentDisposition })
}

/** The digests of all bytes: those that the store stated, and what it does not vouch for by reading `chunks`. */
export async function digestsOfAll(
  upload: ArrivingUpload,
  stated: Digests,
  chunks: AsyncIterable<Uint8Array>,
): Promise<Digests> {
  const hashes = hashesFor(upload, stated)
  for await (const chunk of chunks) await hashes.update(chunk)
  return hashes.digests()
}

/** The SHA-256 of what is fed unless it is stated, and the MD5 if it was sealed and is not stated. */
function hashesFor(upload: ArrivingUpload, stated: Digests) {
  const wanted: DigestAlgorithm[] = []
  if (stated.sha256 === null) wanted.push('sha256')
  if (stated.md5 === null && upload.md5 !== null) wanted.push('md5')
  const streams = wanted.map((algorithm) => ({ algorithm, stream: createDigestStream(algorithm) }))
  return {
    async update(chunk: Uint8Array): Promise<void> {
      for (const { stream } of streams) await stream.update(chunk)
    },
    async digests(): Promise<Digests> {
      const digests = { ...stated }
      for (const { algorithm, stream } of streams) {
        const hex = await stream.digest()
        if (algorithm === 'md5') digests.md5 = hex as Md5
        else digests.sha256 = hex as Sha256
      }
      return digests
    },
  }
}
