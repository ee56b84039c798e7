/** Wrappers around the real bindings that measure what one invocation asks of them. */

export type Meter = {
  /** Each statement of a batch counts, as it does for D1's limit of statements per invocation. */
  statements: number
  /** Calls to D1 and to the bucket. */
  subrequests: number
  rowsRead: number
  rowsWritten: number
  /** The most that any statement had: bound parameters, bytes of SQL, bytes of one parameter. */
  parametersMax: number
  sqlBytesMax: number
  valueBytesMax: number
}

export function newMeter(): Meter {
  return {
    statements: 0,
    subrequests: 0,
    rowsRead: 0,
    rowsWritten: 0,
    parametersMax: 0,
    sqlBytesMax: 0,
    valueBytesMax: 0,
  }
}

const byteSize = (value: unknown) => (typeof value === 'string' ? new TextEncoder().encode(value).length : 8)

/** `db`, all calls of which are measured by `meter`. */
export function meterDatabase(db: D1Database, meter: Meter): D1Database {
  const wrapped = new WeakMap<D1PreparedStatement, D1PreparedStatement>()
  const run = async <T>(statements: number, call: () => Promise<T>): Promise<T> => {
    meter.subrequests++
    meter.statements += statements
    const result = await call()
    for (const one of [result].flat() as Partial<D1Result>[]) {
      meter.rowsRead += one?.meta?.rows_read ?? 0
      meter.rowsWritten += one?.meta?.rows_written ?? 0
    }
    return result
  }
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement => {
    const proxy = new Proxy(statement, {
      get(target, name) {
        if (name === 'bind')
          return (...values: unknown[]) => {
            meter.parametersMax = Math.max(meter.parametersMax, values.length)
            meter.valueBytesMax = Math.max(meter.valueBytesMax, ...values.map(byteSize))
            return wrap(target.bind(...values))
          }
        const member: unknown = Reflect.get(target, name, target)
        if (typeof member !== 'function') return member
        return (...args: unknown[]) => run(1, () => member.apply(target, args))
      },
    })
    wrapped.set(proxy, statement)
    return proxy
  }
  return new Proxy(db, {
    get(target, name) {
      if (name === 'prepare')
        return (sql: string) => {
          meter.sqlBytesMax = Math.max(meter.sqlBytesMax, byteSize(sql))
          return wrap(target.prepare(sql))
        }
      if (name === 'batch')
        return (statements: D1PreparedStatement[]) =>
          run(statements.length, () =>
            target.batch(statements.map((statement) => wrapped.get(statement) ?? statement)),
          )
      const member: unknown = Reflect.get(target, name, target)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

/** `bucket`, all calls of which are measured by `meter`; also those of its multipart uploads. */
export function meterBucket(bucket: R2Bucket, meter: Meter): R2Bucket {
  const metered = <T extends object>(object: T): T =>
    new Proxy(object, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target)
        if (typeof member !== 'function') return member
        // Not a call: it only makes a handle.
        if (name === 'resumeMultipartUpload')
          return (...args: unknown[]) => metered(member.apply(target, args))
        return (...args: unknown[]) => {
          meter.subrequests++
          return member.apply(target, args)
        }
      },
    })
  return metered(bucket)
}
