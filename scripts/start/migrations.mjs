// The migrations as `wrangler d1 migrations apply` does them: by name, each once, noted in d1_migrations. And of which
// text each was, as long as migrations are edited in place.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { unstable_splitSqlQuery as splitSqlQuery } from 'wrangler'

const createTables = [
  `CREATE TABLE IF NOT EXISTS d1_migrations (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
  )`,
  'CREATE TABLE IF NOT EXISTS migration_texts (name TEXT PRIMARY KEY, sha256 TEXT NOT NULL) STRICT',
]

/** A migration that `wrangler` itself has applied has no text here. */
const selectApplied = 'SELECT name, sha256 FROM d1_migrations LEFT JOIN migration_texts USING (name)'

/** What a database has of `migrations` was made by other ones, or by another text of them. */
export class OtherSchema extends Error {}

/** The migrations in `folder`, in their order. */
export function migrationsIn(folder) {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => {
      const text = readFileSync(join(folder, name), 'utf8')
      return { name, text, sha256: hashOf(text) }
    })
}

/** Of the text without its comments and its layout, which change nothing. */
function hashOf(text) {
  const statements = text.replace(/--.*$/gm, '').replace(/\s+/g, ' ').trim()
  return createHash('sha256').update(statements).digest('hex')
}

/**
 * Whether a SQLite file of a local D1 has all of these migrations. A file that does not say so may have them all
 * the same: `applyMigrations` asks the database itself.
 */
export function hasMigrations(database, migrations) {
  try {
    return missingOf(migrations, database.prepare(selectApplied).all()).length === 0
  } catch {
    return false
  }
}

/**
 * Applies what `database`, a D1 binding, does not have of `migrations`, each in a transaction with the note that it was
 * applied. Throws `OtherSchema` when what it has is something else, and an error with the name of the migration that
 * fails; those before it stay applied.
 */
export async function applyMigrations(database, migrations) {
  await database.batch(createTables.map((sql) => database.prepare(sql)))
  const { results } = await database.prepare(selectApplied).all()
  for (const { name, text, sha256 } of missingOf(migrations, results))
    try {
      await database.batch([
        ...splitSqlQuery(text).map((sql) => database.prepare(sql)),
        database.prepare('INSERT INTO d1_migrations (name) VALUES (?)').bind(name),
        database.prepare('INSERT INTO migration_texts (name, sha256) VALUES (?, ?)').bind(name, sha256),
      ])
    } catch (cause) {
      throw new Error(`the migration ${name} could not be applied: ${cause.message}`, { cause })
    }
}

/** Those of `migrations` that are not among `applied`. Throws `OtherSchema` when these are not all known, as they are. */
function missingOf(migrations, applied) {
  const texts = new Map(migrations.map(({ name, sha256 }) => [name, sha256]))
  const other = applied.find(({ name, sha256 }) => texts.get(name) !== sha256)
  if (other !== undefined) throw new OtherSchema(other.name)
  const names = new Set(applied.map(({ name }) => name))
  return migrations.filter(({ name }) => !names.has(name))
}
