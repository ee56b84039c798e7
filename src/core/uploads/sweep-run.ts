import type { Gateway } from '../gateway'

/**
 * The pause between two batches, in which requests get their turn. Where database and bucket are in the same
 * process (Miniflare), its event loop sees no request before the sweep waits for something else
 * (npm run bench -- sweep).
 */
const pauseMs = 50

export type SweepReport = {
  settled: number
  refused: number
  failed: number
  abandoned: number
  /** Of the outbox. */
  objectsDeleted: number
  /** Incoming objects that no upload awaits. */
  incomingDeleted: number
  idempotencyRecordsForgotten: number
  /** Steps that did not work this time and stay for the next sweep. */
  errors: number
  /** There was more to do than one sweep does. */
  isUnfinished: boolean
}

/** One sweep: what it may still spend, and what it has done. */
export type Sweep = {
  gateway: Gateway
  report: SweepReport
  /** Where the sweep before stopped, by step. */
  positions: ReadonlyMap<string, string>
  statementsLeft: number
  abortsLeft: number
}

export type Share = {
  /** What a round takes at the least; what more it takes it subtracts itself. */
  statements: number
  roundsMax: number
  /** No round begins after that. */
  endsAt: number
}

/** Runs `step` until it says that nothing is left, it fails, or its share is used up. */
export async function inBatches(
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
      await run.gateway.sleep(pauseMs)
    } catch (cause) {
      return noteFailure(run, name, cause)
    }
  }
}

/** What became of a page. */
export type Page = {
  /** Where the next one begins; null: there is none. */
  next: string | null
  /** What could not be done of this one. The step ends, and goes on at `next` the next time. */
  failure?: unknown
}

/**
 * Runs `step` page by page, as `inBatches` does, from where the sweep before stopped. Where this one stops is
 * kept, so that all pages have their turn however many there are; `stop` ends the step at the same page.
 */
export async function inPages(
  run: Sweep,
  name: string,
  share: Share,
  step: (run: Sweep, after: string | null) => Promise<Page | 'stop'>,
): Promise<void> {
  const kept = run.positions.get(name) ?? null
  let position = kept
  await inBatches(run, name, share, async () => {
    const page = await step(run, position)
    if (page === 'stop') return stop(run)
    position = page.next
    if (page.failure !== undefined) throw page.failure
    return position === null ? 'done' : 'more'
  })
  if (position === kept) return
  run.statementsLeft--
  try {
    await run.gateway.sweepPositions.keep(name, position)
  } catch (cause) {
    noteFailure(run, name, cause)
  }
}

export function stop({ report }: Sweep): 'done' {
  report.isUnfinished = true
  return 'done'
}

export function noteFailure({ gateway, report }: Sweep, step: string, cause: unknown): void {
  report.errors++
  gateway.log({ event: 'sweep_step_failed', step, cause })
}
