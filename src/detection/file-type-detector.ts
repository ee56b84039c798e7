import { fileTypeFromBuffer } from 'file-type'
import { essenceOf } from '../core/files/content-type'
import type { ContentTypeDetector } from '../core/ports/content-type-detector'
import { markupType } from './markup'
import { isPlausibleText } from './plausible-text'
import { proofs, textSignatures } from './signatures'
import { isId3, isImageBrand, isMediaBrand, latin1 } from './structures'

/**
 * Recognises some 180 formats by their signatures (the file-type library), where these are proof, and markup and scripts by
 * their text.
 */
export const detectWithFileType: ContentTypeDetector = async (sample) => {
  const bytes = withoutByteOrderMark(sample)
  return markupType(sample) ?? packedOrTagged(bytes) ?? provenType(bytes, await signatureOf(bytes))
}

const gzip = 'application/gzip'

/** Keeps file-type from looking inside gzip and behind an ID3 tag: the gateway needs neither. */
function packedOrTagged(bytes: Uint8Array): string | null {
  if (latin1(bytes, 0, 3) === '\x1f\x8b\x08') return proofs.get(gzip)?.(bytes) ? gzip : null
  return isId3(bytes) && !isPlausibleText(bytes) ? 'audio/mpeg' : null
}

async function signatureOf(bytes: Uint8Array): Promise<string | null> {
  try {
    const type = (await fileTypeFromBuffer(bytes))?.mime
    if (type !== undefined) return essenceOf(type)
  } catch {
    // If the sample ends in the middle of a structure that the library follows, nothing is proven.
  }
  // The library looks for the directory of a TIFF image, which is mostly at its end, beyond the sample.
  return /^(II\*\0|MM\0\*)/.test(latin1(bytes, 0, 4)) ? 'image/tiff' : null
}

function provenType(bytes: Uint8Array, type: string | null): string | null {
  if (type === null || !proofs.get(type)?.(bytes)) return null
  if (!isPlausibleText(bytes)) return type === 'video/mp4' ? isoMediaType(bytes) : type
  if (!textSignatures.has(type)) return null
  return type === 'application/eps' ? 'application/postscript' : type
}

/** The library takes every brand that it does not know for a film. */
function isoMediaType(bytes: Uint8Array): string {
  if (isImageBrand(bytes)) return 'image/heif'
  return isMediaBrand(bytes) ? 'video/mp4' : 'application/mp4'
}

function withoutByteOrderMark(sample: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return latin1(sample, 0, 3) === '\xef\xbb\xbf' ? sample.slice(3) : sample
}
