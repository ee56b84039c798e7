import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cuadra, field, formBytes, type Part } from '../../support/cuadra'
import { expectInvariants } from '../../support/invariants'
import { bodyOf, objectKeys, rows, startWorker } from '../../support/worker'

const parts = fc.array(
  fc.oneof(
    fc.record({
      name: fc.constantFrom('file', 'file', 'file', 'thumb', ''),
      filename: fc.oneof(fc.constantFrom('a.txt', 'a.pdf', 'a', '', '..', '\u202e.txt'), fc.string()),
      type: fc.constantFrom('text/plain', 'application/octet-stream', 'application/pdf', 'x', 'image/png'),
      content: fc.oneof(
        fc.string(),
        fc.uint8Array({ maxLength: 100 }),
        fc.constant('%PDF-1.7'),
        fc.constant('\u0089PNG\r\n'),
      ),
      headers: fc.array(
        fc.oneof(
          fc.constantFrom(
            'X: y',
            'Content-Transfer-Encoding: base64',
            'Content-Disposition: form-data; name=file',
            'bad',
          ),
          fc.string(),
        ),
        { maxLength: 2 },
      ),
    }),
    fc.record({
      name: fc.constantFrom(
        'resource_type',
        'resource_id',
        'source_detail',
        'connector_metadata',
        '__proto__',
        'x',
      ),
      content: fc.oneof(
        fc.constantFrom('chat', 'dataset', 'c1', '{}', '{"a":1e400}', '[[[[[[[[]]]]]]]]', '"', '\u0000'),
        fc.string(),
        fc.uint8Array({ maxLength: 10 }),
      ),
    }),
  ),
  { maxLength: 6 },
)

const mutations = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('none' as const) }) },
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat() }),
  fc.record({ kind: fc.constant('flip' as const), at: fc.nat(), to: fc.nat(255) }),
  fc.record({ kind: fc.constant('garbage' as const), bytes: fc.uint8Array({ maxLength: 300 }) }),
)
type Mutation = (typeof mutations)['generate'] extends (...args: never[]) => { value: infer T } ? T : never

function mutate(bytes: Uint8Array<ArrayBuffer>, mutation: Mutation): Uint8Array<ArrayBuffer> {
  switch (mutation.kind) {
    case 'cut':
      return bytes.slice(0, mutation.at % bytes.length)
    case 'flip':
      return bytes.with(mutation.at % bytes.length, mutation.to)
    case 'garbage':
      return Uint8Array.from(mutation.bytes)
    default:
      return bytes
  }
}

describe('whatever form comes', () => {
  it('is 201 or 4xx, and what is not 201 leaves no file, upload, association or object', async () => {
    const worker = startWorker()
    const api = cuadra(worker, await worker.organization())
    let made = 0
    let files = 0
    await fc.assert(
      fc.asyncProperty(parts, mutations, fc.boolean(), async (some, mutation, valid) => {
        const all: Part[] = valid
          ? [
              ...some.filter(({ name }) => name !== 'file'),
              { name: 'file', filename: 'a.txt', type: 'text/plain', content: 'x' },
            ]
          : some
        const answer = await api.send(mutate(formBytes(all), mutation))
        const body = await bodyOf(answer)
        expect(
          answer.status === 201 || (answer.status >= 400 && answer.status < 500),
          JSON.stringify(body),
        ).toBe(true)
        if (answer.status === 201) {
          made++
          expect((await api.get(body.id, '?expand[]=associations')).status).toBe(200)
          expect((await api.content(body.id, '?redirect=false')).status).toBe(200)
        }
        files = (await rows('SELECT uuid AS id FROM files')).length
        expect(files).toBe(made)
        expect(await rows('SELECT file_id FROM uploads')).toEqual([])
      }),
      { numRuns: 400 },
    )
    expect(made, 'forms that were accepted').toBeGreaterThan(20)
    expect(
      await rows('SELECT file_id FROM associations WHERE file_id NOT IN (SELECT id FROM files)'),
    ).toEqual([])
    const contents = await rows('SELECT id FROM contents')
    expect(await objectKeys()).toHaveLength(contents.length)
    await expectInvariants({ swept: true })
  })

  it('is never 5xx to associate, list and get whatever strings come', async () => {
    const worker = startWorker()
    const api = cuadra(worker, await worker.organization())
    const id = await api.stored('hello', field('source_detail', 'x'))
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('chat', '__proto__', '\ud800'),
    )
    await fc.assert(
      fc.asyncProperty(text, text, fc.jsonValue(), async (one, other, json) => {
        const answers = [
          await api.associate(id, one, other),
          await api.associate(id, 'chat', other),
          await api.call('POST', `/${id}/associations`, { json }),
          await api.list({ [one]: other, cursor: one, limit: other }),
          await api.list({ statusFilter: one, resourceType: 'chat', resourceId: other }),
          await api.list({ resourceType: 'chat', resourceId: other }),
          await api.get(encodeURIComponent(one.toWellFormed())),
          await api.dissociate(id, 'chat', other.toWellFormed()),
        ]
        for (const { status } of answers) expect(status).toBeLessThan(500)
      }),
      { numRuns: 150 },
    )
  })
})
