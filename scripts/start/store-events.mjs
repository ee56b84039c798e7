// What R2's event notifications do in a deployment: tell the gateway's queue of every object that comes into the
// bucket. Miniflare has none, so its table of objects is read; while nothing changes that costs next to nothing.
import { openKept } from './local-state.mjs'

const everyMs = 500
/** Objects are looked for again from this long before the newest one known, as their clock is not the table's order. */
const overlapMs = 10_000
/** Queues takes a hundred messages at a time. */
const messagesMax = 100

/**
 * Watches the bucket in `kept`, and calls `send` with the messages about objects that came since. `send` may reject:
 * then they are sent again.
 */
export function watchStore({ kept, bucketId, bucketName, send }) {
  let database = null
  let version = null
  let since = Date.now()
  let told = new Set()
  const look = async () => {
    database ??= openKept(kept, 'r2', bucketId)
    // Another number whenever another connection has written.
    const now = database?.prepare('PRAGMA data_version').get().data_version ?? null
    if (now === version) return
    const objects = database
      .prepare('SELECT key, size, etag, version, uploaded FROM _mf_objects WHERE uploaded >= ?')
      .all(since - overlapMs)
    const fresh = objects.filter((object) => !told.has(object.version))
    for (let from = 0; from < fresh.length; from += messagesMax)
      await send(fresh.slice(from, from + messagesMax).map((object) => messageOf(object, bucketName)))
    since = Math.max(since, ...objects.map(({ uploaded }) => uploaded))
    told = new Set(objects.map((object) => object.version))
    version = now
  }
  const loop = () =>
    look()
      // The table may not be there yet, or the runtime just be starting anew.
      .catch(() => {})
      .finally(() => setTimeout(loop, everyMs).unref())
  loop()
}

/** R2, "Event notifications". */
function messageOf({ key, size, etag, uploaded }, bucket) {
  return {
    account: 'local',
    action: 'PutObject',
    bucket,
    object: { key, size, eTag: etag },
    eventTime: new Date(uploaded).toISOString(),
  }
}
