import { chunksOf } from '../contents/chunks'
import type { Content } from '../contents/content'
import { peek } from '../contents/peek'
import { fail } from '../errors'
import type { StoredFile } from '../files/file-record'
import type { Gateway } from '../gateway'
import { detectionSampleBytes } from '../ports/content-type-detector'
import type { UploadIntent } from '../ports/upload-repository'
import { adoptKnown, leaveNothing, requireType } from './finish-upload'

/**
 * The file of `intent` on bytes that the organization has; null when they are gone. Where that does not work nothing
 * is left, as no client was told of this upload yet. Throws `known_size_mismatch` and `type_mismatch` when the bytes
 * are not what the caller says of them, `store_failed`, `database_failed`.
 */
export async function adoptOrAbandon(
  gateway: Gateway,
  intent: UploadIntent,
  known: Content,
): Promise<StoredFile | null> {
  const adopted = await adopt(gateway, intent, known).catch((error) => {
    leaveNothing(gateway, intent)
    throw error
  })
  if (adopted === null) await gateway.uploads.abandon([intent.file], null, gateway.now())
  return adopted
}

/** The same. What is refused here would be refused after an upload too: it could not succeed. */
async function adopt(gateway: Gateway, intent: UploadIntent, known: Content): Promise<StoredFile | null> {
  const { contentType } = intent.file
  const { byteSize } = intent.upload
  if (byteSize !== null && byteSize !== known.byteSize)
    fail({ code: 'known_size_mismatch', promised: byteSize, known: known.byteSize })
  const range = { offset: 0, length: Math.min(detectionSampleBytes, known.byteSize) }
  const found = await gateway.objects.get(known.objectKey, {
    ifMatch: known.etag,
    ...(known.byteSize === 0 ? {} : { range }),
  })
  if (found === null) return null
  const { sample, all } = await peek(chunksOf(found.body, range.length), detectionSampleBytes)
  await all.return(undefined)
  await requireType(gateway, contentType, sample)
  return adoptKnown(gateway, intent, known)
}
