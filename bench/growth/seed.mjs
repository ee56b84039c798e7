// Writes files of organization acme with all the rows that the gateway leaves of files whose uploads are over. All SQL
// about the schema that the growth bench has is here.
import { createHash } from 'node:crypto'

const filesPerBatch = 5_000
const firstMs = 1_700_000_000_000
const colors = ['red', 'green', 'blue', 'white', 'black']
/** Each value of `rare` is that of ten files, which are spread over all. */
const filesPerRareValue = 10

/** The id of file `index`, as the API has it: older files first, a second apart. */
export function idOf(index) {
  const ms = (firstMs + index * 1000).toString(16).padStart(12, '0')
  return `${ms.slice(0, 8)}-${ms.slice(8)}-7000-8000-${index.toString(16).padStart(12, '0')}`
}

/** The cursor of the page that begins after file `index`. */
export function cursorAt(index) {
  return Buffer.from(idOf(index).replaceAll('-', ''), 'hex').toString('base64url')
}

/** Five fields, of which `tags` has two values and `left` or `right` is there: seven terms with `artifactType`. */
export function metadataOf(index, count) {
  return {
    color: colors[index % colors.length],
    half: index % 2 === 0,
    [index % 2 === 0 ? 'left' : 'right']: true,
    rare: `r${index % Math.ceil(count / filesPerRareValue)}`,
    tags: [`t${index % 20}`, 'all'],
    artifactType: 'document',
  }
}

/** Writes `count` files. Answers the bytes of the database for each. */
export async function seed(database, count) {
  const before = await sizeOf(database)
  const triggers = await dropTriggers(database)
  const knownTerms = new Map()
  const termOf = (field, value) => {
    const fact = JSON.stringify(['acme', field, value])
    if (!knownTerms.has(fact)) knownTerms.set(fact, hashOf(fact))
    return knownTerms.get(fact)
  }
  for (let from = 0; from < count; from += filesPerBatch) {
    const rows = []
    for (let index = from; index < Math.min(count, from + filesPerBatch); index++) {
      const metadata = metadataOf(index, count)
      const terms = Object.entries(metadata).flatMap(([field, values]) =>
        [values].flat().map((value) => termOf(field, value)),
      )
      rows.push([idOf(index), index, JSON.stringify(metadata), JSON.stringify(terms), firstMs + index * 1000])
    }
    const parameter = JSON.stringify(rows)
    await database.batch(statements.map((sql) => database.prepare(sql).bind(parameter)))
  }
  // What the triggers would have done.
  await database
    .prepare(
      `UPDATE organizations SET file_count = file_count + ?1, used_bytes = used_bytes + 1024 * ?1 WHERE id = 'acme'`,
    )
    .bind(count)
    .run()
  await database.batch(triggers.map(({ sql }) => database.prepare(sql)))
  return ((await sizeOf(database)) - before) / count
}

const row = `(SELECT unhex(value ->> 0, '-') AS file_id, value ->> 1 AS number, value ->> 2 AS metadata, value ->> 3 AS terms,
  value ->> 4 AS created_at FROM json_each(?1))`

/** The rows of a batch of files. Hashes are random, as those of bytes are: in an index they are not side by side. */
const statements = [
  `INSERT INTO contents (organization_id, id, sha256, byte_size, extension, etag)
   SELECT 'acme', file_id, randomblob(32), 1024, '.txt', 'd41d8cd98f00b204e9800998ecf8427e' FROM ${row}`,
  `INSERT INTO files (organization_id, id, filename, content_type, metadata, terms, status, content_id, created_at)
   SELECT 'acme', file_id, 'file-' || number || '.txt', 'text/plain', metadata, terms, 'ready', file_id, created_at FROM ${row}`,
  `INSERT INTO metadata_terms (term, file_id) SELECT t.value, r.file_id FROM ${row} r CROSS JOIN json_each(r.terms) t`,
  `INSERT INTO associations (organization_id, resource_type, resource_id, file_id, created_at)
   SELECT 'acme', 'chat', 'chat_' || (number % 20), file_id, created_at FROM ${row}`,
]

/** A row of `metadata_terms` for a fact: see src/core/files/metadata.ts. */
function hashOf(fact) {
  return createHash('sha256').update(fact).digest().subarray(0, 12).toString('base64url')
}

/** Without them a million files take a quarter of the time. */
async function dropTriggers(database) {
  const { results } = await database
    .prepare("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    .all()
  await database.batch(results.map(({ name }) => database.prepare(`DROP TRIGGER ${name}`)))
  return results
}

async function sizeOf(database) {
  return (await database.prepare('SELECT 1').all()).meta.size_after
}
