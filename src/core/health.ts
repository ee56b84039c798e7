import type { Gateway } from './gateway'

export type Health = { database: boolean; bucket: boolean }

/** Whether the database and the bucket answer. Never throws; what failed is logged. */
export async function checkHealth(gateway: Gateway): Promise<Health> {
  const answers = async (part: keyof Health, check: () => Promise<void>) => {
    try {
      await check()
      return true
    } catch (cause) {
      gateway.log({ event: 'health_check_failed', part, cause })
      return false
    }
  }
  const [database, bucket] = await Promise.all([
    answers('database', () => gateway.checkDatabase()),
    answers('bucket', () => gateway.objects.check()),
  ])
  return { database, bucket }
}
