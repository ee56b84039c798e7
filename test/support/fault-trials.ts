import { env } from 'cloudflare:workers'
import { expect, vi } from 'vitest'
import { type Client, clientOf, foundOrganizations, type Isolate, isolateOf } from './fault-client'
import { callStore, createRun, type Fault, faultsOf, hookOf, type Run } from './fault-injection'
import { interceptBucket, interceptDatabase } from './intercept'
import { expectInvariants } from './invariants'
import { createS3OverBucket, type S3OverBucket } from './s3-over-bucket'
import type { StoreKind } from './start-over'
import { expectNothingToldTo } from './strangers'
import { type Bindings, rows } from './worker'

/** One thing that a client does, and what must come of it whatever goes wrong. */
export type Scenario<Prepared> = {
  name: string
  /** With sound bindings. */
  prepare: (client: Client) => Promise<Prepared>
  /** Under a fault; and again with sound bindings, as a client would when it got no good answer. */
  act: (client: Client, prepared: Prepared) => Promise<Response>
  /** What a retry may be answered. */
  answers: readonly number[]
  /** How many files the organization has in the end. */
  files: number
  /** What all files of the organization are in the end. Left out: some of them were never sent any bytes. */
  ends?: 'ready' | 'error' | 'failed'
  /** What was made, by the body of an answer: for all answers the same. Left out: nothing, or nothing to tell by. */
  made?: (body: never) => unknown
  /**
   * Sent without an idempotency key: sent again only when there was no good answer, and then each may have made a
   * file; or not at all, when it takes effect after a sweep.
   */
  isKeyless?: boolean
  /** Its D1 batches are not repeated: the second time they would answer something else. */
  isUnrepeatable?: boolean
  /** It is costly: calls that are the same in other scenarios are left to those. */
  isLarge?: boolean
  /** The faults that are tried. Left out: all that may happen to each call. */
  faults?: readonly Fault[]
  /** With every store, D1's faults are tried at every call, also where they make no difference to the store. */
  triesAll?: boolean
  /** It calls no store, so that there is nothing to try with a second one. */
  isStoreless?: boolean
  /** It does several things at once: which call comes when differs from run to run. */
  isConcurrent?: boolean
  /** With sound bindings, when all is done: what the next fault's run should not find. */
  tidy?: (client: Client) => Promise<unknown>
  /** How the Workers are configured. */
  bindings?: Bindings
}

/** A scenario, whatever it prepares. */
export type AnyScenario = Omit<Scenario<unknown>, 'act'> & {
  act: (client: Client, prepared: never) => Promise<Response>
}

const storeOrigin = 'https://store.example.com'
const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** Shorter than a promotion may take, so that what is overdue can be swept while that is still under way. */
const uploadUrlTtlSeconds = '1800'

/** When the sweep comes: when URLs have expired, then … until nothing is waited for any more. */
const lateEffectsAt = 50 * minute
const sweepsAt = [
  45 * minute,
  52 * minute,
  2 * hour,
  4 * hour,
  day + hour,
  2 * day,
  7 * day + hour,
  8 * day + hour,
  8 * day + 3 * hour,
]

/** Workers over one store, one of which has the faults of the run under way. */
export type Bench = {
  s3: S3OverBucket
  sound: Isolate
  faulty: Isolate
  /** Does `work` of the faulty Worker as `run`; null when the Worker died over it. Time passes while it waits. */
  under: (run: Run, work: () => Promise<Response>) => Promise<Response | null>
  /** What sweeps reported, and what went wrong in them. */
  sweeps: Record<string, unknown>[]
}

export function startBench(store: StoreKind, bindings: Bindings = {}): Bench {
  const s3 = createS3OverBucket(env.BUCKET, { listsParts: store.lists })
  let current: Run | null = null
  const hook = hookOf(() => current ?? raise('a call of the faulty Worker outside of a run'))
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const request = new Request(input, init)
    if (new URL(request.url).origin !== storeOrigin) raise(`a request to ${request.url}`)
    return current === null ? s3.fetch(request) : callStore(s3, request, current)
  })
  const sweeps = captureSweeps()
  const settings = { UPLOAD_URL_TTL_SECONDS: uploadUrlTtlSeconds, ...bindings }
  const sound = isolateOf({ ...settings, BUCKET: store.hasBinding ? s3.binding : undefined })
  const faulty = isolateOf({
    ...settings,
    DB: interceptDatabase(env.DB, hook),
    BUCKET: store.hasBinding ? interceptBucket(s3.binding, hook) : undefined,
  })
  return {
    s3,
    sound,
    faulty,
    sweeps,
    async under(run, work) {
      current = run
      try {
        return await drive(run, work())
      } finally {
        current = null
      }
    },
  }
}

function captureSweeps(): Record<string, unknown>[] {
  const sweeps: Record<string, unknown>[] = []
  let failures: unknown[] = []
  vi.spyOn(console, 'error').mockImplementation((line) => {
    const event = JSON.parse(line)
    if (event.event === 'sweep_step_failed') failures.push(event)
  })
  vi.spyOn(console, 'log').mockImplementation((line) => {
    const event = JSON.parse(line)
    if (event.event !== 'sweep') return
    sweeps.push({ ...event, failures })
    failures = []
  })
  return sweeps
}

function raise(message: string): never {
  throw new Error(message)
}

const realTimeout = globalThis.setTimeout
const tick = () => new Promise((resolve) => realTimeout(resolve, 0))

/** Lets time pass whenever nothing but time is waited for. Faked are only `setTimeout` and `Date`. */
async function drive(run: Run, work: Promise<Response>): Promise<Response | null> {
  let isOver = false
  const end = Promise.race([work, run.death.then(() => null)]).finally(() => {
    isOver = true
  })
  end.catch(() => {})
  for (let idle = 0; !isOver; ) {
    await tick()
    idle = run.isInjected && run.underWay === 0 ? idle + 1 : 0
    if (idle > 2 && !isOver && vi.getTimerCount() > 0) {
      await vi.advanceTimersToNextTimerAsync()
      idle = 0
    }
  }
  // What a dead Worker has asked for is done all the same; of its own nothing happens any more.
  while (run.underWay > 0) await tick()
  if (run.isDead) vi.clearAllTimers()
  return end
}

/** Has time run by the test alone, from now on. Returns now. */
export function takeTime(): number {
  const now = Date.now()
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now })
  return now
}

/**
 * Runs `scenario` once for every call that it makes and every fault of that call, each in an organization of its
 * own, and retries it; then sweeps past every grace period and asserts the invariants. Returns how many faults
 * were injected.
 */
export async function injectEverywhere(scenario: AnyScenario, store: StoreKind): Promise<number> {
  const start = takeTime()
  const bench = startBench(store, scenario.bindings)
  const names = await expectSoundRun(bench, scenario, store)
  const callsStore = names.some((name) => !name.startsWith('d1.'))
  expect(callsStore, 'whether the scenario calls the store').toBe(!scenario.isStoreless)
  const points = names.flatMap((name, at) =>
    (isLeftToOthers(scenario, store, names, at) ? [] : faultsFor(scenario, name)).map((fault) => ({
      fault,
      at,
      name,
      organization: organizationOf(fault, at, name),
    })),
  )
  const tokenOf = await foundOrganizations(points.map(({ organization }) => organization))
  const later: Run['late'] = []
  for (const { fault, at, name, organization } of points) {
    vi.setSystemTime(start)
    const sound = clientOf(bench.sound, organization, tokenOf(organization))
    const prepared = (await scenario.prepare(sound)) as never
    const run = createRun(fault, at)
    const faulty = clientOf(bench.faulty, organization, tokenOf(organization))
    const answer = await bench.under(run, () => scenario.act(faulty, prepared))
    if (!scenario.isConcurrent) expect(run.names[at], `the call of ${organization}`).toBe(name)
    expect(run.isInjected, `the fault of ${organization}`).toBe(true)
    expectAnswer(scenario, { fault, name, organization }, answer)
    if (fault === 'later') later.push(...run.late)
    else for (const effect of run.late) await effect().catch(() => {})
    await expectRetry(scenario, sound, prepared, fault, answer)
    await scenario.tidy?.(sound)
  }
  await expectInvariants({ swept: false })
  await sweepPast(bench, start, later)
  await expectInvariants({ swept: true, over: bench.s3 })
  const counts = await rows<{ id: string; files: number }>(
    `SELECT o.id, (SELECT count(*) FROM files WHERE organization_id = o.id) AS files FROM organizations o
     WHERE o.id NOT IN ('sound', 'stranger')`,
  )
  expect(counts).toHaveLength(points.length)
  if (scenario.ends !== undefined) {
    const others = `SELECT organization_id, status FROM files WHERE organization_id <> 'stranger' AND status <> ?1`
    expect(await rows(others, scenario.ends), `files that are not ${scenario.ends}`).toEqual([])
  }
  for (const { id, files } of counts) {
    const isGivenUp = scenario.isKeyless && id.startsWith('later-')
    expect(files, `files of ${id}`).toBeGreaterThanOrEqual(scenario.files - (isGivenUp ? 1 : 0))
    expect(files, `files of ${id}`).toBeLessThanOrEqual(scenario.files + (scenario.isKeyless ? 1 : 0))
  }
  return points.length
}

function faultsFor({ faults }: AnyScenario, name: string): readonly Fault[] {
  return faultsOf(name).filter((fault) => faults?.includes(fault) ?? true)
}

/**
 * Whether the faults of the call number `at` are tried elsewhere. Up to its first call of the store a scenario is the
 * same whether the store has a binding or not, so D1's faults there are tried with one, and without in one scenario of
 * each suite (`triesAll`). Of what is costly, only what differs is tried: D1 beside an S3 endpoint is as elsewhere.
 */
function isLeftToOthers(
  { isLarge = false, triesAll = false }: AnyScenario,
  store: StoreKind,
  names: readonly string[],
  at: number,
): boolean {
  const isOfD1 = (name = '') => name.startsWith('d1.')
  if (!isOfD1(names[at])) return false
  if (isLarge) return !store.hasBinding
  return !store.hasBinding && !triesAll && names.slice(0, at).every(isOfD1)
}

/** Which fault it was, in the words of an organization's id. */
function organizationOf(fault: Fault, at: number, name: string): string {
  return `${fault}-${at}-${name.replace('.', '-').toLowerCase()}`
}

/** The calls of the scenario when nothing goes wrong. Another organization learns nothing of what it made. */
async function expectSoundRun(bench: Bench, scenario: AnyScenario, store: StoreKind): Promise<string[]> {
  const tokenOf = await foundOrganizations(['sound', 'stranger'])
  const client = (isolate: Isolate, name: string) => clientOf(isolate, name, tokenOf(name))
  const prepared = (await scenario.prepare(client(bench.sound, 'sound'))) as never
  const run = createRun()
  const answer = await bench.under(run, () => scenario.act(client(bench.faulty, 'sound'), prepared))
  expect(scenario.answers, `${scenario.name}, when nothing goes wrong`).toContain(answer?.status)
  if (store.hasBinding) await expectNothingToldTo(client(bench.sound, 'stranger'), 'sound')
  await scenario.tidy?.(client(bench.sound, 'sound'))
  return run.names
}

/** What has to end well without a retry of the client's: what the Worker itself repeats. */
function expectAnswer(
  scenario: AnyScenario,
  { fault, name, organization }: { fault: Fault; name: string; organization: string },
  answer: Response | null,
): void {
  if (fault === 'die') {
    expect(answer, organization).toBeNull()
    return
  }
  const isRepeated =
    fault === 'slow-down' ||
    (fault === 'broken' && name !== 's3.createMultipart') ||
    (fault.startsWith('transient') && name === 'd1.batch' && !scenario.isUnrepeatable)
  if (isRepeated) expect(scenario.answers, organization).toContain(answer?.status)
}

async function expectRetry(
  { act, answers, made, isKeyless }: AnyScenario,
  client: Client,
  prepared: never,
  fault: Fault,
  first: Response | null,
): Promise<void> {
  const { organization } = client
  const isGood = first !== null && first.status < 500
  if (isKeyless && (isGood || fault === 'later')) return
  let retried = await act(client, prepared)
  // A dead stream has its key for a quarter of an hour.
  for (let waits = 0; waits < 16; waits++) {
    const retryAfter = retried.headers.get('retry-after')
    if (![409, 423].includes(retried.status) || retryAfter === null) break
    vi.setSystemTime(Date.now() + (Number(retryAfter) + 1) * 1000)
    retried = await act(client, prepared)
  }
  expect(answers, `a retry after ${organization}`).toContain(retried.status)
  if (!made || isKeyless) return
  const what = made((await retried.json()) as never)
  expect(what, `what a retry after ${organization} tells of`).toEqual(expect.anything())
  if (isGood) expect(made((await first.json()) as never), `the answer of ${organization}`).toEqual(what)
  if (fault !== 'after' && fault !== 'die') return
  const again = await act(client, prepared)
  expect(made((await again.json()) as never), `a second retry after ${organization}`).toEqual(what)
}

/** Sweeps as time passes, until nothing is waited for; `later` takes effect on the way. */
export async function sweepPast(bench: Bench, start: number, later: Run['late']): Promise<void> {
  let isLate = false
  for (const at of sweepsAt) {
    if (at > lateEffectsAt && !isLate) {
      isLate = true
      vi.setSystemTime(start + lateEffectsAt)
      for (const effect of later) await effect().catch(() => {})
    }
    vi.setSystemTime(start + at)
    for (let rounds = 0; ; rounds++) {
      await bench.sound.runCron()
      const report = bench.sweeps.at(-1)
      expect(report, 'a sweep with sound bindings').toMatchObject({ failures: [] })
      if (report?.isUnfinished === false) break
      expect(rounds, 'rounds of the sweep').toBeLessThan(20)
    }
  }
}
