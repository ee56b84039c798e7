import { env } from 'cloudflare:workers'
import { expect } from 'vitest'
import { rows } from './worker'

/** What is in the bucket, and which of its multipart uploads are neither completed nor aborted. */
export type StoreView = { openMultiparts(): { key: string; id: string }[] }

/**
 * What must hold always, read from D1 and the bucket themselves: a ready file has its bytes, no content is without a
 * file, an organization's usage is the sum of what it has, and so is the use of a grant, and no term is of a file that is gone.
 * `swept`: a sweep past the grace period has run, so nothing may be left over either. `over`: and all that was
 * promised has expired so long ago that nothing is waited for any more, nor remembered.
 */
export async function expectInvariants(options: { swept: boolean; over?: StoreView }): Promise<void> {
  const objects = await storedObjects()
  const contents = await rows<{ object_key: string; etag: string; byte_size: number }>(
    `SELECT c.object_key, c.etag, c.byte_size FROM files f JOIN contents c ON c.id = f.content_id
     WHERE f.status = 'ready'`,
  )
  for (const { object_key, etag, byte_size } of contents)
    expect(objects.get(object_key), `bytes of ${object_key}`).toEqual({ etag, size: byte_size })

  const [orphanedContents] = await rows(
    'SELECT count(*) AS n FROM contents WHERE id NOT IN (SELECT content_id FROM files WHERE content_id IS NOT NULL)',
  )
  expect(orphanedContents, 'contents without a file').toEqual({ n: 0 })

  const usage = await rows(
    `SELECT id, used_bytes, reserved_bytes, pending_uploads, file_count,
       coalesce((SELECT sum(byte_size) FROM contents WHERE organization_id = o.id), 0) AS used,
       coalesce((SELECT sum(reserved_bytes) FROM uploads
         WHERE organization_id = o.id), 0) AS reserved,
       (SELECT count(*) FROM uploads WHERE organization_id = o.id) AS pending,
       (SELECT count(*) FROM files WHERE organization_id = o.id) AS files
     FROM organizations o`,
  )
  for (const organization of usage)
    expect(organization, 'usage').toMatchObject({
      used_bytes: organization.used,
      reserved_bytes: organization.reserved,
      pending_uploads: organization.pending,
      file_count: organization.files,
    })

  const shares = await rows(
    `SELECT hex(id) AS id, files_used, bytes_used,
       (SELECT count(*) FROM files f WHERE f.grant_id = g.id AND f.status IN ('uploading', 'ready')) AS files,
       coalesce((SELECT sum(u.granted_bytes) FROM files f JOIN uploads u ON u.file_id = f.id WHERE f.grant_id = g.id), 0)
         + coalesce((SELECT sum(c.byte_size) FROM files f JOIN contents c ON c.id = f.content_id WHERE f.grant_id = g.id), 0)
         AS bytes
     FROM grants g`,
  )
  for (const grant of shares)
    expect(grant, 'use of a grant').toMatchObject({ files_used: grant.files, bytes_used: grant.bytes })

  const appended = await rows<AppendedRow>(
    `SELECT u.organization_id, f.uuid, u.received_bytes, u.byte_size, u.part_bytes, u.multipart_id,
       coalesce(u.pieces, '[]') AS pieces,
       (SELECT count(*) FROM upload_parts p WHERE p.organization_id = u.organization_id AND p.file_id = u.file_id) AS parts
     FROM uploads u JOIN files f ON f.id = u.file_id WHERE u.method = 'append'`,
  )
  for (const upload of appended) expectKept(upload, objects)

  const [strayParts] = await rows(
    'SELECT count(*) AS n FROM upload_parts p WHERE NOT EXISTS (SELECT 1 FROM uploads WHERE file_id = p.file_id)',
  )
  expect(strayParts, 'parts of uploads that are over').toEqual({ n: 0 })

  const [strayTerms] = await rows(
    `SELECT count(*) AS n FROM metadata_terms t WHERE NOT EXISTS (
       SELECT 1 FROM files f WHERE f.id = t.file_id AND f.content_id IS NOT NULL
         AND EXISTS (SELECT 1 FROM json_each(f.terms) WHERE value = t.term))`,
  )
  expect(strayTerms, 'terms of files that are not there').toEqual({ n: 0 })

  if (!options.swept) return
  const wanted = new Set(
    (
      await rows<{ object_key: string }>(
        'SELECT object_key FROM contents UNION SELECT object_key FROM uploads',
      )
    ).map((row) => row.object_key),
  )
  for (const upload of appended) for (const key of piecesAwaited(upload, objects)) wanted.add(key)
  const orphans = [...objects.keys()].filter((key) => !wanted.has(key))
  expect(orphans, 'objects that no row refers to').toEqual([])

  if (!options.over) return
  expect(options.over.openMultiparts(), 'multipart uploads that no row or sweep will end').toEqual([])
  for (const [table, columns] of [
    ['uploads', 'organization_id, hex(file_id), method'],
    ['object_deletions', 'object_key, multipart_id'],
    ['idempotency_records', 'organization_id, idempotency_key'],
  ])
    expect(
      await rows(`SELECT ${columns} FROM ${table}`),
      `${table} that a sweep should have removed`,
    ).toEqual([])
  const uploading = await rows("SELECT organization_id, uuid FROM files WHERE status = 'uploading'")
  expect(uploading, 'files without an upload').toEqual([])
}

type AppendedRow = {
  organization_id: string
  uuid: string
  received_bytes: number
  byte_size: number | null
  part_bytes: number
  multipart_id: string | null
  pieces: string
  parts: number
}

const folderOf = (upload: AppendedRow) => `_incoming/${upload.organization_id}/${upload.uuid}/pieces/`

/** What an upload says that it has received is in parts that were recorded, and in pieces that are there. */
function expectKept(upload: AppendedRow, objects: ReadonlyMap<string, { size: number }>): void {
  const { received_bytes: received, part_bytes: partBytes, parts } = upload
  let at = upload.multipart_id === null ? 0 : Math.min(parts * partBytes, received)
  for (const name of JSON.parse(upload.pieces) as string[]) {
    const [from, to] = name.split('-').map(Number)
    expect(from, `where ${name} begins`).toBe(at)
    expect(objects.get(folderOf(upload) + name)?.size, `bytes of ${name}`).toBe(Number(to) - at)
    at = Number(to)
  }
  expect(at, `bytes that ${upload.uuid} has received`).toBe(received)
}

/** The pieces that the upload has, and those that a request may be about to record. */
function piecesAwaited(upload: AppendedRow, objects: ReadonlyMap<string, unknown>): string[] {
  const recorded = JSON.parse(upload.pieces) as string[]
  return [...objects.keys()].filter((key) => {
    if (!key.startsWith(folderOf(upload))) return false
    const name = key.slice(folderOf(upload).length)
    return recorded.includes(name) || Number(name.split('-')[1]) > upload.received_bytes
  })
}

async function storedObjects(): Promise<Map<string, { etag: string; size: number }>> {
  const objects = new Map<string, { etag: string; size: number }>()
  for (let cursor: string | undefined; ; ) {
    const page = await env.BUCKET.list(cursor === undefined ? {} : { cursor })
    for (const { key, etag, size } of page.objects) objects.set(key, { etag, size })
    if (!page.truncated) return objects
    cursor = page.cursor
  }
}
