import { env } from 'cloudflare:workers'
import { termsOf } from '../../src/core/files/metadata'
import type { OrganizationId } from '../../src/core/ids'

/** Files of the organization `acme`, written by SQL: by the API, tens of thousands would take too long. */

/** The id of file `index`, older ones first. */
export function seededId(index: number): string {
  return `01900000-0000-7000-8000-${index.toString(16).padStart(12, '0')}`
}

const id = `unhex(printf('01900000-0000-7000-8000-%012x', i), '-')`
const series = (count: number, from = 1) =>
  `WITH RECURSIVE n (i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${from + count - 1})`

/** `count` ready files, numbered from `from` on, which share one content. */
export async function seedFiles(count: number, from = 1): Promise<void> {
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO contents (id, organization_id, byte_size, extension, etag)
       VALUES (zeroblob(16), 'acme', 0, '', 'etag') ON CONFLICT DO NOTHING`,
    ),
    env.DB.prepare(
      `${series(count, from)} INSERT INTO files (id, organization_id, filename, content_type, metadata, terms, status,
         created_at)
       SELECT ${id}, 'acme', 'f', 'text/plain', '{}', '[]', 'uploading', 0 FROM n`,
    ),
    env.DB.prepare(
      `${series(count, from)} UPDATE files SET status = 'ready', content_id = zeroblob(16) FROM n
       WHERE organization_id = 'acme' AND id = ${id}`,
    ),
    // Which their uploads would have done.
    env.DB.prepare(
      'UPDATE organizations SET file_count = (SELECT count(*) FROM files WHERE organization_id = organizations.id)',
    ),
  ])
}

/** Says of the files 1 to `count` for which `condition` on their number `i` holds that `field` is 1. */
export async function seedTerm(count: number, field: string, condition: string): Promise<void> {
  const [term] = await termsOf('acme' as OrganizationId, { [field]: 1 })
  await env.DB.prepare(
    `${series(count)} INSERT INTO metadata_terms (term, file_id) SELECT ?1, ${id} FROM n WHERE ${condition}`,
  )
    .bind(term)
    .run()
}

/** Ties the files from `from` on, `count` of them, to `each` resources of `type`. */
export async function seedAssociations(
  type: string,
  files: { count: number; from: number },
  each: number,
): Promise<void> {
  await env.DB.prepare(
    `${series(files.count, files.from)} INSERT INTO associations (organization_id, resource_type, resource_id, file_id,
       created_at)
     SELECT 'acme', ?1, 'r' || r.value, ${id}, r.value FROM n, json_each(?2) r`,
  )
    .bind(type, JSON.stringify(Array.from({ length: each }, (_, index) => index)))
    .run()
}
