/** A part of a multipart upload that the store has. */
export type UploadedPart = {
  /** 1 to 10 000. */
  partNumber: number
  /** Opaque, without quotes. */
  etag: string
  byteSize: number
}
