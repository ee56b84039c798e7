/** Wrappers around the real bindings that measure what one invocation asks of them. */

import { type Call, interceptBucket, interceptDatabase, metasOf } from './intercept'

export type Meter = {
  /** Each statement of a batch counts, as it does for D1's limit of statements per invocation. */
  statements: number
  /** Calls to D1 and to the bucket. */
  subrequests: number
  rowsRead: number
  /** As D1 charges them: rows of tables and of indices. */
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
  return interceptDatabase(db, (call) => measure(call, meter))
}

/** `bucket`, all calls of which are measured by `meter`; also those of its multipart uploads. */
export function meterBucket(bucket: R2Bucket, meter: Meter): R2Bucket {
  return interceptBucket(bucket, (call) => measure(call, meter))
}

async function measure({ statements, make }: Call, meter: Meter): Promise<unknown> {
  meter.subrequests++
  meter.statements += statements.length
  for (const { sql, values } of statements) {
    meter.sqlBytesMax = Math.max(meter.sqlBytesMax, byteSize(sql))
    meter.parametersMax = Math.max(meter.parametersMax, values.length)
    meter.valueBytesMax = Math.max(meter.valueBytesMax, ...values.map(byteSize))
  }
  const result = await make()
  for (const { rows_read = 0, rows_written = 0 } of metasOf(result)) {
    meter.rowsRead += rows_read
    meter.rowsWritten += rows_written
  }
  return result
}
