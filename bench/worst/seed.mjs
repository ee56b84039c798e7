// Many files for lists and filters: a few are uploaded as a client does, and their rows are copied in the database,
// whatever columns these have.

/** How many fields every file has, each with the same value but one, which is another for each of the templates. */
export const fieldCount = 16

/** The metadata of template `index`: of the fields that `almostAll` asks for it has all but one. */
export function metadataOf(index) {
  const almost = Array.from({ length: fieldCount }, (_, at) => [`almost${at}`, at === index ? 'no' : 'yes'])
  const always = Array.from({ length: fieldCount }, (_, at) => [`always${at}`, 'yes'])
  return Object.fromEntries([...almost, ...always])
}

/** A filter of 16 conditions, of which every file meets 15 and none meets all. */
export const almostAll = Object.fromEntries(
  Array.from({ length: fieldCount }, (_, at) => [`almost${at}`, 'yes']),
)
/** A filter of 16 conditions that every file meets. */
export const all = Object.fromEntries(Array.from({ length: fieldCount }, (_, at) => [`always${at}`, 'yes']))

const copiesPerStatement = 500

/** Copies the files of acme with the ids `templates`, in turn, until there are `count` more, with their terms and associations. */
export async function copyFiles(database, templates, count) {
  for (let from = 0; from < count; from += copiesPerStatement) {
    const numbers = `WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${Math.min(from + copiesPerStatement, count) - 1})`
    const copied = "unhex(printf('01900000-0000-7000-8000-%012x', i), '-')"
    const template = `unhex(json_extract(?1, '$[' || (i % ${templates.length}) || ']'), '-')`
    const copy = async (table, id) => {
      const columns = await columnsOf(database, table)
      const begun = { [id]: copied, status: "'uploading'", content_id: 'NULL' }
      const values = columns.map((column) => begun[column] ?? `t.${column}`)
      return `${numbers} INSERT INTO ${table} (${columns}) SELECT ${values}
        FROM n CROSS JOIN ${table} t ON t.organization_id = 'acme' AND t.${id} = ${template}`
    }
    const statements = [
      await copy('files', 'id'),
      await copy('associations', 'file_id'),
      `${numbers} INSERT INTO metadata_terms (term, file_id)
       SELECT terms.value, ${copied} FROM n CROSS JOIN files t ON t.organization_id = 'acme' AND t.id = ${template}
         CROSS JOIN json_each(t.terms) terms`,
      `${numbers} UPDATE files SET status = t.status, content_id = t.content_id
       FROM n CROSS JOIN files t
       WHERE t.organization_id = 'acme' AND t.id = ${template}
         AND files.organization_id = 'acme' AND files.id = ${copied}`,
    ]
    await database.batch(statements.map((sql) => database.prepare(sql).bind(JSON.stringify(templates))))
  }
  // Which their uploads would have done.
  await database
    .prepare(
      'UPDATE organizations SET file_count = (SELECT count(*) FROM files WHERE organization_id = organizations.id)',
    )
    .run()
}

/** Gives each of these files of `organization` `count` associations with resources of long names. */
export async function associate(database, organization, fileIds, count) {
  const columns = await columnsOf(database, 'associations')
  const values = columns.map((column) =>
    column === 'resource_id' ? "printf('%s-%0230d', t.resource_id, i)" : `t.${column}`,
  )
  for (const id of fileIds)
    await database
      .prepare(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
         INSERT INTO associations (${columns})
         SELECT ${values} FROM n CROSS JOIN (
           SELECT * FROM associations WHERE organization_id = ?1 AND file_id = unhex(?2, '-') LIMIT 1) t`,
      )
      .bind(organization, id)
      .run()
}

async function columnsOf(database, table) {
  const { results } = await database.prepare(`PRAGMA table_info(${table})`).all()
  return results.map(({ name }) => name)
}
