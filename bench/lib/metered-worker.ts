// The gateway; each run of its sweep logs its calls to D1 and to the bucket.
import gateway from '../../src/index'
import { meterBucket, meterDatabase, newMeter } from '../../test/support/metered-bindings'

export default {
  fetch: gateway.fetch,

  async scheduled(controller, env, context) {
    const meter = newMeter()
    const metered = { ...env, DB: meterDatabase(env.DB, meter), BUCKET: meterBucket(env.BUCKET, meter) }
    await gateway.scheduled(controller, metered, context)
    console.log(JSON.stringify({ event: 'metered', ...meter }))
  },
} satisfies ExportedHandler<Env>
