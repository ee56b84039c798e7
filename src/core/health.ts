import type { Gateway } from './gateway'

/**
 * What does not answer as it should: `database`, `bucket`, or a key pair for the store by the variable with its id.
 * Never throws; why it failed is logged.
 */
export async function failingParts(gateway: Gateway): Promise<string[]> {
  const failing = async (part: string, check: () => Promise<void>) => {
    try {
      await check()
      return []
    } catch (cause) {
      gateway.log({ event: 'health_check_failed', part, cause })
      return [part]
    }
  }
  const parts = await Promise.all([
    failing('database', () => gateway.checkDatabase()),
    failing('bucket', () => gateway.objects.check()),
    ...gateway.storeKeys.map((key) => failing(key.variable, () => key.prove())),
  ])
  return parts.flat()
}
