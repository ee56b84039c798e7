import type { OfFile } from './file-rows'
import { prepare, type Statement } from './statement'

/** SQL about the metadata index, for the batches of the effects it belongs to. */

/** The terms that were noted of file `f` when it began, as rows. */
const termsOfFile = 'files f CROSS JOIN json_each(f.terms) t'

/** Puts file `:fileId` into the index, if `condition` holds. */
export const insertTerms = <const Condition extends string>(condition: Condition) =>
  `INSERT INTO metadata_terms (term, file_id)
   SELECT t.value, f.id FROM ${termsOfFile}
   WHERE f.id = :fileId AND f.organization_id = :organizationId AND ${condition}` as const

/** Takes a file out of the index. To come before the removal of its row, which says by which terms it is there. */
export function deleteTerms(db: D1Database, of: OfFile): Statement {
  return prepare(
    db,
    `DELETE FROM metadata_terms WHERE file_id = :fileId AND term IN (
       SELECT t.value FROM ${termsOfFile} WHERE f.id = :fileId AND f.organization_id = :organizationId)`,
    of,
  )
}
