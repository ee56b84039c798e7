import { env } from 'cloudflare:workers'
import { expect } from 'vitest'
import { rows } from './worker'

/**
 * What must hold always (core.md, "What must hold, always"), read from D1 and the bucket themselves.
 * `swept`: a sweep past the grace period has run, so nothing may be left over either.
 */
export async function expectInvariants(options: { swept: boolean }): Promise<void> {
  const contents = await rows<{ object_key: string; etag: string; byte_size: number }>(
    `SELECT c.object_key, c.etag, c.byte_size FROM files f JOIN contents c ON c.id = f.content_id
     WHERE f.status IN ('uploaded', 'processing', 'ready')`,
  )
  for (const content of contents) {
    const object = await env.BUCKET.head(content.object_key)
    expect(object, `bytes of ${content.object_key}`).not.toBeNull()
    expect({ etag: object?.etag, size: object?.size }).toEqual({
      etag: content.etag,
      size: content.byte_size,
    })
  }

  const [orphanedContents] = await rows(
    'SELECT count(*) AS n FROM contents WHERE id NOT IN (SELECT content_id FROM files WHERE content_id IS NOT NULL)',
  )
  expect(orphanedContents, 'contents without a file').toEqual({ n: 0 })

  const usage = await rows(
    `SELECT id, used_bytes, reserved_bytes, pending_uploads,
       coalesce((SELECT sum(byte_size) FROM contents WHERE organization_id = o.id), 0) AS used,
       coalesce((SELECT sum(reserved_bytes) FROM uploads
         WHERE organization_id = o.id AND state = 'pending'), 0) AS reserved,
       (SELECT count(*) FROM uploads WHERE organization_id = o.id AND state = 'pending') AS pending
     FROM organizations o`,
  )
  for (const organization of usage)
    expect(organization, 'usage').toMatchObject({
      used_bytes: organization.used,
      reserved_bytes: organization.reserved,
      pending_uploads: organization.pending,
    })

  if (!options.swept) return
  const wanted = new Set(
    (
      await rows<{ object_key: string }>(
        "SELECT object_key FROM contents UNION SELECT object_key FROM uploads WHERE state = 'pending'",
      )
    ).map((row) => row.object_key),
  )
  const orphans = (await env.BUCKET.list()).objects.map(({ key }) => key).filter((key) => !wanted.has(key))
  expect(orphans, 'objects that no row refers to').toEqual([])
}
