import { applyD1Migrations, reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { rows } from '../support/worker'

const fileId = (at: number) => `01900000-0000-7000-8000-00000000000${at}`

it('the migration to contents of files that are public or not keeps all that is there', async () => {
  await reset()
  const before = env.TEST_MIGRATIONS.filter(({ name }) => name < '0007')
  expect(before).toHaveLength(env.TEST_MIGRATIONS.filter(({ name }) => name < '0008').length - 1)
  await applyD1Migrations(env.DB, before)
  const file = (at: number, status: string, contentId: string | null, isPublic: 0 | 1) =>
    env.DB.prepare(
      `INSERT INTO files (id, organization_id, filename, content_type, metadata, status, content_id, created_at,
         is_public) VALUES (?1, 'acme', 'a', 'text/plain', '{}', ?2, ?3, 1, ?4)`,
    ).bind(fileId(at), status, contentId, isPublic)
  const content = (id: string, sha256: string | null) =>
    env.DB.prepare(
      `INSERT INTO contents (id, organization_id, sha256, byte_size, object_key, etag, created_at, watch_until)
       VALUES (?1, 'acme', ?2, 5, 'acme/' || ?1, 'e', 1, 7)`,
    ).bind(id, sha256)
  const hash = 'ab'.repeat(32)
  await env.DB.batch([
    env.DB.prepare(
      "INSERT INTO organizations (id, name, created_at, pending_uploads_max) VALUES ('acme', 'a', 1, 9)",
    ),
    content('private', null),
    content('shared', hash),
    file(1, 'ready', 'private', 0),
    file(2, 'ready', 'shared', 0),
    file(3, 'ready', 'shared', 1),
    file(4, 'uploading', null, 0),
    env.DB.prepare(
      `INSERT INTO uploads (file_id, organization_id, method, state, object_key, content_key, content_type,
         byte_size, reserved_bytes, expires_at, sweep_at)
       VALUES (?1, 'acme', 'presigned_put', 'pending', '_incoming/acme/' || ?1, 'acme/' || ?1, 'text/plain',
         6, 6, 9, 9)`,
    ).bind(fileId(4)),
    env.DB.prepare(
      `INSERT INTO object_deletions (object_key, due_at, watch_until)
       VALUES ('_incoming/acme/late', 3, 4), ('acme/late', 5, 6)`,
    ),
  ])
  for (const id of ['private', 'shared']) await env.BUCKET.put(`acme/${id}`, 'bytes')

  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS)
  expect(
    await rows('SELECT id, is_public, sha256, byte_size, object_key, watch_until FROM contents ORDER BY id'),
  ).toEqual([
    { id: 'private', is_public: 0, sha256: null, byte_size: 5, object_key: 'acme/private', watch_until: 7 },
    // Of both: it counts as public, so that no more private files come to it.
    { id: 'shared', is_public: 1, sha256: hash, byte_size: 5, object_key: 'acme/shared', watch_until: 7 },
  ])
  expect(await rows('SELECT id, content_id FROM files WHERE content_id IS NOT NULL ORDER BY id')).toEqual([
    { id: fileId(1), content_id: 'private' },
    { id: fileId(2), content_id: 'shared' },
    { id: fileId(3), content_id: 'shared' },
  ])
  expect(await rows('SELECT used_bytes, reserved_bytes, pending_uploads FROM organizations')).toEqual([
    { used_bytes: 10, reserved_bytes: 6, pending_uploads: 1 },
  ])
  // What is under _incoming/ is found by listing.
  expect(await rows('SELECT object_key, due_at, watch_until FROM object_deletions')).toEqual([
    { object_key: 'acme/late', due_at: 5, watch_until: 6 },
  ])
  const references = await rows<{ table: string; from: string }>('PRAGMA foreign_key_list(files)')
  expect(references).toContainEqual(expect.objectContaining({ table: 'contents', from: 'content_id' }))
  await env.DB.prepare('DELETE FROM uploads').run()
  expect(await rows('SELECT reserved_bytes, pending_uploads FROM organizations')).toEqual([
    { reserved_bytes: 0, pending_uploads: 0 },
  ])
  expect(await rows('PRAGMA foreign_key_check')).toEqual([])
})
