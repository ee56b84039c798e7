import { databaseFailure } from './d1-errors'

/** Runs `statements` as one transaction, which D1's batch is: all of them or none. One round trip. */
export async function runBatch(
  db: D1Database,
  operation: string,
  statements: readonly D1PreparedStatement[],
): Promise<D1Result<Record<string, unknown>>[]> {
  try {
    return await db.batch<Record<string, unknown>>([...statements])
  } catch (error) {
    throw databaseFailure(operation, error)
  }
}

/** The rows of one statement. One round trip. */
export async function readRows<Row>(operation: string, statement: D1PreparedStatement): Promise<Row[]> {
  try {
    return (await statement.all<Row>()).results
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
