import type { Gateway } from '../core/gateway'
import { sweep } from '../core/uploads/sweep'

/** The cron trigger: hands over to the core, nothing else. */
export async function onCron(gateway: Gateway): Promise<void> {
  await sweep(gateway)
}
