import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { pieceKeyOf } from '../../src/core/append/ledger'
import type { ObjectKey, OrganizationId } from '../../src/core/ids'
import type { BeginUpload, NewUploadIntent } from '../../src/core/ports/upload-repository'
import { edgeUploadTtlMs, lateArrivalMs, promotionMaxMs } from '../../src/core/uploads/upload'
import {
  acme,
  begin,
  claim,
  fileOf,
  intentOf,
  limits,
  other,
  putOrganizations,
  repositories,
  settled,
  sha256,
  term,
  token,
  uploadsOf,
} from '../support/entities'
import '../support/fresh-storage'
import { rows } from '../support/worker'

const { uploads, files } = repositories
const methods = Object.keys(uploadsOf) as (keyof typeof uploadsOf)[]

const beginUnder = (intent: NewUploadIntent, more: Partial<BeginUpload> = {}) =>
  uploads.begin({ intent, claim, sha256: null, completesReply: false, ...limits, now: 6000, ...more })

const pendingFile = ({ file, upload }: NewUploadIntent) => ({ ...file, status: 'uploading', upload })

beforeEach(putOrganizations)

describe('begin', () => {
  it.each(methods)('keeps all that is said of a file and its upload: %s', async (method) => {
    const intent = intentOf(1, method)
    const asked = { intent, claim: null, sha256: null, completesReply: false, ...limits, now: 6000 }
    expect(await uploads.begin(asked)).toEqual({ outcome: 'begun', known: null })
    const { file, upload } = intent
    expect(await files.find(acme, file.id)).toEqual(pendingFile(intent))
    expect(await rows('SELECT terms FROM files')).toEqual([{ terms: JSON.stringify(intent.terms) }])
    expect(await rows('SELECT reserved_bytes, expires_at, sweep_at FROM uploads')).toEqual([
      {
        reserved_bytes: 81,
        expires_at: upload.expiresAt,
        sweep_at: method === 'multipart' ? file.createdAt + edgeUploadTtlMs : upload.expiresAt,
      },
    ])
    expect(await rows(`SELECT pending_uploads_max, files_max FROM organizations WHERE id = 'acme'`)).toEqual([
      { pending_uploads_max: limits.pendingUploadsMax, files_max: limits.filesMax },
    ])
    // As a batch whose answer was lost is run again.
    expect(await uploads.begin(asked)).toEqual({ outcome: 'begun', known: null })
    expect(await files.find(acme, file.id)).toEqual(pendingFile(intent))
  })

  it('finds the content with the hash, of the organization and as public, and reserves nothing for it', async () => {
    const { file, upload } = intentOf(1, 'edge')
    await begin(intentOf(1, 'edge'))
    const bytes = { byteSize: 81, sha256: sha256('1'), etag: 'the etag', sourceEtag: null }
    await uploads.settle({ file, upload }, bytes, 6000)
    const known = async (intent: NewUploadIntent) =>
      (await beginUnder(intent, { claim: null, sha256: sha256('1') })) as { known: unknown }
    expect((await known(intentOf(2))).known).toEqual({
      byteSize: 81,
      sha256: sha256('1'),
      objectKey: upload.contentKey,
      etag: 'the etag',
      sourceEtag: null,
      watchUntil: null,
    })
    expect((await known(intentOf(3, 'put', { isPublic: false }))).known).toBeNull()
    expect((await known(intentOf(4, 'put', { organizationId: other }))).known).toBeNull()
    expect(await rows('SELECT reserved_bytes FROM uploads ORDER BY file_id')).toEqual([
      { reserved_bytes: 0 },
      { reserved_bytes: 83 },
      { reserved_bytes: 84 },
    ])
  })

  it('takes an idempotency key, and tells all that is kept of it to the next request', async () => {
    const first = intentOf(1)
    expect(await beginUnder(first)).toEqual({ outcome: 'begun', known: null })
    const kept = {
      organization_id: acme,
      idempotency_key: claim.key,
      fingerprint: claim.fingerprint,
      subject_id: first.file.id,
      reply: null,
      locked_until: claim.lockedUntil,
      expires_at: claim.expiresAt,
    }
    expect(await rows('SELECT * FROM idempotency_records')).toEqual([kept])
    const second = await beginUnder(intentOf(2), {
      claim: { ...claim, fingerprint: sha256('d'), lockedUntil: 1 },
    })
    expect(second).toEqual({
      outcome: 'claimed',
      record: {
        organizationId: acme,
        fingerprint: claim.fingerprint,
        subjectId: first.file.id,
        reply: null,
        lockedUntil: claim.lockedUntil,
      },
      uploadExpiresAt: first.upload.expiresAt,
      subjectStatus: 'uploading',
    })
    expect(await rows('SELECT uuid AS id FROM files')).toEqual([{ id: first.file.id }])
    // It is free when its time is over.
    expect(await beginUnder(intentOf(3), { now: claim.expiresAt })).toMatchObject({ outcome: 'begun' })
  })

  it('stores the reply that it completes, and lets the same request have its upload for longer', async () => {
    const first = intentOf(1)
    await beginUnder(first, { completesReply: true })
    const later = intentOf(2)
    const asked = { ...later, upload: { ...later.upload, expiresAt: 9000 } }
    const again = await beginUnder(asked, { completesReply: true })
    expect(again).toMatchObject({ outcome: 'claimed', uploadExpiresAt: 9000, subjectStatus: 'uploading' })
    const replied = again.outcome === 'claimed' ? again.record.reply?.() : null
    expect(replied).toEqual({ file: pendingFile(first) })
    const others = await beginUnder(
      { ...later, upload: { ...later.upload, expiresAt: 9500 } },
      { completesReply: true, claim: { ...claim, fingerprint: sha256('d') } },
    )
    expect(others).toMatchObject({ uploadExpiresAt: 9000 })
    await files.delete(acme, first.file.id, 6000)
    expect(await beginUnder(later)).toMatchObject({ uploadExpiresAt: null, subjectStatus: null })
  })

  it('refuses an organization that is not there', async () => {
    const nowhere = intentOf(1, 'put', { organizationId: 'nowhere' as OrganizationId })
    await expect(begin(nowhere)).rejects.toMatchObject({ failure: { code: 'organization_not_found' } })
  })
})

describe('noteMultipart', () => {
  it('notes the store’s id, and stores the reply that waited for it', async () => {
    const intent = intentOf(1, 'multipart')
    await beginUnder(intent)
    await begin(intentOf(2, 'multipart'))
    expect(await uploads.noteMultipart(intent.file, 'the id')).toBe(true)
    const noted = { ...pendingFile(intent), upload: { ...intent.upload, multipartId: 'the id' } }
    expect(await files.find(acme, intent.file.id)).toEqual(noted)
    expect(await files.find(acme, fileOf(2).id)).toEqual(pendingFile(intentOf(2, 'multipart')))
    expect(await rows('SELECT sweep_at FROM uploads ORDER BY file_id LIMIT 1')).toEqual([
      { sweep_at: intent.upload.expiresAt },
    ])
    const again = await beginUnder(intentOf(3))
    expect(again.outcome === 'claimed' && again.record.reply?.()).toEqual({ file: noted })
    expect(await uploads.noteMultipart({ ...intent.file, organizationId: other }, 'x')).toBe(false)
    await uploads.abandon([intent.file], null, 6000)
    expect(await uploads.noteMultipart(intent.file, 'x')).toBe(false)
  })

  it('stores no reply of a request whose fingerprint is not known yet', async () => {
    const intent = intentOf(1, 'edge')
    await beginUnder(intent, { claim: { ...claim, fingerprint: null } })
    expect(await uploads.noteMultipart(intent.file, 'the id')).toBe(true)
    expect(await beginUnder(intentOf(2))).toMatchObject({ record: { fingerprint: null, reply: null } })
  })
})

describe('choosePromotion', () => {
  it('keeps the version that was chosen first, as long as its promotion may take', async () => {
    const intent = intentOf(1)
    await begin(intent)
    const chosen = (etag: string, at: number) => ({
      ...pendingFile(intent),
      upload: { ...intent.upload, promotion: { etag, at } },
    })
    expect(await uploads.choosePromotion(intent.file, 'first', 6500)).toBe(true)
    expect(await uploads.choosePromotion(intent.file, 'second', 6500 + promotionMaxMs - 1)).toBe(false)
    expect(await files.find(acme, intent.file.id)).toEqual(chosen('first', 6500))
    expect(await uploads.choosePromotion(intent.file, 'first', 6600)).toBe(true)
    expect(await files.find(acme, intent.file.id)).toEqual(chosen('first', 6600))
    expect(await uploads.choosePromotion(intent.file, 'second', 6600 + promotionMaxMs)).toBe(true)
    expect(await uploads.choosePromotion({ ...intent.file, organizationId: other }, 'second', 9e9)).toBe(
      false,
    )
  })
})

describe('settle', () => {
  it.each(methods)('gives the file its bytes, and keeps all that is said of them: %s', async (method) => {
    const intent = intentOf(1, method)
    const { file, upload } = intent
    const watchUntil = {
      edge: null,
      put: 6500 + promotionMaxMs,
      multipart: null,
      append: 6600 + promotionMaxMs,
    }
    await beginUnder(intent)
    if (method === 'put') await uploads.choosePromotion(file, 'the source', 6500)
    const sourceEtag = method === 'put' ? 'the source' : null
    const bytes = { byteSize: 70, sha256: sha256('1'), etag: 'the etag', sourceEtag }
    const ready = {
      ...file,
      status: 'ready',
      content: {
        byteSize: 70,
        sha256: sha256('1'),
        objectKey: upload.contentKey,
        etag: 'the etag',
        sourceEtag,
        watchUntil: watchUntil[method],
      },
      isDuplicate: false,
    }
    for (const _ of ['once', 'again'])
      expect(await uploads.settle(intent, bytes, 6600)).toEqual({ file: ready, due: [] })
    expect(await rows('SELECT organization_id, is_public, watch_until FROM contents')).toEqual([
      {
        organization_id: acme,
        is_public: 1,
        watch_until: watchUntil[method],
      },
    ])
    expect(
      await rows('SELECT term, uuid FROM metadata_terms JOIN files ON id = file_id ORDER BY term'),
    ).toEqual([
      { term: term('t'), uuid: file.id },
      { term: term('u'), uuid: file.id },
    ])
    const again = await beginUnder(intentOf(2))
    expect(again.outcome === 'claimed' && again.record.reply?.()).toEqual({ file: ready })
    const [usage] = await rows(
      'SELECT used_bytes, reserved_bytes, pending_uploads, file_count FROM organizations',
    )
    expect(usage).toEqual({ used_bytes: 70, reserved_bytes: 0, pending_uploads: 0, file_count: 1 })
  })

  it('keeps what is known of a streamed upload only at its end, with the fingerprint of its key', async () => {
    const intent = intentOf(1, 'edge', {
      origin: { source: 'api', sourceDetail: null, connectorMetadata: null },
    })
    const { file, upload } = intent
    await beginUnder(intent, { claim: { ...claim, fingerprint: null } })
    const { origin } = fileOf(7)
    const resource = { type: 'dataset', id: 'the dataset' } as const
    const bytes = { byteSize: 70, sha256: sha256('1'), etag: 'the etag', sourceEtag: null }
    const end = { details: { origin, resource }, fingerprint: sha256('9') }
    for (const _ of ['once', 'again'])
      expect((await uploads.settle({ file, upload }, bytes, 6600, end)).file).toMatchObject({
        ...file,
        origin,
        status: 'ready',
      })
    expect(await repositories.associations.of(acme, file.id)).toEqual([
      { resource, createdAt: file.createdAt },
    ])
    const again = await beginUnder(intentOf(2))
    expect(again).toMatchObject({ record: { fingerprint: sha256('9'), subjectId: file.id } })
    expect(again.outcome === 'claimed' && again.record.reply?.()).toEqual({
      file: await files.find(acme, file.id),
    })
  })

  it('takes bytes of the Worker’s that the organization has by then for those, and lists what was put', async () => {
    for (const index of [1, 2]) await begin(intentOf(index, 'edge'))
    const bytes = (index: number) => ({
      byteSize: 70,
      sha256: sha256('1'),
      etag: `etag ${index}`,
      sourceEtag: null,
    })
    await uploads.settle(intentOf(1, 'edge'), bytes(1), 6600)
    const { file, due } = await uploads.settle(intentOf(2, 'edge'), bytes(2), 6700)
    expect(file).toMatchObject({
      id: fileOf(2).id,
      isDuplicate: true,
      content: { objectKey: uploadsOf.edge(1).contentKey, etag: 'etag 1' },
    })
    expect(due).toEqual([uploadsOf.edge(2).contentKey])
    expect(await rows('SELECT * FROM object_deletions')).toEqual([
      {
        object_key: uploadsOf.edge(2).contentKey,
        due_at: 6700,
        watch_until: 6700,
        multipart_id: null,
        multipart_method: null,
      },
    ])
  })

  it('keeps bytes at a promised key, without the hash that others have', async () => {
    const [first, second] = [intentOf(1, 'multipart'), intentOf(2, 'multipart')]
    const bytes = { byteSize: 70, sha256: sha256('1'), etag: 'the etag', sourceEtag: null }
    for (const intent of [first, second]) {
      await begin(intent)
      await uploads.settle(intent, bytes, 6600)
    }
    expect(await files.find(acme, second.file.id)).toMatchObject({
      isDuplicate: false,
      content: { sha256: null, objectKey: second.upload.contentKey },
    })
  })

  it('changes nothing where another version was chosen, or the upload is over', async () => {
    const intent = intentOf(1)
    await begin(intent)
    await uploads.choosePromotion(intent.file, 'chosen', 6500)
    const bytes = { byteSize: 70, sha256: null, etag: 'the etag', sourceEtag: 'another' }
    expect((await uploads.settle(intent, bytes, 6600)).file).toMatchObject({ status: 'uploading' })
    await files.delete(acme, intent.file.id, 6700)
    expect(await uploads.settle(intent, { ...bytes, sourceEtag: 'chosen' }, 6800)).toEqual({
      file: null,
      due: [uploadsOf.put(1).contentKey],
    })
    expect(await rows('SELECT id FROM contents')).toEqual([])
  })
})

describe('adopt', () => {
  it('gives the file content that the organization has', async () => {
    const { file, upload } = intentOf(1, 'edge')
    await begin(intentOf(1, 'edge'))
    const bytes = { byteSize: 81, sha256: sha256('1'), etag: 'the etag', sourceEtag: null }
    await uploads.settle({ file, upload }, bytes, 6000)
    const known = {
      byteSize: 81,
      sha256: sha256('1'),
      objectKey: upload.contentKey,
      etag: 'the etag',
      sourceEtag: null,
      watchUntil: null,
    }
    const second = intentOf(2)
    await begin(second)
    const adopted = {
      ...second.file,
      status: 'ready',
      content: known,
      isDuplicate: true,
    }
    for (const _ of ['once', 'again']) expect(await uploads.adopt(second, known)).toEqual(adopted)
    const gone = intentOf(3)
    await begin(gone)
    expect(await uploads.adopt(gone, { ...known, sha256: sha256('2') })).toEqual(pendingFile(gone))
  })
})

describe('abandon', () => {
  it('removes the file, frees its key, and lists what the upload may have left', async () => {
    const intent = intentOf(1, 'multipart')
    const inPlace = { ...intent, upload: { ...intent.upload, objectKey: intent.upload.contentKey } }
    await beginUnder(inPlace)
    await env.DB.prepare("UPDATE uploads SET multipart_id = 'the id'").run()
    const due = [{ key: intent.upload.contentKey, multipart: { method: 'multipart', id: 'the id' } }]
    expect(await uploads.abandon([intent.file], null, 6600)).toEqual(due)
    expect(await uploads.abandon([intent.file], null, 6700)).toEqual([])
    expect(await rows('SELECT * FROM object_deletions')).toEqual([
      {
        object_key: intent.upload.contentKey,
        due_at: 6600,
        watch_until: intent.upload.expiresAt + lateArrivalMs,
        multipart_id: 'the id',
        multipart_method: 'multipart',
      },
    ])
    for (const table of ['files', 'uploads', 'idempotency_records'])
      expect(await rows(`SELECT * FROM ${table}`), table).toEqual([])
    expect(
      await rows("SELECT reserved_bytes, pending_uploads, file_count FROM organizations WHERE id = 'acme'"),
    ).toEqual([{ reserved_bytes: 0, pending_uploads: 0, file_count: 0 }])
  })

  it('keeps the files with the refusal, several at a time, and the key of a request that was answered', async () => {
    await beginUnder(intentOf(1), { completesReply: true })
    await begin(intentOf(2))
    const stored = await settled(3)
    const reason = { code: 'size_mismatch', expected: 1, actual: 2 } as const
    const ended = [fileOf(1), fileOf(2), stored.file]
    expect(await uploads.abandon(ended, { status: 'error', reason }, 6600)).toEqual([])
    for (const index of [1, 2])
      expect(await files.find(acme, fileOf(index).id)).toEqual({
        ...fileOf(index),
        status: 'error',
        refusal: reason,
      })
    expect(await files.find(acme, stored.file.id)).toMatchObject({ status: 'ready' })
    expect(await rows('SELECT subject_id FROM idempotency_records')).toEqual([{ subject_id: fileOf(1).id }])
    expect(await rows('SELECT file_id FROM uploads')).toEqual([])
  })
})

describe('revoke', () => {
  it('takes the bytes from a file, and lists them if no other file has them', async () => {
    const { file, upload } = await settled(1)
    const reason = { code: 'copied_not_uploaded' } as const
    const due = [{ key: upload.contentKey, multipart: null }]
    expect(await uploads.revoke({ ...file, organizationId: other }, reason, 6600)).toEqual([])
    expect(await uploads.revoke(file, reason, 6600)).toEqual(due)
    expect(await uploads.revoke(file, reason, 6700)).toEqual([])
    expect(await files.find(acme, file.id)).toEqual({ ...file, status: 'error', refusal: reason })
    for (const table of ['contents', 'metadata_terms', 'uploads'])
      expect(await rows(`SELECT * FROM ${table}`), table).toEqual([])
    expect(await rows('SELECT object_key, due_at, watch_until FROM object_deletions')).toEqual([
      { object_key: upload.contentKey, due_at: 6600, watch_until: 6600 },
    ])
  })
})

describe('what the sweep and the events ask', () => {
  const keyOf = ({ file: { organizationId, id } }: Pick<NewUploadIntent, 'file'>) => ({ organizationId, id })
  const [unknown, listed] = ['acme/unknown', 'acme/listed'] as ObjectKey[] as [ObjectKey, ObjectKey]

  it('finds the files of object keys whole, and the keys that the outbox lists', async () => {
    const [first, second] = [intentOf(1), intentOf(2)]
    for (const intent of [first, second]) await begin(intent)
    await env.DB.prepare('INSERT INTO object_deletions (object_key, due_at, watch_until) VALUES (?1, 1, 2)')
      .bind(listed)
      .run()
    const named = [
      { key: first.upload.objectKey, file: keyOf(first) },
      { key: first.upload.contentKey, file: keyOf(first) },
      { key: second.upload.objectKey, file: { ...keyOf(second), organizationId: other } },
      { key: unknown, file: null },
      { key: listed, file: null },
    ]
    expect(await uploads.findByObjectKeys(named)).toEqual({ files: [pendingFile(first)], listed: [listed] })
  })

  it('tells the keys whose uploads are pending', async () => {
    const [first, second] = [intentOf(1), intentOf(2)]
    for (const intent of [first, second]) await begin(intent)
    const named = [first, second].map(({ file, upload }) => ({
      key: upload.objectKey,
      file: keyOf({ file }),
      piece: null,
    }))
    expect(await uploads.awaitedKeys(named)).toEqual(named.map(({ key }) => key))
    await uploads.settle(second, { byteSize: 1, sha256: null, etag: 'e', sourceEtag: null }, 6000)
    expect(await uploads.awaitedKeys(named)).toEqual([first.upload.objectKey])
  })

  it('tells the pieces that an upload has, and those that it has not got as far as', async () => {
    const [kept, another] = [intentOf(1, 'append'), intentOf(2, 'append')]
    for (const intent of [kept, another]) await begin(intent)
    await env.DB.prepare('UPDATE uploads SET received_bytes = 10, pieces = ?1')
      .bind(JSON.stringify([`0-6-${token('a')}`, `6-10-${token('b')}`]))
      .run()
    const named = (intent: NewUploadIntent, from: number, to: number, letter: string) => {
      const piece = { from, to, token: token(letter) }
      return { key: pieceKeyOf(intent.file, piece), file: keyOf(intent), piece }
    }
    const pieces = {
      recorded: [named(kept, 0, 6, 'a'), named(kept, 6, 10, 'b')],
      beyond: [named(kept, 6, 11, 'c'), named(kept, 10, 12, 'b'), named(kept, 20, 30, 'c')],
      over: [named(kept, 0, 6, 'b'), named(kept, 6, 10, 'c'), named(kept, 0, 10, 'a')],
      strange: [
        named(intentOf(3, 'append'), 0, 99, 'a'),
        named(intentOf(1, 'append', { organizationId: other }), 0, 6, 'a'),
      ],
    }
    const all = Object.values(pieces).flat()
    const awaited = [...pieces.recorded, ...pieces.beyond].map(({ key }) => key)
    expect((await uploads.awaitedKeys(all)).sort()).toEqual(awaited.sort())
    await uploads.abandon([another.file], null, 6000)
    expect(await uploads.awaitedKeys([named(another, 0, 6, 'a'), named(another, 10, 11, 'a')])).toEqual([])
    // Other uploads have no pieces, however far these would reach.
    const put = intentOf(4)
    await begin(put)
    expect(await uploads.awaitedKeys([named(put, 0, 99, 'a')])).toEqual([])
  })

  it('takes overdue uploads whole, oldest first, and has them wait', async () => {
    const [first, second] = [intentOf(1), intentOf(2)]
    for (const intent of [second, first]) await begin(intent)
    expect(await uploads.takeOverdue(7000, 9, 8000)).toEqual([])
    expect(await uploads.takeOverdue(7002, 1, 8000)).toEqual([pendingFile(first)])
    expect(await uploads.takeOverdue(7002, 9, 8001)).toEqual([pendingFile(second)])
    expect(await rows('SELECT sweep_at FROM uploads ORDER BY file_id')).toEqual([
      { sweep_at: 8000 },
      { sweep_at: 8001 },
    ])
  })
})
