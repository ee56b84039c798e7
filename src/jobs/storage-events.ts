import * as z from 'zod'
import type { Gateway } from '../core/gateway'
import type { ObjectKey } from '../core/ids'
import { once } from '../core/once'
import { type ObjectCreated, settleEvent, subjectsOfEvents } from '../core/uploads/settle-events'

/**
 * What R2 writes into the queue (R2, "Event notifications"). `copySource` and the action CopyObject say that no client
 * sent these bytes: the store copied them. Messages about deletions are ignored.
 */
const storageEvent = once(() =>
  z.object({
    action: z.string(),
    eventTime: z.string().optional(),
    bucket: z.string(),
    object: z.object({ key: z.string(), eTag: z.string().nullish() }),
    copySource: z.unknown().optional(),
  }),
)

const creations = new Set(['PutObject', 'CopyObject', 'CompleteMultipartUpload'])
const retryDelayMaxSeconds = 3600

/**
 * Handles a batch of the queue. Messages come at least once and in any order, so each only says which object to look at. A
 * message that fails or is not understood is retried, ever later, and ends in the dead-letter queue; the others of its
 * batch are acknowledged.
 */
export async function onStorageEvents(
  gateway: Gateway,
  batch: Pick<MessageBatch, 'messages'>,
  bucket: string,
): Promise<void> {
  const events: { message: Message; event: ObjectCreated }[] = []
  for (const message of batch.messages) {
    const parsed = storageEvent().safeParse(message.body)
    if (!parsed.success) {
      gateway.log({ event: 'storage_event_not_understood', messageId: message.id })
      retry(message)
    } else if (parsed.data.bucket !== bucket || !creations.has(parsed.data.action)) message.ack()
    else events.push({ message, event: toEvent(parsed.data) })
  }
  try {
    const subjects = await subjectsOfEvents(
      gateway,
      events.map(({ event }) => event),
    )
    for (const { message, event } of events) {
      const subject = subjects.get(event.key)
      await settleMessage(gateway, message, async () => {
        if (subject) await settleEvent(gateway, event, subject)
      })
    }
  } catch (cause) {
    gateway.log({ event: 'storage_events_failed', messages: events.length, cause })
    for (const { message } of events) retry(message)
  }
}

async function settleMessage(gateway: Gateway, message: Message, work: () => Promise<void>): Promise<void> {
  try {
    await work()
    message.ack()
  } catch (cause) {
    gateway.log({ event: 'storage_event_failed', messageId: message.id, attempts: message.attempts, cause })
    retry(message)
  }
}

/** After 10 s, 20 s, 40 s … an hour: a failure of the store or the database has time to pass. */
function retry(message: Message): void {
  message.retry({ delaySeconds: Math.min(retryDelayMaxSeconds, 10 * 2 ** (message.attempts - 1)) })
}

function toEvent({
  action,
  bucket,
  eventTime,
  object,
  copySource,
}: z.infer<ReturnType<typeof storageEvent>>): ObjectCreated {
  // A copy onto itself brings no other bytes; the gateway itself makes such copies to remove headers.
  const isOntoItself = copiesOf(bucket, object.key).safeParse(copySource).success
  return {
    key: object.key as ObjectKey,
    at: Date.parse(eventTime ?? '') || 0,
    etag: object.eTag?.replace(/^"(.*)"$/, '$1') ?? null,
    isCopy: !isOntoItself && (action === 'CopyObject' || (copySource ?? null) !== null),
  }
}

const copiesOf = (bucket: string, key: string) =>
  z.object({ bucket: z.literal(bucket), object: z.literal(key) })
