import type { ObjectKey } from '../ids'
import type { HeaderSeal } from '../uploads/upload'

/** What a presigned PUT promises; the store refuses a request that differs. */
export type PutSeal = Partial<HeaderSeal> & {
  contentType: string
  /** null: any size (the store then bounds it). */
  byteSize: number | null
}

/** A presigned PUT: the URL, and every header that the client itself must send with exactly these values. */
export type PresignedPut = { url: string; headers: Record<string, string> }

/** What a presigned GET asks the store to answer with, where the store honours it. */
export type GetDressing = {
  contentType: string
  contentDisposition: string
}

/** Makes URLs that work without credentials until they expire. Every holder of a URL has that right: never log one. */
export interface Presigner {
  /** `s3://bucket/key` */
  uri(key: ObjectKey): string
  presignPut(key: ObjectKey, seal: PutSeal, ttlSeconds: number): Promise<PresignedPut>
  /** A PUT of one part of a multipart upload, sealed with its exact length. */
  presignPart(
    key: ObjectKey,
    part: { multipartId: string; partNumber: number; byteSize: number },
    ttlSeconds: number,
  ): Promise<PresignedPut>
  presignGet(key: ObjectKey, dressing: GetDressing, ttlSeconds: number): Promise<string>
}
