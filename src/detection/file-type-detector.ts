import { fileTypeFromBuffer } from 'file-type'
import type { ContentTypeDetector } from '../core/ports/content-type-detector'

/** Signatures of some 180 formats, by the file-type library. */
export const detectWithFileType: ContentTypeDetector = async (sample) => {
  try {
    return (await fileTypeFromBuffer(sample))?.mime ?? null
  } catch {
    // A sample may end in the middle of a structure the library follows; then nothing is proven.
    return null
  }
}
