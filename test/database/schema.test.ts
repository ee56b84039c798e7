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
    const references = await rows<{ table: string; from: string }>('PRAGMA foreign_key_list(files)')
    expect(references).toContainEqual(expect.objectContaining({ table: 'contents', from: 'content_id' }))
    // SQLite looks a reference up when a row is deleted: one to nothing fails.
    await env.DB.batch(
      ['files', 'contents', 'uploads', 'api_keys', 'associations', 'idempotency_records'].map((table) =>
        env.DB.prepare(`DELETE FROM ${table}`),
      ),
    )
    expect(await rows('PRAGMA foreign_key_check')).toEqual([])
  })

  it('has usage follow its rows, whatever statement changes them', async () => {
    const usage = async () =>
      (await rows('SELECT used_bytes, reserved_bytes, pending_uploads, file_count FROM organizations'))[0]
    await env.DB.batch([
      env.DB.prepare(
        `INSERT INTO files (id, organization_id, filename, content_type, metadata, terms, status, created_at)
         VALUES ('f', 'acme', 'a', 'text/plain', '{}', '[]', 'uploading', 1)`,
      ),
      env.DB.prepare(
        `INSERT INTO uploads (file_id, organization_id, method, state, object_key, content_key, content_type,
           byte_size, reserved_bytes, expires_at, sweep_at)
         VALUES ('f', 'acme', 'presigned_put', 'pending', 'k', 'k', 'text/plain', 6, 6, 9, 9)`,
      ),
    ])
    expect(await usage()).toEqual({ used_bytes: 0, reserved_bytes: 6, pending_uploads: 1, file_count: 1 })
    await env.DB.prepare(
      `INSERT INTO contents (id, organization_id, byte_size, object_key, etag, created_at)
       VALUES ('f', 'acme', 6, 'k', 'e', 1)`,
    ).run()
    expect(await usage()).toEqual({ used_bytes: 6, reserved_bytes: 0, pending_uploads: 1, file_count: 1 })
    await env.DB.prepare("UPDATE uploads SET state = 'settled'").run()
    expect(await usage()).toEqual({ used_bytes: 6, reserved_bytes: 0, pending_uploads: 0, file_count: 1 })
    await env.DB.prepare('DELETE FROM files').run()
    await env.DB.prepare('DELETE FROM contents').run()
    expect(await usage()).toEqual({ used_bytes: 0, reserved_bytes: 0, pending_uploads: 0, file_count: 0 })
  })
})
