import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import type { MetadataTerm } from '../../src/core/files/metadata'
import type { FileId, ObjectKey, OrganizationId } from '../../src/core/ids'
import type { NewUploadIntent } from '../../src/core/ports/upload-repository'
import { createRepositories } from '../../src/database/repositories'
import { seededId } from '../support/seed-files'
import { startWorker } from '../support/worker'

/** With a value of its own in everything that is said of a file before its bytes come. */
function intentOf(index: number): NewUploadIntent {
  const id = seededId(index) as FileId
  const organizationId = 'acme' as OrganizationId
  const key = `acme/${id}` as ObjectKey
  return {
    terms: ['t'.repeat(22) as MetadataTerm],
    file: {
      id,
      organizationId,
      filename: 'a.txt',
      contentType: 'text/plain',
      metadata: { a: 1 },
      isPublic: true,
      checksum: 'as it was written',
      origin: { source: 'api', sourceDetail: null, connectorMetadata: null },
      createdAt: 5,
    },
    upload: {
      method: 'edge',
      objectKey: key,
      contentKey: key,
      contentType: 'text/plain',
      byteSize: null,
      expiresAt: 10,
    },
  }
}

describe('an intent that is written down', () => {
  const repositories = createRepositories(env.DB)
  const limits = { pendingUploadsMax: 10, filesMax: 10, now: 0 }

  beforeEach(async () => {
    await startWorker().organization()
  })

  it.each<[string, (intent: NewUploadIntent) => Promise<unknown>]>([
    [
      'with its size known',
      (intent) =>
        repositories.uploads.begin({ intent, claim: null, sha256: null, completesReply: false, ...limits }),
    ],
  ])('keeps all that was said of the file: %s', async (_, begin) => {
    const intent = intentOf(1)
    await begin(intent)
    const { file, upload } = intent
    expect(await repositories.files.find(file.organizationId, file.id)).toEqual({
      ...file,
      upload,
      status: 'uploading',
    })
    expect(await env.DB.prepare('SELECT terms FROM files').first()).toEqual({
      terms: JSON.stringify(intent.terms),
    })
  })
})
