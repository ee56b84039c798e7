import { failField } from '../errors'
import { canonicalTypeOf } from './type-names'

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
export type Metadata = { [key: string]: Json }

/** The most UTF-8 bytes that metadata may have as JSON. */
export const metadataMaxBytes = 8 * 1024
/** How deep metadata may be: an object of scalars has depth 1. */
export const metadataMaxDepth = 5

/**
 * One indexed fact: a top-level field and a scalar, both as JSON text (so that NUL and lone surrogates
 * are harmless and 1 differs from "1"). An array gives one for each of its scalars.
 */
export type MetadataTerm = { field: string; value: string }

/** `metadata` if it is within the limits; otherwise throws `invalid_request` about `field`. */
export function checkMetadata(metadata: Metadata, field: string): Metadata {
  if (!isRepresentable(metadata)) failField(field, 'must hold no number beyond the range of a double')
  if (depthOf(metadata) > metadataMaxDepth)
    failField(field, `must be at most ${metadataMaxDepth} levels deep`)
  if (new TextEncoder().encode(JSON.stringify(metadata)).length > metadataMaxBytes)
    failField(field, `must be at most ${metadataMaxBytes} bytes as JSON`)
  return metadata
}

/** What a metadata filter can find a file by. */
export function termsOf(metadata: Metadata): MetadataTerm[] {
  const terms = new Map<string, MetadataTerm>()
  for (const [field, stored] of Object.entries(metadata))
    for (const scalar of Array.isArray(stored) ? stored : [stored])
      if (isScalar(scalar)) {
        const term = { field: JSON.stringify(field), value: JSON.stringify(scalar) }
        terms.set(`${term.field}:${term.value}`, term)
      }
  return [...terms.values()]
}

/** A field that a filter asks for can only be indexed when its value is not an object. */
export function isScalar(value: Json): value is null | boolean | number | string {
  return value === null || typeof value !== 'object'
}

/** Whether `value` survives being written as JSON: `1e400` is read as infinity, which JSON cannot say. */
export function isRepresentable(value: Json): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  return value === null || typeof value !== 'object' || Object.values(value).every(isRepresentable)
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

function depthOf(value: Json): number {
  if (value === null || typeof value !== 'object') return 0
  let deepest = 0
  for (const child of Array.isArray(value) ? value : Object.values(value))
    deepest = Math.max(deepest, depthOf(child))
  return deepest + 1
}
