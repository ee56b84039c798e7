import type { Limits } from './core/gateway'
import { partBytesMin, partCountMax } from './core/uploads/parts'
import { multipartTtlMs } from './core/uploads/upload'
import { presignTtlMaxSeconds } from './core/uploads/url-lifetime'

export type LimitVariables = {
  DIRECT_UPLOAD_MAX_BYTES?: string
  FORM_UPLOAD_MAX_BYTES?: string
  UPLOAD_URL_TTL_SECONDS?: string
  UPLOAD_URL_MAX_TTL_SECONDS?: string
  HASH_MAX_BYTES?: string
  PENDING_UPLOADS_MAX?: string
  FILES_MAX?: string
  APPEND_PART_MAX_BYTES?: string
  UPLOAD_MAX_AGE_SECONDS?: string
  REQUEST_MAX_BYTES?: string
  DOWNLOAD_URL_TTL_SECONDS?: string
}

/** Decoded bytes, the JSON around them and R2's copy have to share an isolate's 128 MB with other requests. */
const directUploadMaxBytes = 32 * 1024 ** 2
/** What passes as a stream is bounded by the time a request may take, and by Cloudflare's plan (100 MB to 500 MB). */
const formUploadMaxBytes = 500 * 1024 ** 2
/** A part is in memory while it is filled, and several requests share an isolate's 128 MB. */
const appendPartMaxBytes = 64 * 1024 ** 2
/** SHA-256 takes a Worker some CPU seconds per GiB; this is what fits the five minutes it can be given. */
const hashMaxBytes = 100 * 1024 ** 3

/** The limits, each checked by `integer`: its fallback, the least and the most that it may be. */
export function readLimits(
  integer: (name: keyof LimitVariables, fallback: number, min: number, max: number) => number,
): Limits {
  return {
    directUploadMaxBytes: integer('DIRECT_UPLOAD_MAX_BYTES', 7 * 1024 ** 2, 1, directUploadMaxBytes),
    formUploadMaxBytes: integer('FORM_UPLOAD_MAX_BYTES', 50 * 1024 ** 2, 1, formUploadMaxBytes),
    uploadUrlTtlSeconds: integer('UPLOAD_URL_TTL_SECONDS', 3600, 1, presignTtlMaxSeconds),
    uploadUrlMaxTtlSeconds: integer('UPLOAD_URL_MAX_TTL_SECONDS', 86_400, 1, presignTtlMaxSeconds),
    hashMaxBytes: integer('HASH_MAX_BYTES', 256 * 1024 ** 2, 0, hashMaxBytes),
    pendingUploadsMax: integer('PENDING_UPLOADS_MAX', 10_000, 1, 1_000_000_000),
    filesMax: integer('FILES_MAX', 1_000_000, 1, 1_000_000_000),
    appendMaxBytes:
      integer('APPEND_PART_MAX_BYTES', 16 * 1024 ** 2, partBytesMin, appendPartMaxBytes) * partCountMax,
    uploadMaxAgeSeconds: integer('UPLOAD_MAX_AGE_SECONDS', multipartTtlMs / 1000, 60, multipartTtlMs / 1000),
    requestMaxBytes: integer('REQUEST_MAX_BYTES', 100_000_000, 1_000_000, 5_000_000_000),
    downloadUrlTtlSeconds: integer('DOWNLOAD_URL_TTL_SECONDS', 3600, 1, presignTtlMaxSeconds),
  }
}
