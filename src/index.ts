import { answer } from './app'
import { compose } from './compose'
import { onStorageEvents } from './jobs/storage-events'
import { onCron } from './jobs/sweep'
import { answerMisconfigured } from './misconfigured'

/** The Worker's entry points: requests, the cron trigger, the queue of storage events. */
export default {
  async fetch(request, env, context) {
    const composition = await compose(env).catch(answerMisconfigured)
    if (composition instanceof Response) return composition
    return answer(composition, request, env, context)
  },

  async scheduled(_controller, env, context) {
    const { gatewayFor } = await compose(env)
    await onCron(gatewayFor((work) => context.waitUntil(work), { job: 'sweep' }))
  },

  async queue(batch, env, context) {
    const { config, gatewayFor } = await compose(env)
    const gateway = gatewayFor((work) => context.waitUntil(work), { job: 'storage-events' })
    await onStorageEvents(gateway, batch, config.s3.bucket)
  },
} satisfies ExportedHandler<Env>
