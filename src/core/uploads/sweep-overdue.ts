import { isStored, type PendingFile } from '../files/file-record'
import { settleIfThere } from './settle-upload'
import { noteFailure, type Sweep, stop } from './sweep-run'
import { awaitsMultipart } from './upload'

/** Promotion and settling: 8; and a look at the file when another settler was first. */
const statementsPerSettle = 9
/** Of bytes that were appended: to take the upload, keep its last part, read the names of all, and to settle it. */
const statementsPerFinish = 16
/** Besides, when it is refused: to end it, and to look at it. */
const statementsPerRefusal = 5
const statementsPerEnd = 4

/** The taking, and the ends of those that were told and those that were not. */
export const statementsPerOverdueBatch = 2 + 2 * statementsPerEnd

/**
 * How many uploads are taken on together: small enough that the transaction which ends them lets requests
 * through within some milliseconds, as D1 does one thing at a time.
 */
const uploadsPerBatch = 50
/** How many of them are looked at together: a Worker waits for the headers of six answers at a time. */
const uploadsAtOnce = 4
const statementsAtOnce = uploadsAtOnce * (statementsPerFinish + statementsPerRefusal)

/** How long an upload that a sweep could not deal with stays out of the way of others. */
const overdueRetryMs = 15 * 60 * 1000

/** Takes on a batch of overdue uploads, looks which have arrived, and ends the others together. */
export async function endOverdueBatch(run: Sweep): Promise<'more' | 'done'> {
  const { gateway, report } = run
  if (run.statementsLeft < statementsAtOnce) return stop(run)
  const now = gateway.now()
  const taken = await gateway.uploads.takeOverdue(now, uploadsPerBatch, now + overdueRetryMs)
  const pending = taken.filter((file) => file.status === 'uploading')
  const { untold = [], told = [] } = Object.groupBy(pending, (file) => (isUntold(file) ? 'untold' : 'told'))
  const missing: PendingFile[] = []
  // Of more arrivals than there are statements left for, the rest stay for a later sweep.
  while (told.length > 0 && run.statementsLeft >= statementsAtOnce)
    await Promise.all(
      told.splice(0, uploadsAtOnce).map(async (file) => {
        try {
          if (await isMissing(run, file)) missing.push(file)
        } catch (cause) {
          noteFailure(run, 'upload', cause)
        }
      }),
    )
  if (untold.length > 0) await gateway.uploads.abandon(untold, null, gateway.now())
  report.abandoned += untold.length
  if (missing.length > 0) {
    const refusal = { status: 'failed', reason: { code: 'never_arrived' } } as const
    await gateway.uploads.abandon(missing, refusal, gateway.now())
  }
  report.failed += missing.length
  if (told.length > 0) return stop(run)
  return taken.length === uploadsPerBatch ? 'more' : 'done'
}

/** Its request failed or died before the client was told that there is a file. */
function isUntold({ upload }: PendingFile): boolean {
  return upload.method === 'edge' || awaitsMultipart(upload)
}

/** Whether nothing has arrived, which takes no statement; what has is settled. */
async function isMissing(run: Sweep, file: PendingFile): Promise<boolean> {
  const { gateway, report } = run
  const statements = file.upload.method === 'append' ? statementsPerFinish : statementsPerSettle
  run.statementsLeft -= statements
  const outcome = await settleIfThere(gateway, file)
  if (outcome === 'nothing_there') {
    run.statementsLeft += statements
    return true
  }
  // Otherwise it was deleted, or another settler is at it: that is looked at again.
  if (outcome?.status === 'error') {
    run.statementsLeft -= statementsPerRefusal
    report.refused++
  } else if (outcome && isStored(outcome)) report.settled++
  return false
}
