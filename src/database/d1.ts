import { withTimeLimit } from '../core/time-limit'
import { databaseFailure, isTransient } from './d1-errors'
import type { RowsOf, Statement, Steps } from './statement'

/** D1 itself ends a query or a batch after 30 s. */
const answerLimitMs = 30_000

/** Waits before the second and the third try, each with as much again of jitter. */
const repeatAfterMs = [50, 250]

/**
 * Runs `steps` as one transaction, which D1's batch is: all of them or none. One round trip. For batches
 * that must not be repeated: what a lost answer said would be lost.
 */
export async function runBatch<const Batch extends Steps>(
  db: D1Database,
  operation: string,
  steps: Batch,
): Promise<RowsOf<Batch>> {
  const named = Object.entries(steps).flatMap(([name, step]) => (step === null ? [] : [{ name, step }]))
  try {
    const statements = named.map(({ step }) => step)
    const results = await withTimeLimit(answerLimitMs, () => db.batch(statements))
    const rows = new Map(named.map(({ name }, at) => [name, results[at]?.results ?? []]))
    return Object.fromEntries(Object.keys(steps).map((name) => [name, rows.get(name) ?? []])) as RowsOf<Batch>
  } catch (error) {
    throw databaseFailure(operation, error)
  }
}

/**
 * The same for batches that change nothing the second time and answer as they did the first. D1 repeats reads
 * by itself and writes never (D1, "Retry queries"); these are, up to twice, after the errors for which D1's
 * documentation says to.
 */
export async function runRepeatableBatch<const Batch extends Steps>(
  db: D1Database,
  operation: string,
  steps: Batch,
): Promise<RowsOf<Batch>> {
  return repeatedly(() => runBatch(db, operation, steps))
}

/** Repeats `call`, up to twice, after an error of D1 that may not come again. */
export async function repeatedly<T>(call: () => Promise<T>): Promise<T> {
  for (const waitMs of repeatAfterMs)
    try {
      return await call()
    } catch (error) {
      if (!isTransient(error)) throw error
      await new Promise((resolve) => setTimeout(resolve, waitMs * (1 + Math.random())))
    }
  return call()
}

/** The rows of one statement. One round trip. */
export async function readRows<Row>(operation: string, statement: Statement<Row>): Promise<Row[]> {
  try {
    return (await withTimeLimit(answerLimitMs, () => statement.all<Row>())).results
  } catch (error) {
    throw databaseFailure(operation, error)
  }
}

/** The first row of one statement, or null. One round trip. */
export async function readRow<Row>(operation: string, statement: Statement<Row>): Promise<Row | null> {
  return (await readRows(operation, statement))[0] ?? null
}
