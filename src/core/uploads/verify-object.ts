import type { DigestAlgorithm } from '../contents/digest'
import { contradictingType } from '../contents/verify-content-type'
import type { FailureOf, Refusal } from '../errors'
import { isSameContentType } from '../files/content-type'
import type { Gateway } from '../gateway'
import type { StoredObject } from '../ports/object-store'
import type { ArrivingUpload } from './upload'

/** Digests of an object's bytes; null: the store does not vouch for one, and the Worker has not computed it. */
export type Digests = { [Algorithm in DigestAlgorithm]: StoredObject[Algorithm] }

/** What the store's own word about the object contradicts of the seal; null: nothing. */
export function factsRefusal(upload: ArrivingUpload, object: StoredObject): Refusal | null {
  if (upload.byteSize !== null && object.byteSize !== upload.byteSize)
    return { code: 'size_mismatch', expected: upload.byteSize, actual: object.byteSize }
  if (object.contentType === null || !isSameContentType(object.contentType, upload.contentType))
    return { code: 'type_mismatch', declared: upload.contentType, stored: object.contentType }
  // Not part of any seal, and readers would get other bytes than those that were counted.
  if (object.contentEncoding !== null && encodes(object.contentEncoding))
    return { code: 'encoding_not_promised', encoding: object.contentEncoding }
  return digestRefusal(upload, object)
}

/**
 * Whether stored bytes are encoded under this Content-Encoding. `aws-chunked` is how they are sent, which the
 * store undoes and some stores note all the same (S3, "Signature calculations"); `identity` is no encoding.
 */
function encodes(contentEncoding: string): boolean {
  const codings = contentEncoding.split(',').map((coding) => coding.trim().toLowerCase())
  return codings.some((coding) => !['', 'identity', 'aws-chunked'].includes(coding))
}

/**
 * Whether the store keeps headers or metadata with the object that were not promised. The holder of a URL may add what
 * it does not sign, such as `Cache-Control` or `x-amz-meta-*`, and every reader would be told.
 */
export function hasUnpromisedHeaders(upload: ArrivingUpload, object: StoredObject): boolean {
  const { hasOtherHeaders, contentEncoding, contentDisposition: disposition } = object
  const isOtherDisposition = disposition !== null && disposition !== upload.contentDisposition
  return hasOtherHeaders || contentEncoding !== null || isOtherDisposition
}

/** Whether a digest is another than the sealed one. One that is not known refuses nothing. */
export function digestRefusal(upload: ArrivingUpload, digests: Digests): Refusal | null {
  for (const algorithm of ['md5', 'sha256'] as const) {
    const [expected, actual] = [upload[algorithm], digests[algorithm]]
    if (expected !== null && actual !== null && actual !== expected)
      return { code: 'checksum_mismatch', algorithm, expected, actual }
  }
  return null
}

/** Whether the first bytes are recognisably of another type than was declared. */
export async function sampleMismatch(
  gateway: Gateway,
  declared: string,
  sample: Uint8Array<ArrayBuffer>,
): Promise<FailureOf<'type_mismatch'> | null> {
  const actual = contradictingType(declared, await gateway.detectContentType(sample))
  return actual === null ? null : { code: 'type_mismatch', declared, actual }
}
