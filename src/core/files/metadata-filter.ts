import { failField } from '../errors'
import type { OrganizationId } from '../ids'
import { checkNumber, factsOf, isScalar, type Json, type MetadataTerm, termsOf } from './metadata'

/** The most conditions one filter may have. */
export const filterMaxTerms = 16

/**
 * The terms a file must have, all of them: a scalar must equal the stored scalar or be contained in the
 * stored array; an array asks for each of its scalars. Throws `invalid_request` about `field`.
 */
export async function parseMetadataFilter(
  organizationId: OrganizationId,
  filter: { [key: string]: Json },
  field: string,
): Promise<MetadataTerm[]> {
  for (const [name, wanted] of Object.entries(filter))
    for (const scalar of Array.isArray(wanted) ? wanted : [wanted]) {
      if (!isScalar(scalar))
        failField(`${field}.${name}`, 'must be a string, number, boolean, null or an array of these')
      if (typeof scalar === 'number') checkNumber(scalar, `${field}.${name}`)
    }
  if (factsOf(filter).size > filterMaxTerms)
    failField(field, `must have at most ${filterMaxTerms} conditions`)
  return termsOf(organizationId, filter)
}
