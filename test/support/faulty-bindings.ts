/** Wrappers around the real bindings that count calls, or make them fail on purpose. */

/** What happens to a call: nothing special, a failure before it has any effect, or after it had it. */
export type Fault = 'none' | 'before' | 'after'

export type Calls = {
  /** The name of each call, in order: `batch`, `all`, `put`, `head` … */
  names: string[]
  /** How many rows D1 says its statements have read. */
  rowsRead: number
  /** Decides about the call that is about to be made; it is number `names.length - 1`. */
  decide: (name: string, index: number) => Fault
}

export function recordCalls(decide: Calls['decide'] = () => 'none'): Calls {
  return { names: [], rowsRead: 0, decide }
}

async function intercept<T>(calls: Calls, name: string, call: () => Promise<T>): Promise<T> {
  calls.names.push(name)
  const fault = calls.decide(name, calls.names.length - 1)
  if (fault === 'before') throw new Error(`injected failure before ${name}`)
  const result = await call()
  for (const one of [result].flat()) calls.rowsRead += rowsReadOf(one)
  if (fault === 'after') throw new Error(`injected failure after ${name}`)
  return result
}

function rowsReadOf(result: unknown): number {
  const meta = typeof result === 'object' && result !== null && 'meta' in result ? result.meta : null
  return typeof meta === 'object' && meta !== null && 'rows_read' in meta ? Number(meta.rows_read) : 0
}

/** `db`, every round trip of which is recorded in `calls`. */
export function interceptDatabase(db: D1Database, calls: Calls): D1Database {
  const wrapped = new WeakMap<D1PreparedStatement, D1PreparedStatement>()
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement => {
    const proxy = new Proxy(statement, {
      get(target, name) {
        if (name === 'bind') return (...values: unknown[]) => wrap(target.bind(...values))
        const member: unknown = Reflect.get(target, name, target)
        if (typeof member !== 'function') return member
        return (...args: unknown[]) => intercept(calls, String(name), () => member.apply(target, args))
      },
    })
    wrapped.set(proxy, statement)
    return proxy
  }
  return new Proxy(db, {
    get(target, name) {
      if (name === 'prepare') return (sql: string) => wrap(target.prepare(sql))
      if (name === 'batch')
        return (statements: D1PreparedStatement[]) =>
          intercept(calls, 'batch', () =>
            target.batch(statements.map((statement) => wrapped.get(statement) ?? statement)),
          )
      const member: unknown = Reflect.get(target, name, target)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

/** `bucket`, every call of which is recorded in `calls`; also those of its multipart uploads. */
export function interceptBucket(bucket: R2Bucket, calls: Calls): R2Bucket {
  return new Proxy(bucket, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      // Not a call: it only makes a handle.
      if (name === 'resumeMultipartUpload')
        return (key: string, id: string) => interceptMethods(target.resumeMultipartUpload(key, id), calls)
      return (...args: unknown[]) => intercept(calls, String(name), async () => member.apply(target, args))
    },
  })
}

function interceptMethods<T extends object>(object: T, calls: Calls): T {
  return new Proxy(object, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      return (...args: unknown[]) => intercept(calls, String(name), async () => member.apply(target, args))
    },
  })
}
