// Tells the gateway's queue of every object that comes into the bucket, as R2's event notifications do in a deployment.
// Miniflare has none, so its table of objects is read; while nothing changes that costs next to nothing.
import { openKept } from './local-state.mjs'

const everyMs = 500
/** Each look begins this long before the newest known object, as objects may be written in another order than their times. */
const overlapMs = 10_000
/** Queues accepts a hundred messages at a time. */
const messagesMax = 100

/**
 * Watches the bucket in `kept`, and calls `send` with messages about new objects. If `send` rejects, they are sent
 * again.
 */
export function watchStore({ kept, bucketId, bucketName, send }) {
  let database = null
  let version = null
  let since = Date.now()
  let told = new Set()
  const look = async () => {
    database ??= openKept(kept, 'r2', bucketId)
    // Changes whenever another connection has written.
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
      // The table may not exist yet, or the runtime may be restarting.
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
