import type { NewUploadIntent } from '../core/ports/upload-repository'

/**
 * The row of a file whose upload begins, if `condition` holds: SQL about the parameters after ?9, which are `values`.
 * ?1 is the file, ?2 its organization. Run twice, it makes one.
 */
export function insertFile(
  db: D1Database,
  { file, terms }: Pick<NewUploadIntent, 'file' | 'terms'>,
  condition: string,
  values: readonly unknown[],
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO files (id, organization_id, filename, content_type, metadata, status, created_at, is_public,
         checksum, terms)
       SELECT ?1, ?2, ?3, ?4, ?5, 'uploading', ?6, ?7, ?8, ?9 WHERE ${condition}
       ON CONFLICT (id) DO NOTHING`,
    )
    .bind(
      file.id,
      file.organizationId,
      file.filename,
      file.contentType,
      JSON.stringify(file.metadata),
      file.createdAt,
      file.isPublic ? 1 : 0,
      file.checksum,
      JSON.stringify(terms),
      ...values,
    )
}
