import type { Association } from '../core/associations/association'
import type { SummaryWith } from '../core/files/file-summary'
import type * as Answered from './answers'
import { formatFileId } from './file-ids'

/** A file in whatever state; `associations` are left out when they are null. */
export function presentFile(
  file: SummaryWith<'state'>,
  associations: readonly Association[] | null,
): Answered.File {
  const createdAt = iso(file.createdAt)
  return {
    id: formatFileId(file.id),
    filename: file.filename,
    contentType: file.contentType,
    ...presentBytes(file),
    status: file.status,
    createdAt,
    // Nothing is processed after an upload is settled: what is ready was so from then on.
    processingStatus: file.refusal && { progress: 0, error: file.refusal.code },
    processedAt: file.status === 'ready' ? createdAt : null,
    ...file.origin,
    ...(associations === null ? {} : { associations: associations.map(presentAssociation) }),
  }
}

export function presentAssociation({ resource, createdAt }: Association): Answered.Association {
  return { resourceType: resource.type, resourceId: resource.id, createdAt: iso(createdAt) }
}

/** For bytes that have not come, what was promised of them; nothing is charged for these. */
function presentBytes({ status, byteSize, sha256, isDuplicate }: SummaryWith<'state'>) {
  const sizeBytes = byteSize ?? 0
  return {
    sizeBytes,
    sha256,
    isDuplicate,
    storageCharged: status === 'ready' && !isDuplicate ? sizeBytes : 0,
  }
}

function iso(time: number): string {
  return new Date(time).toISOString()
}
