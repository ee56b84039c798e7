/** The one way that tests come between the gateway and its bindings: to record calls, to measure them, to break them. */

/** A call of a binding that is about to be made. */
export type Call = {
  binding: 'd1' | 'r2'
  /** `batch`, `all`, `put`, `head` … */
  name: string
  args: readonly unknown[]
  /** What D1 is asked to run. */
  statements: readonly Statement[]
  /** Makes the call, with other arguments of the same kind where some are given. */
  make: (args?: readonly unknown[]) => Promise<unknown>
}

export type Statement = { sql: string; values: readonly unknown[] }

/** What is done in place of a call. */
export type Hook = (call: Call) => Promise<unknown>

/** `db`, of which `hook` makes every round trip. */
export function interceptDatabase(db: D1Database, hook: Hook): D1Database {
  const originals = new WeakMap<object, { original: D1PreparedStatement; statement: Statement }>()
  const wrap = (original: D1PreparedStatement, statement: Statement): D1PreparedStatement => {
    const proxy = new Proxy(original, {
      get(target, property) {
        if (property === 'bind')
          return (...values: unknown[]) => wrap(target.bind(...values), { ...statement, values })
        const member: unknown = Reflect.get(target, property, target)
        if (typeof member !== 'function') return member
        return (...args: unknown[]) =>
          hook({
            binding: 'd1',
            name: String(property),
            args,
            statements: [statement],
            make: async (given = args) => member.apply(target, given),
          })
      },
    })
    originals.set(proxy, { original, statement })
    return proxy
  }
  const found = (proxies: readonly D1PreparedStatement[]) =>
    proxies.map((proxy) => originals.get(proxy) ?? raise('a statement of another database'))
  return new Proxy(db, {
    get(target, property) {
      if (property === 'prepare') return (sql: string) => wrap(target.prepare(sql), { sql, values: [] })
      if (property === 'batch')
        return (proxies: D1PreparedStatement[]) =>
          hook({
            binding: 'd1',
            name: 'batch',
            args: [proxies],
            statements: found(proxies).map(({ statement }) => statement),
            make: () => target.batch(found(proxies).map(({ original }) => original)),
          })
      const member: unknown = Reflect.get(target, property, target)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

/** `bucket`, of which `hook` makes every call; also those of its multipart uploads. */
export function interceptBucket(bucket: R2Bucket, hook: Hook): R2Bucket {
  return interceptObject(bucket, hook)
}

function interceptObject<T extends object>(object: T, hook: Hook): T {
  return new Proxy(object, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property, target)
      if (typeof member !== 'function') return member
      // Not a call: it only makes a handle.
      if (property === 'resumeMultipartUpload')
        return (...args: unknown[]) => interceptObject(member.apply(target, args), hook)
      return (...args: unknown[]) =>
        hook({
          binding: 'r2',
          name: String(property),
          args,
          statements: [],
          make: async (given = args) => member.apply(target, given),
        })
    },
  })
}

/** What happens to a call: nothing special, a failure before it has any effect, or after it had it. */
export type Decision = 'none' | 'before' | 'after'

/** The calls of the bindings that were intercepted with it. */
export type Calls = Hook & {
  /** The name of each call, in order: `batch`, `all`, `put`, `head` … */
  names: string[]
  /** How many rows D1 says its statements have read. */
  rowsRead: number
  /** Decides about the call that is about to be made; it is number `names.length - 1`. */
  decide: (name: string, index: number) => Decision
}

export function recordCalls(decide: Calls['decide'] = () => 'none'): Calls {
  const hook: Hook = async ({ name, make }) => {
    calls.names.push(name)
    const decision = calls.decide(name, calls.names.length - 1)
    if (decision === 'before') throw new Error(`injected failure before ${name}`)
    const result = await make()
    for (const { rows_read = 0 } of metasOf(result)) calls.rowsRead += rows_read
    if (decision === 'after') throw new Error(`injected failure after ${name}`)
    return result
  }
  const calls: Calls = Object.assign(hook, { names: [], rowsRead: 0, decide })
  return calls
}

/** What D1 says of each statement that it ran; nothing where it does not say. */
export function metasOf(result: unknown): readonly Partial<D1Meta>[] {
  return ([result].flat() as (Partial<D1Result> | null)[]).map((one) => one?.meta ?? {})
}

function raise(message: string): never {
  throw new Error(message)
}
