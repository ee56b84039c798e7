import type { Gateway } from '../gateway'
import { metadataMaxTerms, termsOf } from './metadata'

/**
 * Adds up to `limit` files to the metadata index that have no terms yet, with as many terms as a new file may have. Safe
 * to repeat and to overlap. Returns how many files it took on. Three database statements, one when there is nothing to do.
 * Throws `database_failed`.
 */
export async function indexFiles(gateway: Gateway, limit: number): Promise<number> {
  const found = await gateway.files.findUnindexed(limit)
  if (found.length === 0) return 0
  await gateway.files.index(
    await Promise.all(
      found.map(async ({ id, organizationId, metadata }) => ({
        id,
        terms: await termsOf(organizationId, metadata, metadataMaxTerms),
      })),
    ),
  )
  return found.length
}
