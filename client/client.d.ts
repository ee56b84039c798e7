// Slipway's client module, as the gateway serves it: https://uploads.example.com/client.js

/**
 * Sends `file` to the store and resolves with the file once the gateway has verified it. Goes on with an upload of the same
 * file that an earlier page began. Rejects with an `UploadError`, or with the reason of `signal`.
 */
export function upload(file: File | Blob, options: UploadOptions): Upload

/** A token that is asked for anew before each request of the gateway, so that one that expires can be replaced. */
export type TokenSource = string | (() => string | Promise<string>)

/**
 * Who uploads: the `url` of a grant; or a token of the page's own user, with the origin of the gateway. `gateway` can be
 * left out on pages that load this module from the gateway.
 */
export type Credentials = { grant: string } | { token: TokenSource; gateway?: string }

/** Bytes that the store has or that are on their way, of the bytes of the file. */
export type Progress = { loaded: number; total: number }

export type UploadOptions = Credentials & {
  /** Called whenever more bytes are sent. `loaded` never shrinks, and counts what an earlier page sent. */
  onProgress?: (progress: Progress) => void
  /** Cancels: the gateway aborts the upload, and the promise rejects with the signal's reason, an AbortError. */
  signal?: AbortSignal
  /** An object that the gateway keeps with the file: 8 KiB as JSON. */
  metadata?: Record<string, unknown>
  /** Instead of the name of the File. */
  filename?: string
  /** Instead of the type that the browser gives the file. */
  contentType?: string
  /** How many parts are sent at a time; 4 unless given. */
  concurrency?: number
  /** How often a request is sent again that failed for now; 7 unless given, which takes about a minute. */
  retries?: number
}

/** A promise of the file that is ready, and what holds its upload. */
export interface Upload extends Promise<UploadedFile> {
  /** Stops sending until `resume`. Parts that are under way are sent again then. */
  pause(): void
  resume(): void
}

/** The file, as `GET /v1/files/{id}` has it. */
export type UploadedFile = {
  /** `file_…`, for the page's own server to keep. */
  id: string
  filename: string
  contentType: string
  sizeBytes: number
  /** Hexadecimal; null where the gateway did not read the bytes to hash them. */
  sha256: string | null
  status: 'ready'
  /** Whether the organization had these bytes before. */
  isDuplicate: boolean
  /** Bytes that the file adds to what the organization stores. */
  storageCharged: number
  createdAt: string
  processedAt: string | null
  connectorMetadata: Record<string, unknown> | null
}

export type UploadErrorCode =
  | 'network'
  | 'unauthorized'
  | 'forbidden'
  | 'too_large'
  | 'type_refused'
  | 'quota'
  | 'rate_limited'
  | 'expired'
  | 'refused'
  | 'invalid'
  | 'unreadable'
  | 'server'

/** Why an upload failed. `message` is a sentence for people. */
export class UploadError extends Error {
  readonly name = 'UploadError'
  readonly code: UploadErrorCode
  /** The HTTP status of the answer; 0 when there was none. */
  readonly status: number
  /** What the gateway said, for developers; empty when it said nothing. */
  readonly detail: string
  constructor(code: UploadErrorCode, status?: number, detail?: string)
}

/**
 * Options for `@uppy/aws-s3`, versions 5 and 6, that upload to `/v1/uploads`: `uppy.use(AwsS3, uppyS3({ grant }))`. Version 5 sends
 * files in parts, which it can pause and resume. Version 6 sends each file in one PUT, and tells no plugin when it has:
 * `uppy.addPostProcessor(options.complete)` has the gateway verify the files before Uppy reports that they are complete.
 */
export function uppyS3(credentials: Credentials): UppyS3Options

/** What is read of Uppy's own files. */
export type UppyFile = {
  id: string
  name?: string | null | undefined
  type?: string | null | undefined
  size: number | null
  meta: Record<string, unknown>
}

export type UppySignature = { method: 'PUT'; url: string; headers: Record<string, string> }
export type UppyPart = { PartNumber?: number; Size?: number; ETag?: string }
export type UppyUpload = { uploadId?: string; key: string; signal?: AbortSignal }
export type SentPart = { ETag: string }

/** What version 5 of `@uppy/aws-s3` calls. */
export type UppyInParts = {
  retryDelays: null
  getChunkSize(file: { size: number }): number
  createMultipartUpload(file: UppyFile, signal?: AbortSignal): Promise<{ uploadId: string; key: string }>
  signPart(
    file: UppyFile,
    part: { uploadId: string; key: string; partNumber: number; signal?: AbortSignal },
  ): Promise<UppySignature>
  uploadPartBytes(part: {
    signature: { url: string; headers?: Record<string, string> }
    body: FormData | Blob
    size?: number
    // biome-ignore lint/suspicious/noExplicitAny: as Uppy has it
    onProgress: any
    // biome-ignore lint/suspicious/noExplicitAny: as Uppy has it
    onComplete: any
    signal?: AbortSignal
  }): Promise<SentPart>
  listParts(file: UppyFile, upload: UppyUpload): Promise<UppyPart[]>
  completeMultipartUpload(
    file: UppyFile,
    upload: { uploadId: string; key: string; parts: UppyPart[]; signal: AbortSignal },
  ): Promise<UploadedFile & { location?: string }>
  abortMultipartUpload(file: UppyFile, upload: UppyUpload): Promise<void>
}

/** What version 6 calls, and version 5 with `shouldUseMultipart: false`; and `complete` for `uppy.addPostProcessor`. */
export type UppyInOnePut = {
  getUploadParameters(file: UppyFile): Promise<UppySignature>
  generateObjectKey(file: UppyFile): string
  signRequest(request: { method: string; key: string }): Promise<UppySignature>
  /** Ends the uploads of these files. Rejects with an `UploadError` when the gateway refuses one. */
  complete(fileIds: string[]): Promise<void>
}

export type UppyS3Options = UppyInParts & UppyInOnePut & { shouldUseMultipart(file: UppyFile): boolean }
