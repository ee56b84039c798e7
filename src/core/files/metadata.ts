import { failField } from '../errors'
import type { Brand, OrganizationId } from '../ids'
import { canonicalTypeOf } from './type-names'

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
export type Metadata = { [key: string]: Json }

/** The most UTF-8 bytes that metadata may have as JSON. */
export const metadataMaxBytes = 8 * 1024
/** How deep metadata may be: an object of scalars has depth 1. */
export const metadataMaxDepth = 5
/** The most terms of a caller's metadata. `artifactType`, which the core adds, comes on top. */
export const metadataMaxTerms = 64

/**
 * One fact in the metadata index, of organization, top-level field and scalar: 16 characters of `[A-Za-z0-9_-]`, made by
 * hashing the three.
 */
export type MetadataTerm = Brand<string, 'MetadataTerm'>

/**
 * 96 bits of a SHA-256: every value of every file stores them twice. A collision takes some 2^48 terms of one organization,
 * by chance or by a caller who looks for one, and its filters then find a file too many.
 */
const termBytes = 12

/** `metadata` if it is within the limits; otherwise throws `invalid_request` about `field`. */
export function checkMetadata(metadata: Metadata, field: string): Metadata {
  checkJsonObject(metadata, field)
  if (factsOf(metadata).size > metadataMaxTerms)
    failField(
      field,
      `must have at most ${metadataMaxTerms} values that a filter can ask for: scalars of its fields, and of arrays in them`,
    )
  return metadata
}

/**
 * The same, for an object that is kept and not indexed. One walk without recursion, which ends at the first limit that
 * is passed: it takes at most as many steps as bytes are allowed.
 */
export function checkJsonObject(metadata: Metadata, field: string): Metadata {
  let bytesLeft = metadataMaxBytes
  const spend = (byteSize: number) => {
    bytesLeft -= byteSize
    if (bytesLeft < 0) failField(field, `must be at most ${metadataMaxBytes} bytes as JSON`)
  }
  const spendText = (text: string) => {
    // A character is a byte at least: text that cannot fit is not written as JSON to be measured.
    if (text.length > bytesLeft) spend(text.length)
    spend(new TextEncoder().encode(JSON.stringify(text)).length)
  }
  const open: { value: Json; depth: number }[] = [{ value: metadata, depth: 1 }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, depth } = next
    if (typeof value === 'string') spendText(value)
    else if (value === null || typeof value !== 'object') {
      if (typeof value === 'number') checkNumber(value, field)
      spend(JSON.stringify(value).length)
    } else {
      if (depth > metadataMaxDepth) failField(field, `must be at most ${metadataMaxDepth} levels deep`)
      const [names, children] = Array.isArray(value)
        ? [null, value]
        : [Object.keys(value), Object.values(value)]
      // Brackets, commas and colons.
      spend(2 + Math.max(0, children.length - 1) + (names?.length ?? 0))
      names?.forEach(spendText)
      for (const child of children) open.push({ value: child, depth: depth + 1 })
    }
  }
  return metadata
}

/**
 * Throws `invalid_request` about `field` for a number that is not what was sent: `parseJson` reads a whole number
 * whose last digits may be lost as NaN, and `1e400` as infinity, neither of which JSON can say.
 */
export function checkNumber(value: number, field: string): void {
  if (Number.isNaN(value))
    failField(
      field,
      `must hold no whole number that is too long for a double (beyond ${Number.MAX_SAFE_INTEGER}): its last digits would be lost; send it as a string`,
    )
  if (!Number.isFinite(value)) failField(field, 'must hold no number beyond the range of a double')
}

/**
 * What a metadata filter can find a file by: each top-level field with its scalar, or with each scalar of its array, in
 * the order of the metadata.
 */
export async function termsOf(organizationId: OrganizationId, metadata: Metadata): Promise<MetadataTerm[]> {
  const facts = [...factsOf(metadata).values()]
  return Promise.all(facts.map(([field, value]) => termOf(organizationId, field, value)))
}

type Scalar = null | boolean | number | string

/** The facts that `metadata` states, each once, by their JSON text, in which 1 and "1" differ. */
export function factsOf(metadata: Metadata): Map<string, [field: string, value: Scalar]> {
  const facts = new Map<string, [string, Scalar]>()
  for (const [field, stored] of Object.entries(metadata))
    for (const scalar of Array.isArray(stored) ? stored : [stored])
      if (isScalar(scalar)) facts.set(JSON.stringify([field, scalar]), [field, scalar])
  return facts
}

/** By the text that is hashed. `artifactType` and what many files share are hashed once in an isolate. */
const knownTerms = new Map<string, MetadataTerm>()
const knownTermsMax = 500
/** A text that is longer than that is not kept. */
const knownTextMax = 200

async function termOf(organizationId: OrganizationId, field: string, value: Scalar): Promise<MetadataTerm> {
  const text = JSON.stringify([organizationId, field, value])
  const known = knownTerms.get(text)
  if (known !== undefined) return known
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
  const options = { alphabet: 'base64url', omitPadding: true } as const
  const term = hash.subarray(0, termBytes).toBase64(options) as MetadataTerm
  if (knownTerms.size >= knownTermsMax) knownTerms.clear()
  if (text.length <= knownTextMax) knownTerms.set(text, term)
  return term
}

/** Whether `value` can be a term: objects are not indexed. */
export function isScalar(value: Json): value is Scalar {
  return value === null || typeof value !== 'object'
}

/** What kind of thing a file is, for `metadata.artifactType`. */
export function artifactTypeOf(contentType: string): 'image' | 'video' | 'document' | 'code' | 'archive' {
  const essence = canonicalTypeOf(contentType)
  if (essence.startsWith('image/')) return 'image'
  if (essence.startsWith('video/')) return 'video'
  if (
    /^(text\/(javascript|css|yaml|x-.*)|application\/(json|javascript|typescript|x-.*script|yaml))$/.test(
      essence,
    )
  )
    return 'code'
  if (/^application\/(zip|gzip|x-tar|x-gzip|x-7z-compressed|zstd|x-bzip2?|vnd\.rar)$/.test(essence))
    return 'archive'
  return 'document'
}
