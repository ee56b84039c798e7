import type { SignedIds } from './files/signed-id'
import type { GrantTokens } from './grants/grant-token'
import type { ReplySealer } from './idempotency/reply-sealer'
import type { ApiKeyTokens } from './organizations/api-key-token'
import type { ContentTypeDetector } from './ports/content-type-detector'
import type { MultipartStore } from './ports/multipart-store'
import type { ObjectStore } from './ports/object-store'
import type { Presigner } from './ports/presigner'
import type { PublicCopies } from './ports/public-copies'
import type { Repositories } from './ports/repositories'
import type { StoreKey } from './ports/store-key'

/** Every capability a use case may reach. Built in `compose.ts`; nothing else touches a platform binding. */
export interface Gateway extends Repositories {
  readonly objects: ObjectStore
  /** Multipart uploads whose parts clients PUT to presigned URLs: always through the S3 endpoint. */
  readonly clientMultipart: MultipartStore
  /** Multipart uploads whose parts the Worker puts, by the way that `objects` takes. */
  readonly workerMultipart: MultipartStore
  readonly presigner: Presigner
  readonly storeKeys: readonly StoreKey[]
  readonly publicCopies: PublicCopies
  readonly detectContentType: ContentTypeDetector
  readonly replySealer: ReplySealer
  readonly limits: Limits
  readonly store: StoreFacts
  readonly signedIds: SignedIds
  readonly apiKeyTokens: ApiKeyTokens
  readonly grantTokens: GrantTokens
  /** Milliseconds since 1970 UTC. */
  now(): number
  /** Resolves after `ms` milliseconds. */
  sleep(ms: number): Promise<void>
  /** A new UUIDv7 for the present moment. */
  newId(): string
  /** `byteCount` cryptographically random bytes. */
  randomBytes(byteCount: number): Uint8Array<ArrayBuffer>
  /** Writes one structured log line. Never give it a secret, a token or a presigned URL. */
  log(event: LogEvent): void
  /** Lets `work` finish after the answer is sent. It must handle its own failures. */
  background(work: Promise<unknown>): void
}

export type LogEvent = { event: string } & Record<string, unknown>

export interface Limits {
  /** The most decoded bytes an upload inside a JSON body may have. */
  readonly directUploadMaxBytes: number
  /** The most bytes of a file inside a multipart form. */
  readonly formUploadMaxBytes: number
  /** How long a presigned PUT can be used at least, and, where its size is known and large, at most. */
  readonly uploadUrlTtlSeconds: number
  readonly uploadUrlMaxTtlSeconds: number
  /** Up to how many bytes of an upload that did not pass the Worker are read once, to hash them. */
  readonly hashMaxBytes: number
  /** How many uploads of an organization may be pending at a time. */
  readonly pendingUploadsMax: number
  /** How many files an organization may have, whatever their status. */
  readonly filesMax: number
  /** The most bytes of an upload whose bytes are appended. */
  readonly appendMaxBytes: number
  /** How long such an upload may take. */
  readonly uploadMaxAgeSeconds: number
  /** The most bytes of one request that reach the Worker: what is larger is refused before it. */
  readonly requestMaxBytes: number
  /** How long a presigned GET can be used. */
  readonly downloadUrlTtlSeconds: number
}

export interface StoreFacts {
  /** Whose store it is. */
  readonly service: 'r2' | 'amazon' | 's3'
  /** Bytes pass between Worker and bucket through an R2 binding; otherwise through the S3 endpoint. */
  readonly hasR2Binding: boolean
  /** Whether presigned PUTs may be sealed with `if-none-match: *`. Some stores answer 501 to it. */
  readonly supportsIfNoneMatch: boolean
  /**
   * Whether that seal holds against copies too: some stores do not apply the condition to a PUT with
   * `x-amz-copy-source`. Throws `store_failed` when the store has to be asked and does not answer.
   */
  enforcesWriteOnce(): Promise<boolean>
  /**
   * Whether CopyObject is known to check the ETag that its source must have. Ceph does not: there a slow copy
   * would take whatever has been put since, and could land after the file is ready.
   */
  readonly honoursCopyIfMatch: boolean
  /**
   * Whether a multipart upload may be completed without some of its parts. Ceph wants all of them named.
   */
  readonly allowsSurplusParts: boolean
  /**
   * Whether clients may be given URLs of parts. Not where these outlive their upload, as in Swift, whose objects
   * are made of the parts themselves, copies included.
   */
  readonly allowsPartUrls: boolean
}

/** The largest body of a single PUT in S3 and R2: 5 GiB (S3 API Reference, PutObject). */
export const singlePutMaxBytes = 5 * 1024 ** 3

/** The largest object of S3 and R2: 5 TiB (S3 API Reference, "Multipart upload limits"). */
export const objectMaxBytes = 5 * 1024 ** 4
