/** How many of the first bytes a detector may look at. */
export const detectionSampleBytes = 4100

/**
 * The media type that the first bytes of a file prove, or null when they prove none: by a signature that only files of
 * that type have, or by what a text begins as (an HTML page, a script). Letters that any text may begin with are none.
 * Never throws on any bytes.
 */
export type ContentTypeDetector = (sample: Uint8Array<ArrayBuffer>) => Promise<string | null>
