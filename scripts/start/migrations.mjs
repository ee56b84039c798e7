// The migrations as `wrangler d1 migrations apply` does them: by name, each once, noted in d1_migrations.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { unstable_splitSqlQuery as splitSqlQuery } from 'wrangler'

const createTable = `CREATE TABLE IF NOT EXISTS d1_migrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`

/** The migrations in `folder`, in their order. */
export function migrationsIn(folder) {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
}

/**
 * Whether a SQLite file of a local D1 has all of these migrations. A file that does not say so may have them all
 * the same: `applyMigrations` asks the database itself.
 */
export function hasMigrations(database, names) {
  try {
    const applied = new Set(
      database
        .prepare('SELECT name FROM d1_migrations')
        .all()
        .map(({ name }) => name),
    )
    return names.every((name) => applied.has(name))
  } catch {
    return false
  }
}

/**
 * Applies what `database`, a D1 binding, does not have of the migrations in `folder`, each in a transaction with the
 * note that it was applied. Throws with the name of the one that fails; those before it stay applied.
 */
export async function applyMigrations(database, folder) {
  await database.prepare(createTable).run()
  const { results } = await database.prepare('SELECT name FROM d1_migrations').all()
  const applied = new Set(results.map(({ name }) => name))
  for (const name of migrationsIn(folder).filter((name) => !applied.has(name)))
    try {
      await database.batch([
        ...splitSqlQuery(readFileSync(join(folder, name), 'utf8')).map((sql) => database.prepare(sql)),
        database.prepare('INSERT INTO d1_migrations (name) VALUES (?)').bind(name),
      ])
    } catch (cause) {
      throw new Error(`the migration ${name} could not be applied: ${cause.message}`, { cause })
    }
}
