import { withTimeLimit } from '../core/time-limit'
import { databaseFailure, isTransient } from './d1-errors'

/** D1 itself ends a query or a batch after 30 s. */
const answerLimitMs = 30_000

/** Waits before the second and the third try, each with as much again of jitter. */
const repeatAfterMs = [50, 250]

type Results = D1Result<Record<string, unknown>>[]

/**
 * Runs `statements` as one transaction, which D1's batch is: all of them or none. One round trip. For batches
 * that must not be repeated: what a lost answer said would be lost.
 */
export async function runBatch(
  db: D1Database,
  operation: string,
  statements: readonly D1PreparedStatement[],
): Promise<Results> {
  try {
    return await withTimeLimit(answerLimitMs, () => db.batch<Record<string, unknown>>([...statements]))
  } catch (error) {
    throw databaseFailure(operation, error)
  }
}

/**
 * The same for batches that change nothing the second time and answer as they did the first. D1 repeats reads
 * by itself and writes never (D1, "Retry queries"); these are, up to twice, after the errors for which D1's
 * documentation says to.
 */
export async function runRepeatableBatch(
  db: D1Database,
  operation: string,
  statements: readonly D1PreparedStatement[],
): Promise<Results> {
  for (const waitMs of repeatAfterMs)
    try {
      return await runBatch(db, operation, statements)
    } catch (error) {
      if (!isTransient(error)) throw error
      await new Promise((resolve) => setTimeout(resolve, waitMs * (1 + Math.random())))
    }
  return runBatch(db, operation, statements)
}

/** The rows of one statement. One round trip. */
export async function readRows<Row>(operation: string, statement: D1PreparedStatement): Promise<Row[]> {
  try {
    return (await withTimeLimit(answerLimitMs, () => statement.all<Row>())).results
  } catch (error) {
    throw databaseFailure(operation, error)
  }
}

/** The first row of one statement, or null. One round trip. */
export async function readRow<Row>(operation: string, statement: D1PreparedStatement): Promise<Row | null> {
  return (await readRows<Row>(operation, statement))[0] ?? null
}

/** The rows that statement `index` of a batch returned. */
export function rowsOf<Row>(results: readonly D1Result<Record<string, unknown>>[], index: number): Row[] {
  return (results.at(index)?.results ?? []) as Row[]
}
