import { backoffMs, isTransient, wait } from './backoff'
import type { Control } from './control'
import { type Answer, type Request, send } from './send'
import { UploadError } from './upload-error'

/** How long a browser that says it is offline is believed, in milliseconds. */
const offlineBeliefMs = 30_000

/**
 * Sends a request until it is answered by more than "not now", `retries` times again. Waits before each, and without an end
 * while the browser is offline. `prepare` makes the request anew for each try. Resolves with the last answer. Rejects with
 * the reason of the control's end, with `network` when there was none, and with `unreadable` when the file of the body is gone.
 */
export async function persist(
  control: Control,
  retries: number,
  prepare: () => Request | Promise<Request>,
): Promise<Answer> {
  let failures = 0
  for (;;) {
    await control.ready()
    const request = await prepare()
    const leg = await control.ready()
    const answer = await send(request, leg)
    // Paused or ended: `ready` tells.
    if (leg.aborted) continue
    // Of a good answer it is not asked for: browsers complain in the console where a store does not let pages read it.
    const retryAfter = answer.status < 400 ? null : answer.header('Retry-After')
    if (!isTransient(answer.status, retryAfter)) return answer
    if (answer.status === 0) await checkReadable(request.body)
    const isOffline = globalThis.navigator?.onLine === false
    if (!isOffline && ++failures > retries) {
      if (answer.status > 0) return answer
      const { host } = new URL(request.url)
      throw new UploadError('network', 0, `${host} does not answer, or does not allow this page by CORS`)
    }
    await wait(isOffline ? offlineBeliefMs : backoffMs(failures, retryAfter), leg)
  }
}

/** A browser reports a file that is gone as a network error. */
async function checkReadable(body: Request['body']): Promise<void> {
  if (body instanceof Blob) await readable(body.slice(0, 1))
}

/** The bytes of `blob`. Rejects with `unreadable`. */
export async function readable(blob: Blob): Promise<ArrayBuffer> {
  try {
    return await blob.arrayBuffer()
  } catch {
    throw new UploadError('unreadable')
  }
}
