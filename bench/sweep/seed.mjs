const step = 10_000

/**
 * Writes `count` overdue uploads of two days ago, so that what they leave is no longer watched. Of these a fifth `died` in
 * the Worker, one in fifty has `arrived`, and the others never came.
 */
export async function seedOverdue(database, bucket, count) {
  const endedAt = Date.now() - 2 * 86_400_000
  const uuid = "printf('01900000-0000-7000-8000-%012x', i)"
  const id = `unhex(${uuid}, '-')`
  for (let from = 0; from < count; from += step) {
    const series = `WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${Math.min(from + step, count) - 1})`
    await database.batch([
      database.prepare('UPDATE organizations SET pending_uploads_max = 10000000'),
      database.prepare(
        `${series} INSERT INTO files (organization_id, id, filename, content_type, metadata, terms, status, created_at)
         SELECT 'acme', ${id}, 'a.txt', 'text/plain', '{}', '[]', 'uploading', ${endedAt} FROM n`,
      ),
      database.prepare(
        `${series} INSERT INTO uploads (organization_id, file_id, method, object_key, content_key,
           content_type, byte_size, reserved_bytes, expires_at, sweep_at)
         SELECT 'acme', ${id}, iif(i % 5 = 0, 'edge', 'presigned_put'),
           iif(i % 5 = 0, 'acme/' || ${uuid} || '.txt', '_incoming/acme/' || ${uuid}), 'acme/' || ${uuid} || '.txt',
           'text/plain', 5, 5, ${endedAt} + i, ${endedAt} + i FROM n`,
      ),
    ])
  }
  for (let index = 1; index < count; index += 50) {
    const key = `_incoming/acme/01900000-0000-7000-8000-${index.toString(16).padStart(12, '0')}`
    await bucket.put(key, 'bytes', { httpMetadata: { contentType: 'text/plain' } })
  }
  return { arrived: Math.floor(count / 50), died: Math.floor(count / 5) }
}
