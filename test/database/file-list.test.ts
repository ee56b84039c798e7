import { env } from 'cloudflare:workers'
import * as fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { type ResourceType, resourceTypes } from '../../src/core/associations/association'
import type { FileSelection, FoundPage } from '../../src/core/files/file-selection'
import type { SummaryPart } from '../../src/core/files/file-summary'
import type { MetadataTerm } from '../../src/core/files/metadata'
import type { FileId, OrganizationId } from '../../src/core/ids'
import { type ListOptions, listFiles } from '../../src/database/file-list'
import { seededId } from '../support/seed-files'
import { startWorker } from '../support/worker'

const acme = 'acme' as OrganizationId
const terms = ['a', 'b', 'c'].map((letter) => letter.repeat(16) as MetadataTerm)
const resourceIds = ['r1', 'r2']

type Seed = {
  status: 'ready' | 'failed' | 'error'
  terms: MetadataTerm[]
  ties: { type: ResourceType; id: string }[]
}

const seeds: fc.Arbitrary<Seed[]> = fc.array(
  fc.record({
    status: fc.constantFrom('ready', 'ready', 'ready', 'failed', 'error'),
    terms: fc.subarray(terms),
    ties: fc.subarray(resourceTypes.flatMap((type) => resourceIds.map((id) => ({ type, id })))),
  }),
  { minLength: 20, maxLength: 60 },
)

const selections: fc.Arbitrary<FileSelection> = fc.record({
  terms: fc.subarray(terms),
  status: fc.constantFrom(null, null, 'ready', 'failed', 'uploading'),
  resource: fc.option(
    fc.record({ type: fc.constantFrom(...resourceTypes), id: fc.constantFrom(null, ...resourceIds) }),
  ),
})

const hasBytes = ({ status }: Seed) => status === 'ready'

function matches(seed: Seed, { terms, status, resource }: FileSelection): boolean {
  // The index knows only files with bytes.
  if (terms.some((term) => !hasBytes(seed) || !seed.terms.includes(term))) return false
  if (status === null ? !hasBytes(seed) : seed.status !== status) return false
  return (
    resource === null ||
    seed.ties.some(({ type, id }) => type === resource.type && (resource.id === null || id === resource.id))
  )
}

async function write(files: readonly Seed[]): Promise<void> {
  const listed = JSON.stringify(
    files.map((seed, at) => ({ ...seed, id: seededId(at + 1), hasBytes: hasBytes(seed) })),
  )
  const tables = ['metadata_terms', 'associations', 'files']
  await env.DB.batch([
    ...tables.map((table) => env.DB.prepare(`DELETE FROM ${table}`)),
    env.DB.prepare(
      `INSERT INTO contents (id, organization_id, byte_size, extension, etag)
       VALUES (zeroblob(16), 'acme', 0, '', 'etag') ON CONFLICT DO NOTHING`,
    ),
    ...[
      `INSERT INTO files (id, organization_id, filename, content_type, metadata, terms, status, created_at)
       SELECT unhex(value ->> '$.id', '-'), 'acme', 'f', 'text/plain', '{}', value -> '$.terms', 'uploading', 0
       FROM json_each(?1)`,
      `UPDATE files SET status = j.value ->> '$.status',
         refusal = iif(j.value ->> '$.hasBytes', NULL, '{"code":"aborted"}'),
         content_id = iif(j.value ->> '$.hasBytes', zeroblob(16), NULL)
       FROM json_each(?1) j WHERE files.uuid = j.value ->> '$.id'`,
      `INSERT INTO metadata_terms (term, file_id)
       SELECT t.value, unhex(f.value ->> '$.id', '-') FROM json_each(?1) f, json_each(f.value, '$.terms') t
       WHERE f.value ->> '$.hasBytes'`,
      `INSERT INTO associations (organization_id, resource_type, resource_id, file_id, created_at)
       SELECT 'acme', t.value ->> '$.type', t.value ->> '$.id', unhex(f.value ->> '$.id', '-'), 0
       FROM json_each(?1) f, json_each(f.value, '$.ties') t`,
    ].map((sql) => env.DB.prepare(sql).bind(listed)),
  ])
}

describe('listFiles', () => {
  beforeEach(async () => {
    await startWorker().organization()
  })

  it('finds, page by page, exactly the files of the selection, however early its pages have to end', async () => {
    await fc.assert(
      fc.asyncProperty(
        seeds,
        fc.array(
          fc.record({
            selection: selections,
            limit: fc.integer({ min: 1, max: 7 }),
            // A selection has five conditions at the most.
            steps: fc.integer({ min: 5, max: 25 }),
            associations: fc.integer({ min: 4, max: 12 }),
            withAssociations: fc.boolean(),
            part: fc.constantFrom<SummaryPart>('metadata', 'state'),
          }),
          { minLength: 5, maxLength: 5 },
        ),
        async (files, asked) => {
          await write(files)
          for (const { selection, limit, steps, associations, withAssociations, part } of asked) {
            const expected = files
              .map((seed, at) => ({ seed, id: seededId(at + 1) }))
              .filter(({ seed }) => matches(seed, selection))
              .reverse()
            const found: { id: string; ties: number | null }[] = []
            let before: FileId | null = null
            let pageCount = 0
            do {
              const options: ListOptions<SummaryPart> = {
                before,
                limit,
                part,
                withAssociations,
                pendingMax: 5,
              }
              const page: FoundPage<SummaryPart> = await listFiles(env.DB, acme, selection, options, {
                steps,
                associations,
              })
              expect(page.files.length).toBeLessThanOrEqual(limit)
              const carried = page.files.flatMap(({ associations }) => associations ?? [])
              expect(carried.length).toBeLessThanOrEqual(associations)
              for (const { file, associations } of page.files)
                found.push({ id: file.id, ties: associations?.length ?? null })
              expect(page.next === null || before === null || page.next < before).toBe(true)
              before = page.next
              expect(++pageCount).toBeLessThan(200)
            } while (before !== null)
            expect(found).toEqual(
              expected.map(({ seed, id }) => ({ id, ties: withAssociations ? seed.ties.length : null })),
            )
          }
        },
      ),
      { numRuns: 40 },
    )
  }, 60_000)

  it('goes on behind what an index still names and is gone', async () => {
    await write(Array.from({ length: 9 }, () => ({ status: 'ready', terms, ties: [] })))
    await env.DB.prepare('DELETE FROM files WHERE uuid IN (?1, ?2, ?3)')
      .bind(seededId(9), seededId(5), seededId(1))
      .run()
    const ids: string[] = []
    let before: FileId | null = null
    do {
      const selection = { terms: terms.slice(0, 1), status: null, resource: null }
      const page: FoundPage<'metadata'> = await listFiles(env.DB, acme, selection, {
        before,
        limit: 2,
        part: 'metadata',
        withAssociations: false,
        pendingMax: 5,
      })
      ids.push(...page.files.map(({ file }) => file.id))
      before = page.next
    } while (before !== null)
    expect(ids).toEqual([8, 7, 6, 4, 3, 2].map(seededId))
  })
})
