import type { Content } from '../contents/content'
import { extensionOf, incomingKeyFor, objectKeyFor } from '../contents/content'
import { fail } from '../errors'
import { essenceOf } from '../files/content-type'
import type { FileRecord } from '../files/file-record'
import { artifactTypeOf, type Metadata, termsOf } from '../files/metadata'
import { canonicalTypeOf } from '../files/type-names'
import type { Gateway } from '../gateway'
import { type IdempotencyClaim, replyOf } from '../idempotency/idempotency'
import type { FileId, OrganizationId, Sha256 } from '../ids'
import { inOwnOrganization } from '../organizations/own-organization'
import type { BegunUpload, NewUploadIntent } from '../ports/upload-repository'
import { type HeaderSeal, noHeaderSeal, type Upload } from './upload'

/** What a caller says about a file, parsed and within its limits. */
export type NewFile = {
  organizationId: OrganizationId
  /** null: named after its id. */
  filename: string | null
  contentType: string
  metadata: Metadata
  /** Left out: not public. */
  isPublic?: boolean
  /** As the caller wrote it. Left out: none is promised. */
  checksum?: string
}

export type Begun = { intent: NewUploadIntent; known: Content | null } | Replay

/** The reply that an earlier request with the same idempotency key got. */
export type Replay = {
  /** The file as it was then. */
  replay: FileRecord
  /** What it is now; null: deleted. */
  subjectStatus: FileRecord['status'] | null
  /** Until when its upload can be used now; null: there is none any more. */
  uploadExpiresAt: number | null
}

export type UploadPlan = Pick<Upload, 'method' | 'byteSize'> & {
  ttlMs: number
  seal?: HeaderSeal
  /** The bytes are put elsewhere first, because a URL could still replace them when they are verified. */
  isPromoted?: boolean
  /** Of a multipart upload. */
  partBytes?: number
}

/** The intent of a new upload of `file`, with everything the gateway fills in. */
export async function intentOf(
  gateway: Gateway,
  file: NewFile,
  upload: UploadPlan,
  now: number,
): Promise<NewUploadIntent> {
  const id = gateway.newId() as FileId
  const contentKey = objectKeyFor(file.organizationId, id, essenceOf(file.contentType))
  const metadata = Object.hasOwn(file.metadata, 'artifactType')
    ? file.metadata
    : { ...file.metadata, artifactType: artifactTypeOf(file.contentType) }
  return {
    terms: await termsOf(file.organizationId, metadata),
    file: {
      id,
      organizationId: file.organizationId,
      filename: file.filename ?? filenameFor(id, file.contentType),
      contentType: file.contentType,
      metadata,
      isPublic: file.isPublic ?? false,
      checksum: file.checksum ?? null,
      origin: { source: 'api', sourceDetail: null, connectorMetadata: null },
      createdAt: now,
    },
    upload: {
      method: upload.method,
      objectKey: upload.isPromoted ? incomingKeyFor(file.organizationId, id) : contentKey,
      contentKey,
      contentType: file.contentType,
      byteSize: upload.byteSize,
      expiresAt: now + upload.ttlMs,
      ...(upload.seal ?? noHeaderSeal),
      multipartId: null,
      partBytes: upload.partBytes ?? null,
      promotingEtag: null,
      promotingAt: null,
    },
  }
}

/** `{fileId}{.ext}`, by any name of the type. */
function filenameFor(id: FileId, contentType: string): string {
  const extension = extensionOf(canonicalTypeOf(contentType))
  return extension === null ? id : `${id}.${extension}`
}

/**
 * Writes the intent down, or finds the reply that an earlier request with the same idempotency key got.
 * The place of a request that died is taken over: its file is removed first, so that the key never makes
 * two. One database round trip; three more after a death. Throws `wrong_organization` when there is none.
 */
export async function beginUpload(
  gateway: Gateway,
  intent: NewUploadIntent,
  options: { claim: IdempotencyClaim | null; sha256: Sha256 | null; completesReply: boolean },
  now: number,
): Promise<Begun> {
  const { pendingUploadsMax, filesMax } = gateway.limits
  const begin = () => gateway.uploads.begin({ intent, ...options, pendingUploadsMax, filesMax, now })
  const first = await inOwnOrganization(begin())
  if (first.outcome === 'begun') return { intent, known: first.known }
  const claim = options.claim ?? fail({ code: 'internal' })
  const answer = replyOf(first.record, claim, now)
  if (answer !== 'stale') return replayOf(answer.reply.file, first)

  await gateway.uploads.abandon([first.record.subjectId as FileId], null, now)
  const second = await begin()
  if (second.outcome === 'begun') return { intent, known: second.known }
  const settled = replyOf(second.record, claim, now)
  if (settled === 'stale') fail({ code: 'idempotency_in_progress', retryAfterSeconds: 1 })
  return replayOf(settled.reply.file, second)
}

function replayOf(replay: FileRecord, claimed: BegunUpload & { outcome: 'claimed' }): Replay {
  const { subjectStatus, uploadExpiresAt } = claimed
  return { replay, subjectStatus, uploadExpiresAt }
}
