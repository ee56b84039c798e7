import type { FileRecord, PendingFile } from '../files/file-record'
import type { Gateway } from '../gateway'
import type { FileId } from '../ids'
import { deleteListedObjects, deletionRetryMs } from './delete-objects'
import { settleUpload } from './settle-upload'

/**
 * D1 takes a thousand statements in one invocation of a Worker (D1, "Limits"). What a step costs of them is
 * counted generously; the rest is for what is under way when a sweep stops.
 */
const statementsMax = 800
const statementsPerTake = 2
const statementsPerSettle = 20
const statementsPerEnd = 5

/** A sweep stops taking on more before the next one comes. */
const durationMaxMs = 3 * 60 * 1000

/**
 * How many uploads are taken on together: small enough that the transaction which ends them lets requests
 * through within some milliseconds, as D1 does one thing at a time.
 */
const uploadsPerBatch = 50
/** How many of them are looked at together: a Worker waits for the headers of six answers at a time. */
const uploadsAtOnce = 4
/** One delete call of R2 and one DeleteObjects of S3 take a thousand keys. */
const deletionsPerBatch = 500
const forgottenPerBatch = 500

/** How long an upload that a sweep could not deal with stays out of the way of others. */
const overdueRetryMs = 15 * 60 * 1000

export type SweepReport = {
  settled: number
  refused: number
  failed: number
  abandoned: number
  objectsDeleted: number
  uploadsForgotten: number
  idempotencyRecordsForgotten: number
  /** Steps that did not work this time and stay for the next sweep. */
  errors: number
  /** There was more to do than one sweep does. */
  isUnfinished: boolean
}

type Sweep = { gateway: Gateway; report: SweepReport; statementsLeft: number; endsAt: number }

/**
 * Sets right what requests left behind: settles or fails uploads past their expiry, deletes objects no row
 * wants, forgets what is over. Works in batches until nothing is due or one invocation has done its share;
 * every step is guarded, so sweeps may overlap and may die.
 */
export async function sweep(gateway: Gateway): Promise<SweepReport> {
  const report: SweepReport = {
    settled: 0,
    refused: 0,
    failed: 0,
    abandoned: 0,
    objectsDeleted: 0,
    uploadsForgotten: 0,
    idempotencyRecordsForgotten: 0,
    errors: 0,
    isUnfinished: false,
  }
  const run: Sweep = { gateway, report, statementsLeft: statementsMax, endsAt: gateway.now() + durationMaxMs }
  // The last two are never many statements, and must not wait for all of the first to be done.
  await inBatches(run, 'forget', statementsPerTake, 20, forgetBatch)
  await inBatches(run, 'deletions', 2 * statementsPerTake, 60, deleteBatch)
  await inBatches(run, 'overdue', statementsPerTake + 2 * statementsPerEnd, Infinity, endBatch)
  gateway.log({ event: 'sweep', ...report })
  return report
}

/** Runs `step` until it says that nothing is left, it fails, or its share is used up. */
async function inBatches(
  run: Sweep,
  name: string,
  statements: number,
  roundsMax: number,
  step: (run: Sweep) => Promise<'more' | 'done'>,
): Promise<void> {
  for (let round = 0; ; round++) {
    if (round >= roundsMax || run.statementsLeft < statements || run.gateway.now() >= run.endsAt) {
      run.report.isUnfinished = true
      return
    }
    run.statementsLeft -= statements
    try {
      if ((await step(run)) === 'done') return
    } catch (cause) {
      return noteFailure(run, name, cause)
    }
  }
}

function noteFailure({ gateway, report }: Sweep, step: string, cause: unknown): void {
  report.errors++
  gateway.log({ event: 'sweep_step_failed', step, cause })
}

async function forgetBatch({ gateway, report }: Sweep): Promise<'more' | 'done'> {
  const { uploads, idempotencyRecords } = await gateway.uploads.forget(gateway.now(), forgottenPerBatch)
  report.uploadsForgotten += uploads
  report.idempotencyRecordsForgotten += idempotencyRecords
  return Math.max(uploads, idempotencyRecords) === forgottenPerBatch ? 'more' : 'done'
}

async function deleteBatch({ gateway, report }: Sweep): Promise<'more' | 'done'> {
  const now = gateway.now()
  const due = await gateway.deletions.takeDue(now, deletionsPerBatch, now + deletionRetryMs)
  if (due.length > 0) report.objectsDeleted += await deleteListedObjects(gateway, due)
  return due.length === deletionsPerBatch ? 'more' : 'done'
}

/** Takes on a batch of overdue uploads, looks which have arrived, and ends the others together. */
async function endBatch(run: Sweep): Promise<'more' | 'done'> {
  const { gateway, report } = run
  const now = gateway.now()
  const taken = await gateway.uploads.takeOverdue(now, uploadsPerBatch, now + overdueRetryMs)
  const pending = taken.filter((file) => file.status === 'uploading')
  const neverArrived: FileId[] = []
  for (let at = 0; at < pending.length; at += uploadsAtOnce)
    await Promise.all(
      pending.slice(at, at + uploadsAtOnce).map(async (file) => {
        if (isUntold(file)) return
        try {
          if ((await settleOverdue(run, file))?.status === 'uploading') neverArrived.push(file.id)
        } catch (cause) {
          noteFailure(run, 'upload', cause)
        }
      }),
    )
  const untold = pending.filter(isUntold).map(({ id }) => id)
  if (untold.length > 0) await gateway.uploads.abandon(untold, null, gateway.now())
  report.abandoned += untold.length
  if (neverArrived.length > 0) {
    const refusal = { status: 'failed', reason: { code: 'never_arrived' } } as const
    await gateway.uploads.abandon(neverArrived, refusal, gateway.now())
  }
  report.failed += neverArrived.length
  return taken.length === uploadsPerBatch ? 'more' : 'done'
}

/** Its request failed or died before anybody was told that there is a file. */
function isUntold({ upload }: PendingFile): boolean {
  return upload.method === 'edge' || (upload.method === 'multipart' && upload.multipartId === null)
}

async function settleOverdue(run: Sweep, file: PendingFile): Promise<FileRecord | null> {
  const { gateway, report } = run
  run.statementsLeft -= statementsPerSettle
  const settled = await settleUpload(gateway, file)
  // Most have never arrived, which takes no statement.
  if (settled?.status === 'uploading') run.statementsLeft += statementsPerSettle
  else if (settled?.status === 'error') report.refused++
  else report.settled++
  return settled
}
