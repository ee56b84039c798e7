import type { Association } from '../core/associations/association'
import { type FileRecord, isStored } from '../core/files/file-record'
import type * as Answered from './answers'
import { formatFileId } from './file-ids'

/** A file in whatever state; `associations` are left out when they are null. */
export function presentFile(file: FileRecord, associations: readonly Association[] | null): Answered.File {
  const createdAt = iso(file.createdAt)
  return {
    id: formatFileId(file.id),
    filename: file.filename,
    contentType: file.contentType,
    ...presentBytes(file),
    status: file.status,
    createdAt,
    // Nothing is processed after an upload is settled: what is ready was so from then on.
    processingStatus: 'refusal' in file ? { progress: 0, error: file.refusal.code } : null,
    processedAt: file.status === 'ready' ? createdAt : null,
    ...file.origin,
    ...(associations === null ? {} : { associations: associations.map(presentAssociation) }),
  }
}

export function presentAssociation({ resource, createdAt }: Association): Answered.Association {
  return { resourceType: resource.type, resourceId: resource.id, createdAt: iso(createdAt) }
}

/** For bytes that have not come, what was promised of them; nothing is charged for these. */
function presentBytes(file: FileRecord) {
  if (!isStored(file)) {
    const sizeBytes = file.status === 'uploading' ? (file.upload.byteSize ?? 0) : 0
    return { sizeBytes, sha256: null, isDuplicate: false, storageCharged: 0 }
  }
  const { content, isDuplicate } = file
  const { byteSize, sha256 } = content
  return { sizeBytes: byteSize, sha256, isDuplicate, storageCharged: isDuplicate ? 0 : byteSize }
}

function iso(time: number): string {
  return new Date(time).toISOString()
}
