import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Hold } from '../../src/core/append/ledger'
import { partCountMaxOfUnknown } from '../../src/core/append/plan'
import type { Grant } from '../../src/core/grants/grant'
import type { FileId, GrantId } from '../../src/core/ids'
import type { AppendStep, AppendWish } from '../../src/core/ports/append-repository'
import type { NewUploadIntent } from '../../src/core/ports/upload-repository'
import { createAppendRepository } from '../../src/database/append/append-repository'
import {
  acme,
  begin,
  fileOf,
  intentOf,
  other,
  putOrganizations,
  repositories,
  token,
  uploadsOf,
} from '../support/entities'
import '../support/fresh-storage'
import { seededId } from '../support/seed-files'
import { rows } from '../support/worker'

const now = 6000
const first: Hold = { token: token('a'), until: 6100 }
const second: Hold = { token: token('b'), until: 6200 }
const grantId = seededId(90) as GrantId
const file = { organizationId: acme, id: seededId(1) as FileId }
const owned = { ...file, grantId: null }

/** A database whose answers to batches are lost, so that each batch is run a second time, and answers then. */
const forgetful = new Proxy(env.DB, {
  get(target, member) {
    if (member === 'batch')
      return async (statements: D1PreparedStatement[]) => {
        await target.batch(statements)
        return target.batch(statements)
      }
    const value: unknown = Reflect.get(target, member, target)
    return typeof value === 'function' ? value.bind(target) : value
  },
})

const wishOf = (hold: Hold, more: Partial<AppendWish> = {}): AppendWish => ({
  hold,
  offset: 0,
  byteSize: null,
  end: null,
  filename: null,
  ...more,
})

const stepOf = (from: number, to: number, more: Partial<AppendStep> = {}): AppendStep => ({
  from,
  to,
  parts: [],
  pieces: [],
  isEnd: false,
  partsSkipped: 0,
  until: null,
  ...more,
})

const partOf = (partNumber: number) => ({ partNumber, etag: `etag ${partNumber}`, byteSize: 5 })

/** An upload whose bytes are appended, of 81 bytes unless told otherwise (null: of unknown length). */
function appendOf(byteSize: number | null = 81, more: Partial<NewUploadIntent> = {}): NewUploadIntent {
  return { ...intentOf(1, 'append'), upload: { ...uploadsOf.append(1), byteSize }, ...more }
}

/** Begins it, and its multipart upload in the store. */
async function beginAppend(intent: NewUploadIntent): Promise<void> {
  await begin(intent)
  await env.DB.prepare("UPDATE uploads SET multipart_id = 'the id'").run()
}

const pendingFile = (byteSize: number | null, receivedBytes = 0) => ({
  ...fileOf(1),
  status: 'uploading',
  upload: { ...uploadsOf.append(1), byteSize, receivedBytes, multipartId: 'the id' },
})

const usage = async () =>
  (await rows('SELECT reserved_bytes, pending_uploads FROM organizations WHERE id = ?1', acme))[0]
const [ofUpload, ofGrant] = ['uploads', 'grants']
const row = async (columns: string, table = ofUpload) => (await rows(`SELECT ${columns} FROM ${table}`))[0]

const code = (failure: string) =>
  expect.objectContaining({ failure: expect.objectContaining({ code: failure }) })

beforeEach(putOrganizations)

describe.each([
  ['run once', env.DB],
  ['run twice, as after a lost answer', forgetful],
])('with batches that are %s', (_, db) => {
  const appends = createAppendRepository(db)

  describe('find', () => {
    it('tells all that is known of an upload, with what the client said of the file', async () => {
      await beginAppend(appendOf(81, { statement: 'as the client wrote it' }))
      const found = {
        file: pendingFile(81),
        statement: 'as the client wrote it',
        ledger: { pieces: [], partsSkipped: 0 },
        hold: null,
      }
      expect(await appends.find(owned)).toEqual(found)
      const pieces = [
        { from: 0, to: 5, token: token('c') },
        { from: 5, to: 9, token: token('d') },
      ]
      await appends.take(owned, wishOf(first), now)
      await appends.commit(file, first.token, stepOf(0, 9, { pieces, until: 6150 }))
      expect(await appends.find(owned)).toEqual({
        ...found,
        file: pendingFile(81, 9),
        ledger: { pieces, partsSkipped: 0 },
        hold: { ...first, until: 6150 },
      })
    })

    it('has an upload that a request has from its beginning', async () => {
      await beginAppend(appendOf(null, { hold: first }))
      expect(await appends.find(owned)).toEqual({
        file: pendingFile(null),
        statement: null,
        ledger: { pieces: [], partsSkipped: 0 },
        hold: first,
      })
    })

    it('finds a file whose bytes come another way, without a ledger', async () => {
      await begin(intentOf(1, 'put'))
      expect(await appends.find(owned)).toMatchObject({ ledger: null, hold: null, file: { id: file.id } })
    })

    it('keeps what the client said of a file that is ready', async () => {
      const intent = appendOf(81, { statement: 'name bmFtZQ==' })
      await begin(intent)
      const bytes = { byteSize: 81, sha256: null, etag: 'e', sourceEtag: null }
      await repositories.uploads.settle(intent, bytes, now)
      expect(await appends.find(owned)).toMatchObject({
        file: { status: 'ready' },
        statement: 'name bmFtZQ==',
        ledger: null,
        hold: null,
      })
    })

    it('finds none of another organization', async () => {
      await beginAppend(appendOf())
      expect(await appends.find({ ...owned, organizationId: other })).toBeNull()
    })
  })

  describe('take', () => {
    it('gives the upload to the request, and answers with how it then stands', async () => {
      await beginAppend(appendOf())
      expect(await appends.take(owned, wishOf(first, { byteSize: 81, end: 81 }), now)).toEqual({
        file: pendingFile(81),
        statement: null,
        ledger: { pieces: [], partsSkipped: 0 },
        hold: first,
      })
      expect(await usage()).toEqual({ reserved_bytes: 81, pending_uploads: 1 })
    })

    it.each<[string, Partial<AppendWish>]>([
      ['another offset', { offset: 1 }],
      ['another length', { byteSize: 80 }],
      ['more bytes than the length', { end: 82 }],
    ])('gives it to none that brings %s, and shows why', async (_, more) => {
      await beginAppend(appendOf())
      const found = await appends.take(owned, wishOf(first, more), now)
      expect(found).toEqual(await appends.find(owned))
      expect(found).toMatchObject({ file: pendingFile(81), hold: null })
    })

    it.each<[string, Partial<AppendWish>]>([
      ['more than fit into as many parts', { byteSize: 5_000_001 * partCountMaxOfUnknown + 1 }],
      ['fewer bytes than have come', { offset: 9, byteSize: 8 }],
      ['more bytes than the length that it says', { offset: 9, byteSize: 10, end: 11 }],
    ])('takes no length of %s', async (_, more) => {
      await beginAppend(appendOf(null))
      await env.DB.prepare('UPDATE uploads SET received_bytes = ?1')
        .bind(more.offset ?? 0)
        .run()
      expect(await appends.take(owned, wishOf(first, more), now)).toMatchObject({
        file: { upload: { byteSize: null } },
        hold: null,
      })
      expect(await usage()).toEqual({ reserved_bytes: 0, pending_uploads: 1 })
    })

    it('has the length from then on, and its bytes reserved', async () => {
      await beginAppend(appendOf(null))
      const most = 5_000_001 * partCountMaxOfUnknown
      await env.DB.prepare('UPDATE organizations SET quota_bytes = NULL').run()
      const found = await appends.take(owned, wishOf(first, { byteSize: most, end: most }), now)
      expect(found).toMatchObject({ file: pendingFile(most), hold: first })
      expect(await usage()).toEqual({ reserved_bytes: most, pending_uploads: 1 })
    })

    it('reserves nothing beyond the quota, and leaves the upload as it was', async () => {
      await beginAppend(appendOf(null))
      await expect(appends.take(owned, wishOf(first, { byteSize: 1_000_001 }), now)).rejects.toEqual(
        code('quota_exceeded'),
      )
      expect(await appends.find(owned)).toMatchObject({ file: pendingFile(null), hold: null })
      expect(await usage()).toEqual({ reserved_bytes: 0, pending_uploads: 1 })
    })

    it('leaves it with the request that has it, until that has fallen silent', async () => {
      await beginAppend(appendOf(81, { hold: first }))
      expect(await appends.take(owned, wishOf(second), first.until - 1)).toMatchObject({ hold: first })
      expect(await appends.take(owned, wishOf(second), first.until)).toMatchObject({
        hold: second,
        ledger: { partsSkipped: 1 },
      })
    })

    it('skips no part after a request that has let go of it', async () => {
      await beginAppend(appendOf(81, { hold: first }))
      await appends.release(file, first.token, false)
      expect(await appends.take(owned, wishOf(second), now)).toMatchObject({
        hold: second,
        ledger: { partsSkipped: 0 },
      })
    })

    it('names the file with its first bytes, and not after them', async () => {
      await beginAppend(appendOf())
      const named = (hold: Hold, offset: number, filename: string) =>
        appends.take(owned, wishOf(hold, { offset, filename }), now)
      expect(await named(first, 1, 'of another offset')).toMatchObject({ file: { filename: 'the name 1' } })
      expect(await named(first, 0, 'its name')).toMatchObject({ file: { filename: 'its name' } })
      expect(await named(second, 0, 'of another request')).toMatchObject({ file: { filename: 'its name' } })
      await appends.commit(file, first.token, stepOf(0, 5))
      expect(await named(second, 5, 'too late')).toMatchObject({
        file: { filename: 'its name' },
        hold: second,
      })
    })

    it('takes one that has expired if all its bytes are there', async () => {
      await beginAppend(appendOf())
      await env.DB.prepare('UPDATE uploads SET received_bytes = 81').run()
      const late = uploadsOf.append(1).expiresAt + 1_000_000
      expect(await appends.take(owned, wishOf(first, { offset: 81, end: 81 }), late)).toMatchObject({
        hold: first,
      })
    })

    it('takes none whose multipart upload the store has not begun, if it takes one', async () => {
      const large = 5_000_002
      await env.DB.prepare('UPDATE organizations SET quota_bytes = NULL').run()
      for (const byteSize of [null, large]) {
        await begin(appendOf(byteSize))
        expect(await appends.take(owned, wishOf(first), now)).toMatchObject({ hold: null })
        await repositories.uploads.noteMultipart(file, 'the id')
        expect(await appends.take(owned, wishOf(first), now)).toMatchObject({ hold: first })
        await repositories.files.delete(acme, file.id, now)
      }
      await begin(appendOf(large - 1))
      expect(await appends.take(owned, wishOf(first), now)).toMatchObject({ hold: first })
    })

    it('takes none that has expired, that is over, or whose bytes come another way', async () => {
      await beginAppend(appendOf())
      const { expiresAt } = uploadsOf.append(1)
      expect(await appends.take(owned, wishOf(first), expiresAt)).toMatchObject({ hold: null })
      expect(await appends.take(owned, wishOf(first), expiresAt - 1)).toMatchObject({ hold: first })
      const reason = { code: 'aborted' } as const
      await repositories.uploads.abandon([file], { status: 'failed', reason }, now)
      expect(await appends.take(owned, wishOf(second), now)).toMatchObject({
        file: { status: 'failed' },
        ledger: null,
        hold: null,
      })
      await begin(intentOf(2, 'multipart'))
      const another = { ...owned, id: seededId(2) as FileId }
      expect(await appends.take(another, wishOf(first), now)).toMatchObject({ ledger: null, hold: null })
    })

    it('takes none of another organization', async () => {
      await beginAppend(appendOf())
      expect(await appends.take({ ...owned, organizationId: other }, wishOf(first), now)).toBeNull()
      expect(await appends.find(owned)).toMatchObject({ hold: null })
    })
  })

  describe('takeOver', () => {
    it('takes the upload from the request that has it, which keeps nothing more', async () => {
      await beginAppend(appendOf(81, { hold: first }))
      await appends.commit(file, first.token, stepOf(0, 5, { until: 6150 }))
      expect(await appends.takeOver(owned)).toMatchObject({
        file: pendingFile(81, 5),
        ledger: { partsSkipped: 1 },
        hold: null,
      })
      expect(await appends.commit(file, first.token, stepOf(5, 9))).toBe(false)
      expect(await appends.prolong(file, first, 0)).toBe(false)
      await appends.release(file, first.token, true)
      expect(await appends.find(owned)).toMatchObject({
        file: pendingFile(81, 5),
        ledger: { partsSkipped: 1 },
        hold: null,
      })
    })

    it('changes nothing where no request has it', async () => {
      await beginAppend(appendOf())
      expect(await appends.takeOver(owned)).toEqual({
        file: pendingFile(81),
        statement: null,
        ledger: { pieces: [], partsSkipped: 0 },
        hold: null,
      })
    })

    it('takes none of another organization', async () => {
      await beginAppend(appendOf(81, { hold: first }))
      expect(await appends.takeOver({ ...owned, organizationId: other })).toBeNull()
      expect(await appends.find(owned)).toMatchObject({ hold: first })
    })
  })

  describe('commit', () => {
    it('moves the offset, and keeps parts and pieces', async () => {
      await beginAppend(appendOf(81, { hold: first }))
      const pieces = [{ from: 10, to: 12, token: first.token }]
      const step = stepOf(0, 12, { parts: [partOf(2), partOf(1)], pieces, until: 6150 })
      expect(await appends.commit(file, first.token, step)).toBe(true)
      expect(await appends.parts(file)).toEqual([
        { partNumber: 1, etag: 'etag 1' },
        { partNumber: 2, etag: 'etag 2' },
      ])
      expect(await row('received_bytes, append_until, pieces')).toEqual({
        received_bytes: 12,
        append_until: 6150,
        pieces: JSON.stringify([`10-12-${first.token}`]),
      })
      expect(await appends.commit(file, first.token, stepOf(12, 20, { parts: [partOf(3)] }))).toBe(true)
      expect(await appends.find(owned)).toMatchObject({
        file: pendingFile(81, 20),
        ledger: { pieces: [], partsSkipped: 0 },
        hold: null,
      })
      expect(await appends.parts(file)).toHaveLength(3)
    })

    it.each<[string, string, AppendStep]>([
      ['another request', second.token, stepOf(0, 5, { parts: [partOf(1)] })],
      ['another offset', first.token, stepOf(1, 5, { parts: [partOf(1)] })],
    ])('keeps nothing of %s', async (_, by, step) => {
      await beginAppend(appendOf(81, { hold: first }))
      expect(await appends.commit(file, by, step)).toBe(false)
      expect(await appends.parts(file)).toEqual([])
      expect(await appends.find(owned)).toMatchObject({ file: pendingFile(81), hold: first })
    })

    it('keeps nothing of an upload that is over, or of another organization', async () => {
      await beginAppend(appendOf(81, { hold: first }))
      const step = stepOf(0, 5, { parts: [partOf(1)] })
      expect(await appends.commit({ ...file, organizationId: other }, first.token, step)).toBe(false)
      await repositories.files.delete(acme, file.id, now)
      expect(await appends.commit(file, first.token, step)).toBe(false)
      expect(await rows('SELECT * FROM upload_parts')).toEqual([])
    })

    it('goes no further than the length', async () => {
      await beginAppend(appendOf(81, { hold: first }))
      const step = stepOf(0, 82, { parts: [partOf(1)] })
      await expect(appends.commit(file, first.token, step)).rejects.toEqual(code('database_failed'))
      expect(await appends.parts(file)).toEqual([])
    })

    it('reserves bytes of unknown length as they come, and has the length at their end', async () => {
      await beginAppend(appendOf(null, { hold: first }))
      await appends.commit(file, first.token, stepOf(0, 30, { until: 6150 }))
      expect(await row('byte_size, reserved_bytes')).toEqual({ byte_size: null, reserved_bytes: 30 })
      expect(await usage()).toEqual({ reserved_bytes: 30, pending_uploads: 1 })
      const ended = await appends.commit(file, first.token, stepOf(30, 50, { isEnd: true, until: 6150 }))
      expect(ended).toBe(true)
      expect(await row('byte_size, reserved_bytes')).toEqual({ byte_size: 50, reserved_bytes: 50 })
      expect(await usage()).toEqual({ reserved_bytes: 50, pending_uploads: 1 })
      // Nothing more came: the end is all that the step says.
      expect(await appends.commit(file, first.token, stepOf(50, 50, { isEnd: true }))).toBe(true)
    })

    it('keeps nothing beyond the quota', async () => {
      await beginAppend(appendOf(null, { hold: first }))
      await appends.commit(file, first.token, stepOf(0, 30, { until: 6150 }))
      const step = stepOf(30, 1_000_001, { parts: [partOf(1)] })
      await expect(appends.commit(file, first.token, step)).rejects.toEqual(code('quota_exceeded'))
      expect(await appends.find(owned)).toMatchObject({ file: pendingFile(null, 30) })
      expect(await appends.parts(file)).toEqual([])
      expect(await usage()).toEqual({ reserved_bytes: 30, pending_uploads: 1 })
    })
  })

  describe('numbers of parts that are left out', () => {
    it('are as many as the request says with each step, and one more when it is overtaken', async () => {
      await beginAppend(appendOf(81, { hold: first }))
      const skipped = async () => (await appends.find(owned))?.ledger?.partsSkipped
      await appends.prolong(file, first, 4)
      expect(await skipped()).toBe(4)
      await appends.prolong(file, second, 9)
      expect(await skipped()).toBe(4)
      await appends.commit(file, first.token, stepOf(0, 5, { partsSkipped: 2, until: 6150 }))
      expect(await skipped()).toBe(2)
      await appends.takeOver(owned)
      expect(await skipped()).toBe(3)
    })
  })

  describe('prolong and release', () => {
    it('prolong the time of the request that has it, and of no other', async () => {
      await beginAppend(appendOf(81, { hold: first }))
      expect(await appends.prolong(file, { ...first, until: 6300 }, 0)).toBe(true)
      expect(await appends.prolong(file, { ...second, until: 6400 }, 0)).toBe(false)
      expect(await appends.prolong({ ...file, organizationId: other }, { ...first, until: 6500 }, 0)).toBe(
        false,
      )
      expect(await appends.find(owned)).toMatchObject({ hold: { ...first, until: 6300 } })
    })

    it.each([
      [true, 1],
      [false, 0],
    ])('let go of it; that it may have left a part (%s) is counted once', async (skipsPart, partsSkipped) => {
      await beginAppend(appendOf(81, { hold: first }))
      await appends.release(file, second.token, true)
      await appends.release({ ...file, organizationId: other }, first.token, true)
      expect(await appends.find(owned)).toMatchObject({ hold: first, ledger: { partsSkipped: 0 } })
      await appends.release(file, first.token, skipsPart)
      expect(await appends.find(owned)).toMatchObject({ hold: null, ledger: { partsSkipped } })
      expect(await appends.prolong(file, first, 0)).toBe(false)
    })
  })

  describe('under a grant', () => {
    const grant: Grant = {
      id: grantId,
      organizationId: acme,
      maxBytes: 100,
      maxFiles: 2,
      contentTypes: null,
      metadata: {},
      origins: null,
      expiresAt: 9000,
    }
    const granted = { ...file, grantId }
    const use = () => row('files_used, bytes_used, uploads_begun', ofGrant)
    const beginGranted = (byteSize: number | null) =>
      beginAppend(appendOf(byteSize, { grant, takes: { exactly: byteSize ?? 0 }, hold: first }))

    it('is its own only: neither another grant nor a file without one', async () => {
      await beginGranted(81)
      await begin(intentOf(2, 'append'))
      const others = [
        { ...granted, grantId: seededId(91) as GrantId },
        { ...granted, id: seededId(2) as FileId },
      ]
      for (const one of others) {
        expect(await appends.find(one)).toBeNull()
        expect(await appends.take(one, wishOf(second), first.until)).toBeNull()
        expect(await appends.takeOver(one)).toBeNull()
      }
      expect(await rows('SELECT append_token, parts_skipped FROM uploads ORDER BY file_id')).toEqual([
        { append_token: first.token, parts_skipped: 0 },
        { append_token: null, parts_skipped: 0 },
      ])
      expect(await appends.takeOver(granted)).toMatchObject({ hold: null })
      expect(await appends.take(granted, wishOf(second), now)).toMatchObject({ hold: second })
      expect(await appends.find(granted)).toMatchObject({ hold: second })
    })

    it('takes of it what was said, or what has come', async () => {
      await beginGranted(null)
      expect(await use()).toEqual({ files_used: 1, bytes_used: 0, uploads_begun: 1 })
      await appends.commit(file, first.token, stepOf(0, 30))
      expect(await use()).toEqual({ files_used: 1, bytes_used: 30, uploads_begun: 1 })
      await appends.take(granted, wishOf(second, { offset: 30, byteSize: 100 }), now)
      expect(await use()).toEqual({ files_used: 1, bytes_used: 100, uploads_begun: 1 })
      expect(await usage()).toEqual({ reserved_bytes: 100, pending_uploads: 1 })
      await repositories.uploads.abandon([file], null, now)
      expect(await use()).toEqual({ files_used: 0, bytes_used: 0, uploads_begun: 1 })
    })

    it('takes no more of it than there is', async () => {
      await beginGranted(null)
      await expect(appends.commit(file, first.token, stepOf(0, 101))).rejects.toEqual(code('grant_too_large'))
      await appends.release(file, first.token, false)
      await expect(appends.take(granted, wishOf(second, { byteSize: 101 }), now)).rejects.toEqual(
        code('grant_too_large'),
      )
      expect(await use()).toEqual({ files_used: 1, bytes_used: 0, uploads_begun: 1 })
      expect(await usage()).toEqual({ reserved_bytes: 0, pending_uploads: 1 })
      expect(await appends.find(granted)).toMatchObject({ file: pendingFile(null), hold: null })
    })

    it('is none where the file was made without: nothing is taken of any', async () => {
      await beginAppend(appendOf(null, { hold: first }))
      await appends.commit(file, first.token, stepOf(0, 30))
      expect(await row('granted_bytes')).toEqual({ granted_bytes: null })
      expect(await rows('SELECT * FROM grants')).toEqual([])
    })
  })

  describe('the end of an upload', () => {
    it.each<[string, (intent: NewUploadIntent) => Promise<unknown>]>([
      [
        'settled',
        (intent) =>
          repositories.uploads.settle(
            intent,
            { byteSize: 12, sha256: null, etag: 'e', sourceEtag: null },
            now,
          ),
      ],
      [
        'abandoned',
        ({ file: { id } }) => repositories.uploads.abandon([{ organizationId: acme, id }], null, now),
      ],
      ['deleted', ({ file: { id } }) => repositories.files.delete(acme, id, now)],
    ])('takes its parts with it, and no others: %s', async (_, end) => {
      for (const index of [1, 2]) {
        const intent = { ...intentOf(index, 'append'), hold: first }
        await begin(intent)
        const step = stepOf(0, 12, { parts: [partOf(1), partOf(2)] })
        await appends.commit({ organizationId: acme, id: intent.file.id }, first.token, step)
      }
      await end(intentOf(1, 'append'))
      expect(await appends.parts(file)).toEqual([])
      expect(await appends.parts({ ...file, id: seededId(2) as FileId })).toHaveLength(2)
      expect((await usage())?.reserved_bytes).toBe(82)
    })
  })
})
