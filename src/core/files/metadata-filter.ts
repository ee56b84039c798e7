import { failField } from '../errors'
import { isRepresentable, isScalar, type Json, type MetadataTerm, termsOf } from './metadata'

/** The most conditions one filter may have. Each costs one index seek per step of the walk. */
export const filterMaxTerms = 16

/**
 * The terms a file must have, all of them: a scalar must equal the stored scalar or be contained in the
 * stored array; an array asks for each of its scalars. Throws `invalid_request` about `field`.
 */
export function parseMetadataFilter(filter: { [key: string]: Json }, field: string): MetadataTerm[] {
  for (const [name, wanted] of Object.entries(filter))
    for (const scalar of Array.isArray(wanted) ? wanted : [wanted])
      if (!isScalar(scalar) || !isRepresentable(scalar))
        failField(`${field}.${name}`, 'must be a string, number, boolean, null or an array of these')
  const terms = termsOf(filter)
  if (terms.length > filterMaxTerms) failField(field, `must have at most ${filterMaxTerms} conditions`)
  return terms
}
