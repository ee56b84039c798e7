/** How many of the first bytes a detector may look at. */
export const detectionSampleBytes = 4100

/**
 * The media type that the first bytes of a file prove, or null when no signature matches.
 * Never throws on any bytes.
 */
export type ContentTypeDetector = (sample: Uint8Array<ArrayBuffer>) => Promise<string | null>
