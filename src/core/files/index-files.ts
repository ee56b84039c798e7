import type { Gateway } from '../gateway'
import { metadataMaxTerms, termsOf } from './metadata'

/**
 * Puts up to `limit` files that were made before the metadata index was, as it now is, into it: of each what a filter
 * can ask for, as far as a file made today may have it. Safe to repeat and to overlap. Returns how many it took on.
 * Three database statements, one when there is nothing to do. Throws `database_failed`.
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
