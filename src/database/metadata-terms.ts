/**
 * Puts file `:fileId` into the index of metadata, by the terms that were noted when it began, if `condition` holds. A
 * trigger takes it out.
 */
export const insertTerms = <const Condition extends string>(condition: Condition) =>
  `INSERT INTO metadata_terms (term, file_id)
   SELECT t.value, f.id FROM files f CROSS JOIN json_each(f.terms) t
   WHERE f.organization_id = :organizationId AND f.id = unhex(:fileId, '-') AND ${condition}` as const
