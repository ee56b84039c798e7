import { beforeEach, describe, expect, it } from 'vitest'
import type { FileSelection } from '../../src/core/files/file-selection'
import { summaryOf } from '../../src/core/files/file-summary'
import type { FileId } from '../../src/core/ids'
import { lateArrivalMs } from '../../src/core/uploads/upload'
import {
  acme,
  begin,
  fileOf,
  intentOf,
  other,
  putOrganizations,
  repositories,
  settled,
  term,
} from '../support/entities'
import '../support/fresh-storage'
import { rows } from '../support/worker'

const { files, uploads, associations } = repositories
const everything: FileSelection = { terms: [], status: null, resource: null }
const page = { before: null, limit: 9, part: 'state', withAssociations: false, pendingMax: 9 } as const

beforeEach(putOrganizations)

describe('files', () => {
  it('are found whole by their organization, whatever has become of their bytes', async () => {
    const stored = await settled(1)
    const { file, upload } = stored
    expect(await files.find(acme, file.id)).toEqual({
      ...file,
      status: 'ready',
      content: {
        byteSize: 81,
        sha256: null,
        objectKey: upload.contentKey,
        etag: 'etag 1',
        sourceEtag: null,
        watchUntil: null,
      },
      isDuplicate: false,
    })
    const pending = intentOf(2)
    const lost = intentOf(3)
    for (const intent of [pending, lost]) await begin(intent)
    await uploads.abandon([lost.file], { status: 'failed', reason: { code: 'never_arrived' } }, 6000)
    expect(await files.find(acme, pending.file.id)).toEqual({
      ...pending.file,
      status: 'uploading',
      upload: pending.upload,
    })
    expect(await files.find(acme, lost.file.id)).toEqual({
      ...lost.file,
      status: 'failed',
      refusal: { code: 'never_arrived' },
    })
    expect(await files.find(other, file.id)).toBeNull()
  })

  it('are found by anyone if they are public', async () => {
    const shown = await settled(1)
    const hidden = await settled(2, { isPublic: false })
    expect(await files.findPublic(acme, shown.file.id)).toEqual(await files.find(acme, shown.file.id))
    expect(await files.findPublic(acme, hidden.file.id)).toBeNull()
    expect(await files.findPublic(other, shown.file.id)).toBeNull()
  })

  it('are listed whole, newest first, with their associations and those that are awaited', async () => {
    const stored = [await settled(1), await settled(2)]
    const [pending, edge] = [intentOf(3), intentOf(4, 'edge')]
    for (const intent of [pending, edge]) await begin(intent)
    const association = { resource: { type: 'chat', id: 'the chat' }, createdAt: 9 } as const
    const [first] = stored
    await associations.add({
      file: { organizationId: acme, id: fileOf(1).id },
      association,
      max: 9,
      claim: null,
      now: 6000,
    })
    const summaryOfFile = async (id: FileId) =>
      summaryOf((await files.find(acme, id)) ?? expect.fail('it is there'))
    const stateOfFile = async (id: FileId) => {
      const { metadata: _, ...state } = await summaryOfFile(id)
      return state
    }
    const records = await Promise.all(stored.toReversed().map(({ file }) => stateOfFile(file.id)))
    expect(await files.list(acme, everything, page)).toEqual({
      files: records.map((file) => ({ file, associations: null })),
      next: null,
      pending: [{ ...pending.file, status: 'uploading', upload: pending.upload }],
    })
    const withMetadata = await files.list(acme, everything, { ...page, part: 'metadata' })
    for (const { file } of withMetadata.files) {
      const { id, filename, contentType, createdAt, byteSize, metadata } = await summaryOfFile(file.id)
      expect(file).toEqual({ id, filename, contentType, createdAt, byteSize, metadata })
    }
    expect(await files.list(acme, everything, { ...page, limit: 1, withAssociations: true })).toMatchObject({
      files: [{ file: { id: fileOf(2).id }, associations: [] }],
      next: fileOf(2).id,
    })
    const rest = { ...page, before: fileOf(2).id, withAssociations: true }
    expect(await files.list(acme, everything, rest)).toEqual({
      files: [{ file: await stateOfFile(first?.file.id ?? fileOf(9).id), associations: [association] }],
      next: null,
      pending: [],
    })
    const selected = async (selection: Partial<FileSelection>) =>
      (await files.list(acme, { ...everything, ...selection }, page)).files.map(({ file }) => file.id)
    expect(await selected({ resource: { type: 'chat', id: 'the chat' } })).toEqual([fileOf(1).id])
    expect(await selected({ resource: { type: 'chat', id: null } })).toEqual([fileOf(1).id])
    expect(await selected({ resource: { type: 'dataset', id: 'the chat' } })).toEqual([])
    expect(await selected({ status: 'uploading' })).toEqual([edge.file.id, pending.file.id])
    expect(await selected({ terms: [term('t'), term('u')] })).toEqual([fileOf(2).id, fileOf(1).id])
    expect(await selected({ terms: [term('t'), term('v')] })).toEqual([])
    expect((await files.list(other, everything, page)).files).toEqual([])
  })

  it('are deleted with all that is theirs, and what is now to be deleted is told', async () => {
    const { file, upload } = await settled(1)
    await settled(2)
    expect(await files.delete(other, file.id, 8000)).toBeNull()
    expect(await files.delete(acme, file.id, 8000)).toEqual({
      due: [{ key: upload.contentKey, multipart: null }],
      wasPublic: true,
    })
    expect(await files.delete(acme, file.id, 8000)).toBeNull()
    expect(await rows('SELECT uuid AS id FROM files JOIN contents USING (id)')).toEqual([
      { id: fileOf(2).id },
    ])
    const indexed = 'SELECT DISTINCT uuid FROM metadata_terms LEFT JOIN files ON id = file_id'
    expect(await rows(indexed)).toEqual([{ uuid: fileOf(2).id }])
    expect(await rows('SELECT * FROM object_deletions')).toEqual([
      {
        object_key: upload.contentKey,
        due_at: 8000,
        watch_until: 8000,
        multipart_id: null,
        multipart_method: null,
      },
    ])
  })

  it('are deleted while their bytes are awaited, with the incoming key and what was promoted', async () => {
    const { file, upload } = intentOf(1)
    await begin(intentOf(1))
    await uploads.choosePromotion(file, 'the source', 6500)
    expect(await files.delete(acme, file.id, 8000)).toEqual({
      due: [{ key: upload.objectKey, multipart: null }],
      wasPublic: true,
    })
    expect(await rows('SELECT object_key, due_at, watch_until FROM object_deletions')).toEqual([
      { object_key: upload.contentKey, due_at: 8000, watch_until: 6500 + 3_600_000 },
    ])
    const parts = intentOf(2, 'multipart', { isPublic: false })
    const inPlace = { ...parts, upload: { ...parts.upload, objectKey: parts.upload.contentKey } }
    await begin(inPlace)
    await uploads.noteMultipart(inPlace.file, 'the id')
    expect(await files.delete(acme, inPlace.file.id, 8001)).toEqual({
      due: [{ key: inPlace.upload.contentKey, multipart: { method: 'multipart', id: 'the id' } }],
      wasPublic: false,
    })
    expect(await rows("SELECT * FROM object_deletions WHERE multipart_id = 'the id'")).toEqual([
      {
        object_key: inPlace.upload.contentKey,
        due_at: 8001,
        watch_until: inPlace.upload.expiresAt + lateArrivalMs,
        multipart_id: 'the id',
        multipart_method: 'multipart',
      },
    ])
    expect(await rows('SELECT file_id FROM uploads')).toEqual([])
  })
})
