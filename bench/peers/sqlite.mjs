/**
 * SQLite in the process, by better-sqlite3 where it was built for this Node, else by Node's own module; `name` says which.
 * Both have the same `exec`, `prepare` and `run`.
 */
export async function openDatabase(path) {
  try {
    const { default: Database } = await import('better-sqlite3')
    return { name: 'better-sqlite3', database: new Database(path) }
  } catch {
    const { DatabaseSync } = await import('node:sqlite')
    return { name: 'node:sqlite', database: new DatabaseSync(path) }
  }
}
