import type { FileRecord } from '../../core/files/file-record'
import type { CreatedUpload } from '../../core/uploads/create-upload'
import { partCountOf, type SignedPart } from '../../core/uploads/parts'
import { type MultipartUpload, noHeaderSeal, type Upload } from '../../core/uploads/upload'
import type { UploadStatus } from '../../core/uploads/upload-status'
import type { UploadedPart } from '../../core/uploads/uploaded-part'
import { formatFileId } from '../../http/file-ids'
import type * as Answered from './answers'

/** How to send the bytes; nothing where the organization has them already. */
export function presentCreated(created: CreatedUpload): Answered.Created {
  const id = formatFileId(created.file.id)
  switch (created.kind) {
    case 'known':
      return { id, status: created.file.status, isDuplicate: created.file.isDuplicate }
    case 'put':
      return {
        id,
        method: 'PUT',
        url: created.url,
        headers: created.headers,
        expiresAt: iso(created.upload.expiresAt),
      }
    case 'multipart':
      return {
        id,
        multipart: { ...presentPlan(created.upload), expiresAt: iso(created.upload.expiresAt) },
        parts: created.parts.map(presentSignedPart),
      }
  }
}

export function presentSignedPart({ partNumber, url, headers, byteSize }: SignedPart): Answered.SignedPart {
  return { partNumber, url, headers, size: byteSize }
}

export function presentPart({ partNumber, byteSize, etag }: UploadedPart): Answered.Part {
  return { partNumber, size: byteSize, etag }
}

/** What is sealed is told while there is an upload; `parts` is null where the store cannot list them. */
export function presentStatus({ file, parts }: UploadStatus): Answered.Upload {
  const upload = uploadOf(file)
  return {
    id: formatFileId(file.id),
    status: file.status,
    error: 'refusal' in file ? file.refusal.code : null,
    ...(upload === null
      ? {}
      : {
          method: methods[upload.method],
          sealed: presentSeal(upload),
          expiresAt: iso(upload.expiresAt),
          ...(upload.method === 'multipart' && upload.multipartId !== null
            ? { multipart: presentPlan(upload) }
            : {}),
        }),
    ...(parts === null ? {} : { parts: parts === 'unsupported' ? null : parts.map(presentPart) }),
  }
}

const methods = { edge: 'edge', append: 'append', presigned_put: 'PUT', multipart: 'multipart' } as const

function uploadOf(file: FileRecord): Upload | null {
  return 'upload' in file ? file.upload : null
}

function presentSeal(upload: Upload) {
  const { contentType, byteSize, md5, sha256, writeOnce } = { ...noHeaderSeal, ...upload }
  return {
    contentType,
    size: byteSize,
    md5: md5 && Uint8Array.fromHex(md5).toBase64(),
    sha256,
    writeOnce,
  }
}

function presentPlan(upload: MultipartUpload) {
  return { partSize: upload.partBytes, partCount: partCountOf(upload) }
}

function iso(time: number): string {
  return new Date(time).toISOString()
}
