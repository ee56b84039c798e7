/** Calls to D1, the bucket and the S3 endpoint, in one numbering, any one of which can be made to go wrong. */

import type { Hook } from './intercept'
import { operationOf, type S3OverBucket } from './s3-over-bucket'

/** What may happen to one call. Where it does not answer, only a time limit of the Worker ends the wait. */
export type Fault =
  /** It fails and has no effect. */
  | 'before'
  /** It takes effect, and fails. */
  | 'after'
  /** It and all after it fail and have no effect. */
  | 'down'
  /** The Worker is gone: neither this call nor anything after it happens. */
  | 'die'
  /** It does not answer and has no effect. */
  | 'hang'
  /** It takes effect and does not answer. */
  | 'lost'
  /** It does not answer, and takes effect once the Worker has. */
  | 'late'
  /** It does not answer, and takes effect after a retry and a sweep. */
  | 'later'
  /** D1 loses the connection, without effect and with it. */
  | 'transient-before'
  | 'transient-after'
  /** S3 answers 503, without effect. */
  | 'slow-down'
  /** S3 answers 500, having done it. */
  | 'broken'

/** Without an effect, all that can go wrong with it is that no answer comes. */
const reads = [
  ...['r2.head', 'r2.get', 'r2.list'],
  ...['s3.head', 's3.get', 's3.list', 's3.listParts', 's3.listMultiparts'],
]
const ofReads: readonly Fault[] = ['before', 'down', 'die', 'hang']

const everywhere: readonly Fault[] = ['before', 'after', 'down', 'die', 'hang', 'lost', 'late', 'later']

/** What may go wrong with the call `name`, such as `d1.batch`, `r2.put` or `s3.copy`. */
export function faultsOf(name: string): readonly Fault[] {
  if (name.startsWith('d1.')) return [...everywhere, 'transient-before', 'transient-after']
  const faults = reads.includes(name) ? ofReads : everywhere
  return name.startsWith('s3.') ? [...faults, 'slow-down', 'broken'] : faults
}

/** One piece of work of a Worker, and the one thing that goes wrong in it. */
export type Run = {
  /** The call that `fault` hits. */
  readonly fault: Fault | null
  readonly at: number
  /** The calls so far, in order. */
  readonly names: string[]
  isInjected: boolean
  /** How many calls are doing something at this moment. */
  underWay: number
  isDead: boolean
  readonly death: Promise<void>
  die(): void
  /** What is still to take effect. */
  readonly late: (() => Promise<unknown>)[]
}

export function createRun(fault: Fault | null = null, at = 0): Run {
  const { promise: death, resolve } = Promise.withResolvers<void>()
  return {
    fault,
    at,
    names: [],
    isInjected: false,
    underWay: 0,
    isDead: false,
    death,
    die() {
      this.isDead = true
      resolve()
    },
    late: [],
  }
}

type Work<T> = {
  name: string
  effect: () => Promise<T>
  /** Takes in what is being sent, without any effect, and returns the effect. Left out: nothing is streamed. */
  hold?: () => Promise<() => Promise<unknown>>
  /** Refuses without effect (`slow-down`), or in spite of it. */
  refuse?: (fault: 'slow-down' | 'broken') => T
  signal?: AbortSignal
}

const never = () => new Promise<never>(() => {})

/** Makes `call` in `run`. A dead Worker hears of nothing any more. */
async function perform<T>(run: Run, call: Work<T>): Promise<T> {
  if (run.isDead) return never()
  const index = run.names.push(call.name) - 1
  const isHit = run.fault === 'down' ? index >= run.at : index === run.at
  try {
    const result = await (isHit && run.fault !== null
      ? goWrong(run, call, run.fault)
      : busy(run, () => call.effect()))
    return run.isDead ? never() : result
  } catch (error) {
    if (run.isDead) return never()
    throw error
  }
}

async function busy<T>(run: Run, work: () => Promise<T>): Promise<T> {
  run.underWay++
  try {
    return await work()
  } finally {
    run.underWay--
  }
}

async function goWrong<T>(run: Run, call: Work<T>, fault: Fault): Promise<T> {
  const { name } = call
  run.isInjected = true
  const takeEffect = async () => {
    const result = await busy(run, () => call.effect())
    if (result instanceof Object && 'body' in result && result.body instanceof ReadableStream)
      await result.body.cancel()
  }
  switch (fault) {
    case 'before':
    case 'down':
      throw new Error(`injected: ${name} fails`)
    case 'after':
      await takeEffect()
      throw new Error(`injected: ${name} fails, having taken effect`)
    case 'die':
      run.die()
      return never()
    case 'lost':
      await takeEffect()
      return silence(call)
    case 'hang':
      return silence(call)
    case 'late':
    case 'later':
      run.late.push(call.hold ? await busy(run, call.hold) : () => call.effect())
      return silence(call)
    case 'transient-after':
      await takeEffect()
      throw new Error('D1_ERROR: Network connection lost.')
    case 'transient-before':
      throw new Error('D1_ERROR: Network connection lost.')
    case 'broken':
      await takeEffect()
      return refused(call, fault)
    case 'slow-down':
      return refused(call, fault)
  }
}

function refused<T>({ name, refuse }: Work<T>, fault: 'slow-down' | 'broken'): T {
  if (!refuse) throw new Error(`${name} cannot answer ${fault}`)
  return refuse(fault)
}

/** No answer; a request that is given up hears of that. */
function silence({ signal }: { signal?: AbortSignal }): Promise<never> {
  return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
}

/** Makes each call of an intercepted binding in the run under way. */
export function hookOf(current: () => Run): Hook {
  return ({ binding, name, args, make }) =>
    perform(current(), {
      name: `${binding}.${name}`,
      effect: () => make(),
      hold: async () => {
        const received = await Promise.all(
          args.map((arg) => (arg instanceof ReadableStream ? new Response(arg).arrayBuffer() : arg)),
        )
        return () => make(received)
      },
    })
}

/** A `fetch` of `request` from the S3 endpoint that is a call of `run`. */
export function callStore(s3: S3OverBucket, request: Request, run: Run): Promise<Response> {
  const { method, url, headers, signal } = request
  return perform(run, {
    name: operationOf(request),
    effect: () => s3.fetch(request),
    hold: async () => {
      const body = await request.arrayBuffer()
      return () => s3.fetch(new Request(url, { method, headers, ...(body.byteLength > 0 ? { body } : {}) }))
    },
    refuse: (fault) =>
      fault === 'slow-down'
        ? new Response('<Error><Code>SlowDown</Code></Error>', { status: 503 })
        : new Response('<Error><Code>InternalError</Code></Error>', { status: 500 }),
    signal,
  })
}
