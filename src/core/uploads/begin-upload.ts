import type { Content } from '../contents/content'
import { extensionOf, incomingKeyFor, objectKeyFor } from '../contents/content'
import { fail } from '../errors'
import { essenceOf } from '../files/content-type'
import type { FileRecord } from '../files/file-record'
import { artifactTypeOf, type Metadata, termsOf } from '../files/metadata'
import { canonicalTypeOf } from '../files/type-names'
import type { Gateway } from '../gateway'
import { type Owner, requireWithin } from '../grants/grant'
import { failInProgress, type IdempotencyClaim, replyOf } from '../idempotency/idempotency'
import type { FileId, Sha256 } from '../ids'
import { inOwnOrganization } from '../organizations/own-organization'
import type { BeginUpload, BegunUpload, NewUploadIntent } from '../ports/upload-repository'
import {
  type AppendDelivery,
  type EdgeDelivery,
  edgeUploadTtlMs,
  type PlannedParts,
  type PutDelivery,
  type Upload,
  type UploadPlace,
} from './upload'

/** What a caller says about a file, parsed and within its limits. */
export type NewFile = Owner & {
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

type Delivery = EdgeDelivery | AppendDelivery | PutDelivery | PlannedParts

/** The bytes pass through the Worker; `byteSize` null: how many is known when all have come. */
export function edgePlan(byteSize: number | null): UploadPlan<EdgeDelivery> {
  return { delivery: { method: 'edge', byteSize }, ttlMs: edgeUploadTtlMs, isPromoted: false }
}

/**
 * The intent of a new upload of `file`, with everything the gateway fills in. Throws `grant_refuses_type`,
 * `grant_too_large`.
 */
export async function intentOf<D extends Delivery>(
  gateway: Gateway,
  file: NewFile,
  plan: UploadPlan<D>,
  now: number,
): Promise<NewUploadIntent<UploadPlace & D>> {
  const id = gateway.newId() as FileId
  const contentKey = objectKeyFor(file.organizationId, id, essenceOf(file.contentType))
  if (file.grant) requireWithin(file.grant, file.contentType, plan.delivery.byteSize)
  const stated = { ...file.metadata, ...file.grant?.metadata }
  const metadata = Object.hasOwn(stated, 'artifactType')
    ? stated
    : { ...stated, artifactType: artifactTypeOf(file.contentType) }
  return {
    terms: await termsOf(file.organizationId, metadata),
    grant: file.grant ?? null,
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
 * Writes the intent down, or finds the reply that an earlier request with the same idempotency key got. One database
 * round trip; two more after a death (`claimUpload`). Throws `wrong_organization` when the organization does not exist.
 */
export async function beginUpload<U extends Upload>(
  gateway: Gateway,
  intent: NewUploadIntent<U>,
  options: { claim: IdempotencyClaim | null; sha256: Sha256 | null; completesReply: boolean },
  now: number,
): Promise<Begun<U>> {
  const begun = await claimUpload(gateway, { intent, ...options }, now)
  if (begun.outcome === 'begun') return { intent, known: begun.known }
  const claim = options.claim ?? fail({ code: 'internal' })
  const answer = replyOf(begun.record, claim, now)
  return answer === 'stale' ? failInProgress(begun.record, now) : replayOf(answer.reply.file, begun)
}

/**
 * Writes the intent down, or finds the request that holds its idempotency key. If that died (its lock has expired),
 * and may have been this same request, its file is removed and this request takes the key: one key never makes
 * two files. Throws `wrong_organization` when the organization does not exist.
 */
export async function claimUpload(
  gateway: Gateway,
  input: Pick<BeginUpload, 'intent' | 'claim' | 'sha256' | 'completesReply'>,
  now: number,
): Promise<BegunUpload> {
  const { pendingUploadsMax, filesMax } = gateway.limits
  const begin = () => gateway.uploads.begin({ ...input, pendingUploadsMax, filesMax, now })
  const first = await inOwnOrganization(begin())
  if (first.outcome === 'begun') return first
  const { fingerprint, reply, lockedUntil, subjectId } = first.record
  const isOthers = fingerprint !== null && fingerprint !== input.claim?.fingerprint
  if (isOthers || reply !== null || lockedUntil > now) return first
  const { organizationId } = input.intent.file
  await gateway.uploads.abandon([{ organizationId, id: subjectId as FileId }], null, now)
  return begin()
}

function replayOf(replay: FileRecord, claimed: BegunUpload & { outcome: 'claimed' }): Replay {
  const { subjectStatus, uploadExpiresAt } = claimed
  return { replay, subjectStatus, uploadExpiresAt }
}
