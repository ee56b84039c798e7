import type { Gateway } from '../gateway'
import {
  deleteDuePage,
  deleteIncomingPage,
  statementsPerDeletionPage,
  statementsPerIncomingPage,
} from './sweep-deletions'
import { endOverdueBatch, statementsPerOverdueBatch } from './sweep-overdue'
import { inBatches, inPages, noteFailure, type Sweep, type SweepReport } from './sweep-run'

/**
 * D1 takes a thousand statements in one invocation of a Worker (D1, "Limits"). What a step costs of them is
 * set aside before it begins; the rest is for what has to be repeated.
 */
const statementsMax = 900
const statementsPerForgetting = 1

/**
 * An invocation may call out ten thousand times (Workers, "Limits"). What is overdue takes half of that, being
 * bounded by its statements; deletions take a call for each multipart upload that has to be aborted.
 */
const abortsMax = 3000

/** A sweep stops taking on more before the next one comes, and with deletions in time for the rest. */
const durationMaxMs = 3 * 60 * 1000
const listingMaxMs = 45 * 1000
const deletionsMaxMs = 60 * 1000

const forgottenPerBatch = 500

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
    incomingDeleted: 0,
    idempotencyRecordsForgotten: 0,
    errors: 0,
    isUnfinished: false,
  }
  const run: Sweep = {
    gateway,
    report,
    positions: new Map(),
    statementsLeft: statementsMax,
    abortsLeft: abortsMax,
  }
  const endsAt = gateway.now() + durationMaxMs
  const within = (limitMs: number) => Math.min(endsAt, gateway.now() + limitMs)
  try {
    run.positions = await gateway.sweepPositions.all()
  } catch (cause) {
    noteFailure(run, 'positions', cause)
  }
  // The first three are never many statements, and must not wait for all of the last to be done.
  await inBatches(run, 'forget', { statements: statementsPerForgetting, roundsMax: 20, endsAt }, forgetBatch)
  const listing = { statements: statementsPerIncomingPage, roundsMax: 100, endsAt: within(listingMaxMs) }
  await inPages(run, 'incoming', listing, deleteIncomingPage)
  const deletions = { statements: statementsPerDeletionPage, roundsMax: 60, endsAt: within(deletionsMaxMs) }
  await inPages(run, 'deletions', deletions, deleteDuePage)
  const overdue = { statements: statementsPerOverdueBatch, roundsMax: Infinity, endsAt }
  await inBatches(run, 'overdue', overdue, endOverdueBatch)
  gateway.log({ event: 'sweep', ...report })
  return report
}

async function forgetBatch({ gateway, report }: Sweep): Promise<'more' | 'done'> {
  const forgotten = await gateway.idempotencyKeys.forget(gateway.now(), forgottenPerBatch)
  report.idempotencyRecordsForgotten += forgotten
  return forgotten === forgottenPerBatch ? 'more' : 'done'
}
