import { describe, expect, it } from 'vitest'
import { cuadra, field, textFile } from '../support/cuadra'
import { quantcdn } from '../support/quantcdn'
import { bodyOf, rows, startWorker } from '../support/worker'

const json = { 'content-type': 'application/json' }

/** How each API takes an object of the caller's, as text, and how it names it in a refusal. */
async function start() {
  const worker = startWorker()
  const token = await worker.organization()
  const post = (path: string, body: string) => worker.call('POST', path, { token, headers: json, body })
  return {
    quantcdn: {
      send: (text: string) =>
        quantcdn(worker, token).uploadRaw(
          `{"content":"","contentType":"text/plain","metadata":${text}}`,
          json,
        ),
      about: async (answer: Response) => [answer.status, (await bodyOf(answer)).details[0].field],
      refused: [400, 'metadata'],
    },
    'direct upload': {
      send: (text: string) =>
        post(
          '/api/v1/upload/direct',
          `{"blob":{"filename":"a","content_type":"text/plain","byte_size":1,"checksum":"XUFAKrxLKna5cZ2REBfFkg==","metadata":${text}}}`,
        ),
      about: async (answer: Response) => [
        answer.status,
        (await bodyOf(answer)).detail[0].loc.slice(1).join('.'),
      ],
      refused: [422, 'blob.metadata'],
    },
    uploads: {
      send: (text: string) =>
        post('/v1/uploads', `{"filename":"a","contentType":"text/plain","size":1,"metadata":${text}}`),
      about: async (answer: Response) => [answer.status, (await bodyOf(answer)).errors[0].field],
      refused: [400, 'metadata'],
    },
    cuadra: {
      send: (text: string) =>
        cuadra(worker, token).upload([field('connector_metadata', text), textFile('x')]),
      about: async (answer: Response) => [answer.status, (await bodyOf(answer)).errors[0].field],
      refused: [400, 'connector_metadata'],
    },
  }
}

const dialects = ['quantcdn', 'direct upload', 'uploads', 'cuadra'] as const
const deep = (levels: number) => `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`

describe.each(dialects)('what a caller says of a file, in %s', (dialect) => {
  it.each([
    ['six levels', deep(5)],
    ['20 levels', deep(20)],
    ['a whole number of too many digits', '{"post":1546130668394913822}'],
    ['one deep inside', '{"a":[{"b":-9007199254740993}]}'],
    ['a number beyond a double', '{"a":1e400}'],
    ['more than 8 KiB', `{"a":"${'x'.repeat(8192)}"}`],
    ['more than 8 KiB of nothing', `{"a":[${'0,'.repeat(5000)}0]}`],
  ])('is refused with %s, by its name, and nothing is kept', async (_, text) => {
    const { send, about, refused } = (await start())[dialect]
    expect(await about(await send(text))).toEqual(refused)
    expect(await rows('SELECT uuid AS id FROM files')).toEqual([])
  })

  it.each([1000, 3000, 30_000])(
    'is refused %i levels deep, whatever the stack has room for',
    async (levels) => {
      const { send, refused } = (await start())[dialect]
      for (const text of [deep(levels), `{"n":12345678901234567890,${deep(levels).slice(1)}`])
        expect((await send(text)).status).toBe(refused[0])
      expect(await rows('SELECT uuid AS id FROM files')).toEqual([])
    },
  )

  it('is taken with whole numbers up to 2^53 - 1, longer ones as text, and doubles', async () => {
    const { send } = (await start())[dialect]
    const text = '{"a":9007199254740991,"b":"1546130668394913822","c":6.02e23,"d":0.1}'
    expect((await send(text)).status).toBeLessThan(300)
    const [file] = await rows<{ metadata: string; connector_metadata: string | null }>(
      'SELECT metadata, connector_metadata FROM files',
    )
    const kept = JSON.parse(file?.connector_metadata ?? file?.metadata ?? '')
    expect(kept).toMatchObject({ a: 9007199254740991, b: '1546130668394913822', c: 6.02e23, d: 0.1 })
  })
})

describe.each(['quantcdn', 'direct upload', 'uploads'] as const)('metadata, in %s', (dialect) => {
  const values = (count: number) => JSON.stringify({ a: Array.from({ length: count }, (_, index) => index) })

  it('has 64 values that a filter can ask for, besides what kind of file it is; not one more', async () => {
    const { send, about, refused } = (await start())[dialect]
    expect(await about(await send(values(65)))).toEqual(refused)
    expect(await rows('SELECT uuid AS id FROM files')).toEqual([])
    expect((await send(values(64))).status).toBeLessThan(300)
    expect(await rows('SELECT json_array_length(terms) AS n FROM files')).toEqual([{ n: 65 }])
  })
})

describe('a filter', () => {
  it.each([
    [deep(3000), 'filter.a'],
    ['{"post":1546130668394913822}', 'filter.post'],
    ['{"post":[1,-9007199254740993]}', 'filter.post'],
    ['{"n":1e400}', 'filter.n'],
  ])('is refused as %.40s, by its name', async (filter, name) => {
    const worker = startWorker()
    const answer = await quantcdn(worker, await worker.organization()).list({ filter })
    expect([answer.status, (await bodyOf(answer)).details[0].field]).toEqual([400, name])
  })
})
