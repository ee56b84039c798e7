import type { Gateway } from '../gateway'
import { deleteListedObjects, deletionRetryMs } from './delete-objects'
import { settleUpload } from './settle-upload'

/**
 * How many uploads one sweep takes on. Settling one runs some 12 statements, of which D1 allows a thousand
 * in one invocation of a Worker.
 */
const batchSize = 40
const forgetBatchSize = 500
/** One DeleteObjects of R2 takes a thousand keys; a foreign store gets one request per key. */
const deletionBatchSize = 50

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
}

/**
 * Sets right what requests left behind: settles or fails uploads past their expiry, deletes objects no row
 * wants, forgets what is over. Bounded; every step is guarded, so sweeps may overlap and may die.
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
  }
  const attempt = async (step: string, work: () => Promise<void>) => {
    try {
      await work()
    } catch (cause) {
      report.errors++
      gateway.log({ event: 'sweep_step_failed', step, cause })
    }
  }
  await attempt('overdue', () => sweepOverdue(gateway, report, attempt))
  await attempt('deletions', async () => {
    const now = gateway.now()
    const keys = await gateway.deletions.takeDue(now, deletionBatchSize, now + deletionRetryMs)
    if (keys.length === 0) return
    await deleteListedObjects(gateway, keys)
    report.objectsDeleted = keys.length
  })
  await attempt('forget', async () => {
    const forgotten = await gateway.uploads.forget(gateway.now(), forgetBatchSize)
    report.uploadsForgotten = forgotten.uploads
    report.idempotencyRecordsForgotten = forgotten.idempotencyRecords
  })
  gateway.log({ event: 'sweep', ...report })
  return report
}

async function sweepOverdue(
  gateway: Gateway,
  report: SweepReport,
  attempt: (step: string, work: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const now = gateway.now()
  for (const file of await gateway.uploads.takeOverdue(now, batchSize, now + overdueRetryMs)) {
    if (file.status !== 'uploading') continue
    const subject = { organizationId: file.organizationId, fileId: file.id }
    await attempt('upload', async () => {
      if (file.upload.method === 'edge') {
        // Its request failed or died; nobody was told that there is a file.
        const { objectKey, multipartId } = file.upload
        if (multipartId !== null) await gateway.objects.abortMultipart(objectKey, multipartId)
        await gateway.uploads.abandon(subject, null, gateway.now())
        report.abandoned++
        return
      }
      const settled = await settleUpload(gateway, file)
      if (settled?.status === 'uploading') {
        const reason = { code: 'never_arrived' } as const
        await gateway.uploads.abandon(subject, { status: 'failed', reason }, gateway.now())
        report.failed++
      } else if (settled?.status === 'error') report.refused++
      else report.settled++
    })
  }
}
