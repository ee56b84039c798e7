import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { rows } from '../support/worker'

describe('the schema', () => {
  beforeEach(async () => {
    await env.DB.prepare(
      "INSERT INTO organizations (id, name, created_at, pending_uploads_max) VALUES ('acme', 'a', 1, 9)",
    ).run()
  })

  it('refers to tables and columns that are there', async () => {
    const references = await rows<{ table: string; from: string }>('PRAGMA foreign_key_list(associations)')
    expect(references).toContainEqual(expect.objectContaining({ table: 'files', from: 'file_id', to: 'id' }))
    // SQLite looks a reference up when a row is deleted: one to nothing fails.
    await env.DB.batch(
      ['files', 'contents', 'uploads', 'api_keys', 'associations', 'idempotency_records'].map((table) =>
        env.DB.prepare(`DELETE FROM ${table}`),
      ),
    )
    expect(await rows('PRAGMA foreign_key_check')).toEqual([])
  })

  const usage = async () =>
    (await rows('SELECT used_bytes, reserved_bytes, pending_uploads, file_count FROM organizations'))[0]

  /** File `digit` with its pending upload of 6 bytes. */
  const begin = async (digit: number) => {
    const id = `x'${String(digit).repeat(32)}'`
    await env.DB.batch([
      env.DB.prepare(
        `INSERT INTO files (organization_id, id, filename, content_type, metadata, terms, status, created_at)
         VALUES ('acme', ${id}, 'a', 'text/plain', '{}', '["${'t'.repeat(16)}"]', 'uploading', 1)`,
      ),
      env.DB.prepare(
        `INSERT INTO uploads (organization_id, file_id, method, object_key, content_key, content_type, byte_size,
           reserved_bytes, expires_at, sweep_at)
         VALUES ('acme', ${id}, 'presigned_put', 'k', 'k', 'text/plain', 6, 6, 9, 9)`,
      ),
    ])
    return id
  }

  /** Ends the upload of file `id` with the content `contentId`, which it brings itself unless told otherwise. */
  const settle = (id: string, contentId = id) =>
    env.DB.batch([
      env.DB.prepare(
        `INSERT INTO contents (organization_id, id, byte_size, extension, etag)
         VALUES ('acme', ${contentId}, 6, '', 'e') ON CONFLICT DO NOTHING`,
      ),
      env.DB.prepare(`UPDATE files SET status = 'ready', content_id = ${contentId} WHERE id = ${id}`),
      env.DB.prepare(`INSERT INTO metadata_terms VALUES ('${'t'.repeat(16)}', ${id})`),
      env.DB.prepare(`DELETE FROM uploads WHERE file_id = ${id}`),
    ])

  const ready = { used_bytes: 6, reserved_bytes: 0, pending_uploads: 0, file_count: 1 }
  const nothing = { used_bytes: 0, reserved_bytes: 0, pending_uploads: 0, file_count: 0 }

  it('has usage follow the life of a file, whatever statement it is of', async () => {
    const id = await begin(1)
    expect(await usage()).toEqual({ used_bytes: 0, reserved_bytes: 6, pending_uploads: 1, file_count: 1 })
    await settle(id)
    expect(await usage()).toEqual(ready)
    await env.DB.prepare('DELETE FROM files').run()
    expect(await usage()).toEqual(nothing)
  })

  it.each(['error', 'failed'])('frees what an upload had reserved that is %s', async (status) => {
    const id = await begin(1)
    await env.DB.prepare(`UPDATE files SET status = '${status}', refusal = '{}' WHERE id = ${id}`).run()
    await env.DB.prepare('DELETE FROM uploads').run()
    expect(await usage()).toEqual({ ...nothing, file_count: 1 })
  })

  it('has a pending upload go with its file', async () => {
    await begin(1)
    await env.DB.prepare('DELETE FROM files').run()
    expect(await usage()).toEqual(nothing)
    expect(await rows('SELECT 1 FROM uploads')).toEqual([])
  })

  it.each([
    ['is deleted', 'DELETE FROM files WHERE id = ', { ...ready, file_count: 0 }],
    [
      'loses its bytes',
      "UPDATE files SET status = 'error', refusal = '{}', content_id = NULL WHERE id = ",
      ready,
    ],
  ])('has a content and the terms go with the last file that has them: it %s', async (_, sql, alone) => {
    const [first, second] = [await begin(1), await begin(2)]
    await settle(first)
    await settle(second, first)
    expect(await usage()).toEqual({ ...ready, file_count: 2 })
    const left = async () => [
      ...(await rows('SELECT hex(id) AS content FROM contents')),
      ...(await rows('SELECT hex(file_id) AS term FROM metadata_terms')),
    ]
    await env.DB.prepare(sql + first).run()
    expect(await left()).toEqual([{ content: '1'.repeat(32) }, { term: '2'.repeat(32) }])
    expect(await usage()).toMatchObject({ used_bytes: 6 })
    await env.DB.prepare(sql + second).run()
    expect(await left()).toEqual([])
    expect(await usage()).toEqual({ ...alone, used_bytes: 0, file_count: alone.file_count === 0 ? 0 : 2 })
  })
})
