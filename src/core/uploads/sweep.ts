import { isStored, type PendingFile } from '../files/file-record'
import { indexFiles } from '../files/index-files'
import type { Gateway } from '../gateway'
import type { FileId } from '../ids'
import { deleteListedObjects, deletionRetryMs } from './delete-objects'
import { settleIfThere } from './settle-upload'

/**
 * D1 takes a thousand statements in one invocation of a Worker (D1, "Limits"). What a step costs of them is
 * set aside before it begins; the rest is for what has to be repeated.
 */
const statementsMax = 900
const statementsPerTake = 2
/** Promotion, settling and the deletion of the incoming bytes: 13. */
const statementsPerSettle = 14
/** Besides, when it is refused: 18 in all where the quota is noticed as late as that. */
const statementsPerRefusal = 4
const statementsPerEnd = 4

/**
 * An invocation may call out ten thousand times (Workers, "Limits"). What is overdue takes half of that, being
 * bounded by its statements; deletions take a call for each multipart upload that has to be aborted.
 */
const abortsMax = 3000

/** A sweep stops taking on more before the next one comes, and with deletions in time for the rest. */
const durationMaxMs = 3 * 60 * 1000
const deletionsMaxMs = 90 * 1000

/**
 * How many uploads are taken on together: small enough that the transaction which ends them lets requests
 * through within some milliseconds, as D1 does one thing at a time.
 */
const uploadsPerBatch = 50
/** How many of them are looked at together: a Worker waits for the headers of six answers at a time. */
const uploadsAtOnce = 4
const statementsAtOnce = uploadsAtOnce * (statementsPerSettle + statementsPerRefusal)
/** One delete call of R2 and one DeleteObjects of S3 take a thousand keys. */
const deletionsPerBatch = 500
const forgottenPerBatch = 500
/** At most some thousand rows of the metadata index: a transaction of milliseconds. */
const indexedPerBatch = 100
const statementsPerIndexing = 3

/**
 * Between two batches, for requests. Where database and bucket are in the same process (Miniflare), its event
 * loop sees no request at all before the sweep waits for something else (npm run bench:sweep).
 */
const pauseMs = 50

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
  filesIndexed: number
  /** Steps that did not work this time and stay for the next sweep. */
  errors: number
  /** There was more to do than one sweep does. */
  isUnfinished: boolean
}

type Sweep = { gateway: Gateway; report: SweepReport; statementsLeft: number; abortsLeft: number }

type Share = {
  /** What a round takes at the least; what more it takes it subtracts itself. */
  statements: number
  roundsMax: number
  /** No round begins after that. */
  endsAt: number
}

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
    filesIndexed: 0,
    errors: 0,
    isUnfinished: false,
  }
  const run: Sweep = { gateway, report, statementsLeft: statementsMax, abortsLeft: abortsMax }
  const endsAt = gateway.now() + durationMaxMs
  // The first three are never many statements, and must not wait for all of the last to be done.
  await inBatches(run, 'forget', { statements: statementsPerTake, roundsMax: 20, endsAt }, forgetBatch)
  const indexing = { statements: statementsPerIndexing, roundsMax: 60, endsAt }
  await inBatches(run, 'index', indexing, indexBatch)
  const deletions = {
    // The taking, and two more when they are done.
    statements: statementsPerTake + 1,
    roundsMax: 60,
    endsAt: Math.min(endsAt, gateway.now() + deletionsMaxMs),
  }
  await inBatches(run, 'deletions', deletions, deleteBatch)
  const overdue = { statements: statementsPerTake + 2 * statementsPerEnd, roundsMax: Infinity, endsAt }
  await inBatches(run, 'overdue', overdue, endBatch)
  gateway.log({ event: 'sweep', ...report })
  return report
}

/** Runs `step` until it says that nothing is left, it fails, or its share is used up. */
async function inBatches(
  run: Sweep,
  name: string,
  share: Share,
  step: (run: Sweep) => Promise<'more' | 'done'>,
): Promise<void> {
  for (let round = 0; ; round++) {
    const isOver = round >= share.roundsMax || run.gateway.now() >= share.endsAt
    if (isOver || run.statementsLeft < share.statements) return void stop(run)
    run.statementsLeft -= share.statements
    try {
      if ((await step(run)) === 'done') return
      await scheduler.wait(pauseMs)
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

/** Files from before the metadata index was as it now is; none once it has caught up. */
async function indexBatch(run: Sweep): Promise<'more' | 'done'> {
  const indexed = await indexFiles(run.gateway, indexedPerBatch)
  if (indexed === 0) run.statementsLeft += statementsPerIndexing - 1
  run.report.filesIndexed += indexed
  return indexed === indexedPerBatch ? 'more' : 'done'
}

async function deleteBatch(run: Sweep): Promise<'more' | 'done'> {
  const { gateway, report } = run
  if (run.abortsLeft < deletionsPerBatch) return stop(run)
  const now = gateway.now()
  const due = await gateway.deletions.takeDue(now, deletionsPerBatch, now + deletionRetryMs)
  run.abortsLeft -= due.filter(({ multipart }) => multipart !== null).length
  if (due.length > 0) report.objectsDeleted += await deleteListedObjects(gateway, due)
  return due.length === deletionsPerBatch ? 'more' : 'done'
}

/** Takes on a batch of overdue uploads, looks which have arrived, and ends the others together. */
async function endBatch(run: Sweep): Promise<'more' | 'done'> {
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
  if (untold.length > 0) await gateway.uploads.abandon(idsOf(untold), null, gateway.now())
  report.abandoned += untold.length
  if (missing.length > 0) {
    const refusal = { status: 'failed', reason: { code: 'never_arrived' } } as const
    await gateway.uploads.abandon(idsOf(missing), refusal, gateway.now())
  }
  report.failed += missing.length
  if (told.length > 0) return stop(run)
  return taken.length === uploadsPerBatch ? 'more' : 'done'
}

function idsOf(files: readonly PendingFile[]): FileId[] {
  return files.map(({ id }) => id)
}

function stop({ report }: Sweep): 'done' {
  report.isUnfinished = true
  return 'done'
}

/** Its request failed or died before anybody was told that there is a file. */
function isUntold({ upload }: PendingFile): boolean {
  return upload.method === 'edge' || (upload.method === 'multipart' && upload.multipartId === null)
}

/** Whether nothing has arrived, which takes no statement; what has is settled. */
async function isMissing(run: Sweep, file: PendingFile): Promise<boolean> {
  const { gateway, report } = run
  run.statementsLeft -= statementsPerSettle
  const outcome = await settleIfThere(gateway, file)
  if (outcome === 'nothing_there') {
    run.statementsLeft += statementsPerSettle
    return true
  }
  // Otherwise it was deleted, or somebody else is settling it: that is looked at again.
  if (outcome?.status === 'error') {
    run.statementsLeft -= statementsPerRefusal
    report.refused++
  } else if (outcome && isStored(outcome)) report.settled++
  return false
}
