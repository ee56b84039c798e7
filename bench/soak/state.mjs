import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/**
 * What the stopped gateway in `folder` left in its local D1 and R2: the rows that the invariants are about, every object
 * of the bucket, and the multipart uploads that are still open.
 */
export async function readState(folder) {
  const { getPlatformProxy } = await import('wrangler')
  const kept = join(folder, '.wrangler', 'state', 'v3')
  const { env, dispose } = await getPlatformProxy({
    configPath: join(folder, 'wrangler.toml'),
    persist: { path: kept },
  })
  try {
    const rows = async (sql) => (await env.DB.prepare(sql).all()).results
    return {
      files: await rows(
        'SELECT uuid AS id, organization_id, status, hex(content_id) AS content_id, hex(grant_id) AS grant_id, metadata FROM files',
      ),
      contents: await rows(
        'SELECT hex(id) AS id, organization_id, object_key, byte_size, etag FROM contents',
      ),
      uploads: await rows(
        `SELECT u.organization_id, f.uuid AS id, u.method, u.object_key, u.content_key, u.reserved_bytes, u.granted_bytes,
           u.multipart_id, u.promoting_etag, u.received_bytes, u.part_bytes, u.pieces,
           (SELECT count(*) FROM upload_parts p
            WHERE p.organization_id = u.organization_id AND p.file_id = u.file_id) AS part_count
         FROM uploads u JOIN files f ON f.organization_id = u.organization_id AND f.id = u.file_id`,
      ),
      strayParts: await rows(
        `SELECT hex(file_id) AS file_id, part_number FROM upload_parts p WHERE NOT EXISTS (
           SELECT 1 FROM uploads u WHERE u.organization_id = p.organization_id AND u.file_id = p.file_id)`,
      ),
      grants: await rows('SELECT hex(id) AS id, files_used, bytes_used FROM grants'),
      deletions: await rows('SELECT object_key, multipart_id FROM object_deletions'),
      organizations: await rows('SELECT id, used_bytes, reserved_bytes, pending_uploads FROM organizations'),
      claims: await rows(
        'SELECT idempotency_key, subject_id, reply IS NULL AS is_open FROM idempotency_records',
      ),
      objects: await everyObject(env.BUCKET),
      openMultiparts: await openMultiparts(kept),
    }
  } finally {
    await dispose()
  }
}

async function everyObject(bucket) {
  const objects = []
  for (let cursor; ; ) {
    const page = await bucket.list({ cursor })
    objects.push(...page.objects.map(({ key, size, etag }) => ({ key, size, etag })))
    if (!page.truncated) return objects
    cursor = page.cursor
  }
}

/** R2's API does not list them, so Miniflare's own table is read: state 0 is neither completed nor aborted. */
async function openMultiparts(kept) {
  const { DatabaseSync } = await import('node:sqlite')
  const folder = join(kept, 'r2', 'miniflare-R2BucketObject')
  return readdirSync(folder)
    .filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name))
    .flatMap((name) => {
      const database = new DatabaseSync(join(folder, name), { readOnly: true })
      try {
        return database
          .prepare('SELECT upload_id AS id, key FROM _mf_multipart_uploads WHERE state = 0')
          .all()
          .map(({ id, key }) => ({ id, key }))
      } finally {
        database.close()
      }
    })
}
