import type { FileBase, StoredFile } from '../../core/files/file-record'
import { type SummaryWith, summaryOf } from '../../core/files/file-summary'
import type { CreatedMultipart } from '../../core/uploads/create-upload'
import { partCountOf } from '../../core/uploads/parts'
import type { PresignedUpload } from '../../core/uploads/single-put'
import type * as Answered from './answers'

/** What every answer about a file says. */
function presentBase(file: SummaryWith<'metadata'> | FileBase) {
  return {
    fileId: file.id,
    filename: file.filename,
    contentType: file.contentType,
    metadata: file.metadata,
    createdAt: new Date(file.createdAt).toISOString(),
  }
}

/** A file with bytes. */
export function presentListed(file: SummaryWith<'metadata'>): Answered.ListedFile {
  return { ...presentBase(file), size: file.byteSize ?? 0 }
}

/** A file with where it is: `s3Uri` for programs that may read the bucket, `url` for every client for an hour. */
export function presentStored(file: StoredFile, s3Uri: string, url: string): Answered.StoredFile {
  return { ...presentListed(summaryOf(file)), s3Uri, url }
}

/** `size` is there only when it was promised. */
export function presentPresigned({ file, upload, url, ttlSeconds }: PresignedUpload): Answered.PresignedFile {
  return {
    ...presentBase(file),
    ...(upload.byteSize === null ? {} : { size: upload.byteSize }),
    uploadUrl: url,
    s3Key: upload.contentKey,
    expiresIn: ttlSeconds,
  }
}

/** More bytes than one PUT can carry: how to send them by the gateway's own endpoints, under `uploadsUrl`. */
export function presentInParts(
  { file, upload }: CreatedMultipart,
  uploadsUrl: string,
  now: number,
): Answered.FileInParts {
  const own = `${uploadsUrl}/${file.id}`
  return {
    ...presentBase(file),
    size: upload.byteSize,
    s3Key: upload.contentKey,
    multipart: {
      uploadId: file.id,
      partSize: upload.partBytes,
      partCount: partCountOf(upload),
      partsUrl: `${own}/parts`,
      completeUrl: `${own}/complete`,
    },
    expiresIn: Math.floor((upload.expiresAt - now) / 1000),
  }
}
