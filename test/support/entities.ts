import { env } from 'cloudflare:workers'
import type { FileBase } from '../../src/core/files/file-record'
import type { MetadataTerm } from '../../src/core/files/metadata'
import type { IdempotencyClaim } from '../../src/core/idempotency/idempotency'
import type { FileId, Md5, ObjectKey, OrganizationId, Sha256 } from '../../src/core/ids'
import type { NewUploadIntent } from '../../src/core/ports/upload-repository'
import type {
  AppendUpload,
  EdgeUpload,
  MultipartUpload,
  PutUpload,
  UploadPlace,
} from '../../src/core/uploads/upload'
import { createRepositories } from '../../src/database/repositories'
import { seededId } from './seed-files'

/** For tests of the repositories: entities each field of which has a value of its own, so that none can be swapped. */

export const repositories = createRepositories(env.DB)
export const acme = 'acme' as OrganizationId
export const other = 'other' as OrganizationId
export const limits = { pendingUploadsMax: 100, filesMax: 200 }

export const sha256 = (letter: string) => letter.repeat(64) as Sha256
export const token = (letter: string) => letter.repeat(16)
export const term = (letter: string) => letter.repeat(16) as MetadataTerm

/** Organizations that uploads may begin in. */
export async function putOrganizations(): Promise<void> {
  for (const id of [acme, other])
    await repositories.organizations.put({ id, name: `named ${id}`, quotaBytes: 1_000_000, now: 1 })
}

export function fileOf(index: number, more: Partial<FileBase> = {}): FileBase {
  return {
    id: seededId(index) as FileId,
    organizationId: acme,
    filename: `the name ${index}`,
    contentType: 'file/type',
    metadata: { field: ['a', index], 'other field': null },
    isPublic: true,
    checksum: `the checksum ${index}`,
    origin: {
      source: 'connector',
      sourceDetail: `the detail ${index}`,
      connectorMetadata: { from: { elsewhere: index } },
    },
    createdAt: 5000 + index,
    ...more,
  }
}

function placeOf(index: number): UploadPlace {
  return {
    objectKey: `_incoming/acme/${seededId(index)}` as ObjectKey,
    contentKey: `acme/${seededId(index)}.bin` as ObjectKey,
    contentType: 'upload/type',
    expiresAt: 7000 + index,
  }
}

const seal = {
  md5: 'e'.repeat(32) as Md5,
  sha256: sha256('f'),
  contentDisposition: 'the disposition',
}

export const uploadsOf = {
  edge: (index: number): EdgeUpload => {
    const { contentKey: objectKey, ...place } = placeOf(index)
    return { ...place, objectKey, contentKey: objectKey, method: 'edge', byteSize: 80 + index }
  },
  put: (index: number): PutUpload => ({
    ...placeOf(index),
    ...seal,
    method: 'presigned_put',
    byteSize: 80 + index,
    writeOnce: true,
    promotion: null,
  }),
  multipart: (index: number): MultipartUpload => ({
    ...placeOf(index),
    ...seal,
    method: 'multipart',
    byteSize: 80 + index,
    partBytes: 5_000_000 + index,
    multipartId: null,
  }),
  append: (index: number): AppendUpload => {
    const { contentKey: objectKey, ...place } = placeOf(index)
    return {
      ...place,
      objectKey,
      contentKey: objectKey,
      method: 'append',
      byteSize: 80 + index,
      md5: null,
      sha256: sha256('f'),
      contentDisposition: null,
      partBytes: 5_000_000 + index,
      multipartId: null,
      receivedBytes: 0,
    }
  },
}

export function intentOf(
  index: number,
  method: keyof typeof uploadsOf = 'put',
  more: Partial<FileBase> = {},
): NewUploadIntent {
  return { file: fileOf(index, more), upload: uploadsOf[method](index), terms: [term('t'), term('u')] }
}

export const claim: IdempotencyClaim = {
  key: 'the key',
  fingerprint: sha256('c'),
  lockedUntil: 6100,
  expiresAt: 6200,
}

/** Begins the upload of `intent` in the way of uploads that have no key and whose bytes are not known. */
export async function begin(intent: NewUploadIntent): Promise<void> {
  const asked = { claim: null, sha256: null, completesReply: false, ...limits, now: 6000 }
  await repositories.uploads.begin({ intent, ...asked })
}

/** A file with bytes: those of an edge upload. */
export async function settled(index: number, more: Partial<FileBase> = {}): Promise<NewUploadIntent> {
  const intent = intentOf(index, 'edge', more)
  await begin(intent)
  const bytes = { byteSize: 80 + index, sha256: null, etag: `etag ${index}`, sourceEtag: null }
  await repositories.uploads.settle(intent, bytes, 6000)
  return intent
}
