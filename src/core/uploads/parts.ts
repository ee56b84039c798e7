import { fail } from '../errors'
import type { Gateway } from '../gateway'
import type { BegunMultipart, MultipartUpload } from './upload'
import { uploadUrlTtlSeconds } from './url-lifetime'

/** S3 and R2: no part but the last is smaller, none larger, and there are not more ("Multipart upload limits"). */
export const partBytesMin = 5 * 1024 ** 2
export const partBytesMax = 5 * 1024 ** 3
export const partCountMax = 10_000

/** The size of parts unless the client asks for another: a retry repeats little, and most files need few. */
const partBytesDefault = 16 * 1024 ** 2
const mebibyte = 1024 ** 2

/** How many parts are signed at once. */
export const partsPerAnswerMax = 100

/** What says how an upload is cut into parts. */
type PartSizes = Pick<MultipartUpload, 'byteSize' | 'partBytes'>

export type SignedPart = {
  partNumber: number
  url: string
  /** What the client must send, and nothing but that is accepted. */
  headers: Record<string, string>
  byteSize: number
}

/**
 * The size of every part but the last, as R2 wants them: all equal. `wanted` null: chosen here. Throws
 * `part_size_out_of_bounds`, and `part_size_too_small` when there would be too many parts.
 */
export function planPartBytes(byteSize: number, wanted: number | null): number {
  if (wanted === null) {
    const least = Math.ceil(byteSize / partCountMax / mebibyte) * mebibyte
    return Math.max(partBytesDefault, least)
  }
  if (wanted < partBytesMin || wanted > partBytesMax)
    fail({ code: 'part_size_out_of_bounds', minBytes: partBytesMin, maxBytes: partBytesMax })
  if (Math.ceil(byteSize / wanted) > partCountMax)
    fail({
      code: 'part_size_too_small',
      partsMax: partCountMax,
      minBytes: Math.ceil(byteSize / partCountMax),
    })
  return wanted
}

export function partCountOf({ byteSize, partBytes }: PartSizes): number {
  return Math.ceil(byteSize / partBytes)
}

/** How many bytes part `partNumber` has: all of one size but the last. */
export function byteSizeOfPart(upload: PartSizes, partNumber: number): number {
  return Math.min(upload.partBytes, upload.byteSize - (partNumber - 1) * upload.partBytes)
}

/** URLs for these parts, long-lived enough for a slow client to send all of them, never beyond the upload. */
export async function presignParts(
  gateway: Gateway,
  upload: BegunMultipart,
  partNumbers: readonly number[],
): Promise<SignedPart[]> {
  const parts = partNumbers.map((partNumber) => ({
    partNumber,
    byteSize: byteSizeOfPart(upload, partNumber),
  }))
  const total = parts.reduce((sum, { byteSize }) => sum + byteSize, 0)
  const lifeSeconds = Math.max(1, Math.floor((upload.expiresAt - gateway.now()) / 1000))
  const ttlSeconds = Math.min(lifeSeconds, uploadUrlTtlSeconds(gateway, total))
  const { objectKey, multipartId } = upload
  const signed: SignedPart[] = []
  for (const part of parts) {
    const put = await gateway.presigner.presignPart(objectKey, { multipartId, ...part }, ttlSeconds)
    signed.push({ ...part, ...put })
  }
  return signed
}

/** The parts that are signed with the answer that begins the upload. */
export function presignFirstParts(gateway: Gateway, upload: BegunMultipart): Promise<SignedPart[]> {
  const count = Math.min(partsPerAnswerMax, partCountOf(upload))
  return presignParts(
    gateway,
    upload,
    Array.from({ length: count }, (_, index) => index + 1),
  )
}
