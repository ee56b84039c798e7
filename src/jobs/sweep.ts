import type { Gateway } from '../core/gateway'
import { sweep } from '../core/uploads/sweep'

/** The cron trigger: runs one sweep. */
export async function onCron(gateway: Gateway): Promise<void> {
  await sweep(gateway)
}
