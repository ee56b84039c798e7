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
import {
  type EdgeDelivery,
  edgeUploadTtlMs,
  type PlannedParts,
  type PutDelivery,
  type Upload,
  type UploadPlace,
} from './upload'

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

export type Begun<U extends Upload> = { intent: NewUploadIntent<U>; known: Content | null } | Replay

/** The reply that an earlier request with the same idempotency key got. */
export type Replay = {
  /** The file as it was then. */
  replay: FileRecord
  /** What it is now; null: deleted. */
  subjectStatus: FileRecord['status'] | null
  /** Until when its upload can be used now; null: there is none any more. */
  uploadExpiresAt: number | null
}

/** How the bytes of a new upload come. */
export type UploadPlan<D extends Delivery = Delivery> = {
  delivery: D
  ttlMs: number
  /** The bytes are put elsewhere first, because a URL could still replace them when they are verified. */
  isPromoted: boolean
}

type Delivery = EdgeDelivery | PutDelivery | PlannedParts

/** The bytes pass through the Worker; `byteSize` null: how many is known when all have come. */
export function edgePlan(byteSize: number | null): UploadPlan<EdgeDelivery> {
  return { delivery: { method: 'edge', byteSize }, ttlMs: edgeUploadTtlMs, isPromoted: false }
}

/** The intent of a new upload of `file`, with everything the gateway fills in. */
export async function intentOf<D extends Delivery>(
  gateway: Gateway,
  file: NewFile,
  plan: UploadPlan<D>,
  now: number,
): Promise<NewUploadIntent<UploadPlace & D>> {
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
      objectKey: plan.isPromoted ? incomingKeyFor(file.organizationId, id) : contentKey,
      contentKey,
      contentType: file.contentType,
      expiresAt: now + plan.ttlMs,
      ...plan.delivery,
    },
  }
}

/** `{fileId}{.ext}`, by any name of the type. */
function filenameFor(id: FileId, contentType: string): string {
  const extension = extensionOf(canonicalTypeOf(contentType))
  return extension === null ? id : `${id}.${extension}`
}

/**
 * Writes the intent down, or finds the reply that an earlier request with the same idempotency key got. If that
 * request died (its lock has expired), its file is removed and this request takes the key: one key never makes two
 * files. One database round trip; three more after a death. Throws `wrong_organization` when there is none.
 */
export async function beginUpload<U extends Upload>(
  gateway: Gateway,
  intent: NewUploadIntent<U>,
  options: { claim: IdempotencyClaim | null; sha256: Sha256 | null; completesReply: boolean },
  now: number,
): Promise<Begun<U>> {
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
