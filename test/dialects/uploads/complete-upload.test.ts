import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { sha256Of } from '../../../src/core/ids'
import { bytesOf } from '../../storage/object-store-contract'
import { interceptDatabase, recordCalls } from '../../support/intercept'
import { expectInvariants } from '../../support/invariants'
import { pngBytes } from '../../support/quantcdn'
import { listingStores, muteStores, r2, s3, startOver, stores } from '../../support/start-over'
import { binary, type NamedPart, partBytes, put, putParts, twoParts, uploads } from '../../support/uploads'
import { bodyOf, objectKeys, rows } from '../../support/worker'

const bytes = bytesOf(twoParts)
const threeParts = 2 * partBytes + 3
const bytesOfThree = bytesOf(threeParts)
const week = 7 * 24 * 3_600_000

const unquoted = (parts: readonly NamedPart[]) =>
  parts.map(({ partNumber, etag }) => ({ partNumber, etag: etag.replaceAll('"', '') }))
const detailOf = async (answer: Response) => (await bodyOf(answer)).detail as string

async function expectOneFile(): Promise<void> {
  expect(await rows("SELECT uuid AS id FROM files WHERE status = 'ready'")).toHaveLength(1)
  expect(await rows('SELECT id FROM contents')).toHaveLength(1)
  expect(await objectKeys()).toHaveLength(1)
  expect(await rows('SELECT reserved_bytes, pending_uploads FROM organizations')).toEqual([
    { reserved_bytes: 0, pending_uploads: 0 },
  ])
  await expectInvariants({ swept: true })
}

describe('POST /v1/uploads/{id}/complete', () => {
  it.each(stores)('makes a file of parts, whatever order they came in: $name', async (store) => {
    const { api, worker, token, multiparts } = await startOver(store)
    const { id, parts } = await api.inParts(threeParts, { filename: 'film.bin' })
    const named = await putParts([parts[2], parts[0], parts[1]], bytesOfThree)
    const answer = await api.complete(id, store.lists ? undefined : named)
    expect(answer.status).toBe(200)
    expect(await bodyOf(answer)).toEqual({
      id,
      filename: 'film.bin',
      contentType: 'application/octet-stream',
      sizeBytes: threeParts,
      sha256: await sha256Of(bytesOfThree),
      isDuplicate: false,
      storageCharged: threeParts,
      status: 'ready',
      createdAt: expect.any(String),
      processedAt: expect.any(String),
      processingStatus: null,
      source: 'api',
      sourceDetail: null,
      connectorMetadata: null,
    })
    expect(multiparts()).toEqual([])
    const content = await worker.call('GET', `/v1/files/${id}/content?redirect=false`, { token })
    expect(await sha256Of(new Uint8Array(await content.arrayBuffer()))).toBe(await sha256Of(bytesOfThree))
    await expectOneFile()
  })

  it.each(stores)(
    'takes ETags as the store wrote them, with or without quotes, in any order: $name',
    async (store) => {
      const { api } = await startOver(store)
      for (const write of [
        (parts: NamedPart[]) => parts,
        unquoted,
        (parts: NamedPart[]) => [...parts].reverse(),
      ]) {
        const { id, parts } = await api.inParts()
        const named = await putParts(parts, bytes)
        expect((await api.complete(id, write(named))).status).toBe(200)
      }
    },
  )

  it.each(stores)('gives the same answer again and again: $name', async (store) => {
    const { api, asked } = await startOver(store)
    const { id, parts } = await api.inParts()
    const named = await putParts(parts, bytes)
    const first = await bodyOf(await api.complete(id, named))
    asked.length = 0
    for (const again of [named, undefined, [], [{ partNumber: 1, etag: 'x' }]]) {
      const answer = await api.complete(id, again)
      expect(answer.status).toBe(200)
      expect(await bodyOf(answer)).toEqual(first)
    }
    expect(asked, 'nothing more is asked of the store').toEqual([])
    await expectOneFile()
  })

  it.each(stores)('makes one file of fifty at once: $name', async (store) => {
    // No hash: fifty readers of 5 MiB would be most of this file's time. Those of one PUT, below, read all bytes.
    const { api } = await startOver(store, { HASH_MAX_BYTES: '1048576' })
    const { id, parts } = await api.inParts()
    const named = await putParts(parts, bytes)
    const answers = await Promise.all(Array.from({ length: 50 }, () => api.complete(id, named)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    const bodies = new Set(await Promise.all(answers.map((answer) => answer.text())))
    expect(bodies.size).toBe(1)
    await expectOneFile()
  })

  it.each(listingStores)(
    'makes one file of fifty at once, of one PUT that is promoted: $name',
    async (store) => {
      const { api } = await startOver(store, { S3_SEAL_COPY_SOURCE: 'false' })
      const upload = await api.inOne('hello')
      await put(upload, 'hello')
      const answers = await Promise.all(Array.from({ length: 50 }, () => api.complete(upload.id)))
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
      await expectOneFile()
    },
  )

  it.each(stores)(
    'says what a refused upload was refused for to all of twenty at once: $name',
    async (store) => {
      const { api } = await startOver(store)
      const { id, parts } = await api.inParts(twoParts, { sha256: '0'.repeat(64) })
      const named = await putParts(parts, bytes)
      const answers = await Promise.all(Array.from({ length: 20 }, () => api.complete(id, named)))
      for (const answer of answers) {
        expect(answer.status).toBe(422)
        expect(await detailOf(answer)).toContain('SHA-256')
      }
      expect(await objectKeys()).toEqual([])
    },
  )

  it.each(['promoted', 'refused'])('sees what another one has just taken away: %s', async (outcome) => {
    let other: Response | null = null
    const looksAt = outcome === 'promoted' ? 's3.head' : 's3.listParts'
    const over = await startOver(s3, { S3_SEAL_COPY_SOURCE: 'false' }, async (name, call) => {
      if (name === looksAt && other === null && isArmed) {
        isArmed = false
        other = await over.api.complete(id)
      }
      return call()
    })
    let isArmed = false
    const promised = { sha256: '0'.repeat(64) }
    const upload =
      outcome === 'promoted' ? await over.api.inOne('hello') : await over.api.inParts(twoParts, promised)
    const id: string = upload.id
    if (outcome === 'promoted') await put(upload, 'hello')
    else await putParts(upload.parts, bytes)
    isArmed = true
    const answer = await over.api.complete(id)
    const expected = outcome === 'promoted' ? 200 : 422
    expect([(other as Response | null)?.status, answer.status]).toEqual([expected, expected])
  })

  it.each(stores)('ends an upload whose completion was never answered: $name', async (store) => {
    let isLost = true
    const { api, asked } = await startOver(store, {}, async (name, call) => {
      const answer = await call()
      if (name !== 's3.completeMultipart' || !isLost) return answer
      isLost = false
      throw new TypeError('Network connection lost.')
    })
    vi.spyOn(console, 'log').mockImplementation(() => {})
    const { id, parts } = await api.inParts()
    const named = await putParts(parts, bytes)
    expect((await api.complete(id, named)).status).toBe(503)
    expect(asked).toContain('s3.completeMultipart')
    expect((await api.complete(id, named)).status).toBe(200)
    await expectOneFile()
  })

  it.each(stores)('ends an upload whose completion was answered with a 500: $name', async (store) => {
    let isLost = true
    const { api } = await startOver(store, {}, async (name, call) => {
      const answer = await call()
      if (name !== 's3.completeMultipart' || !isLost) return answer
      isLost = false
      return new Response('', { status: 500 })
    })
    const { id, parts } = await api.inParts()
    expect((await api.complete(id, await putParts(parts, bytes))).status).toBe(200)
    await expectOneFile()
  })

  it.each(listingStores)('reads a failure inside a 200, and can be repeated: $name', async (store) => {
    let fails = true
    const { api } = await startOver(store, {}, async (name, call) =>
      name === 's3.completeMultipart' && fails
        ? new Response('<?xml version="1.0"?>\n   <Error><Code>InternalError</Code></Error>', { status: 200 })
        : call(),
    )
    vi.spyOn(console, 'log').mockImplementation(() => {})
    const { id, parts } = await api.inParts()
    await putParts(parts, bytes)
    expect((await api.complete(id)).status).toBe(503)
    expect(await bodyOf(await api.get(id))).toMatchObject({ status: 'uploading', parts: [{}, {}] })
    fails = false
    expect((await api.complete(id)).status).toBe(200)
  })

  it('is done by reading, too, when only the settling failed', async () => {
    const { api, start, token } = await startOver(r2)
    const { id, parts } = await api.inParts()
    await putParts(parts, bytes)
    const calls = recordCalls()
    vi.spyOn(console, 'log').mockImplementation(() => {})
    const broken = uploads(start({ DB: interceptDatabase(env.DB, calls) }), token)
    // The key is verified, so that the look-up of the file is no batch.
    await broken.get(id)
    calls.decide = (name) => (name === 'batch' ? 'before' : 'none')
    expect((await broken.complete(id)).status).toBe(503)
    expect(await bodyOf(await api.get(id))).toMatchObject({ status: 'ready' })
    await expectOneFile()
  })
})

describe('parts that are not as they must be', () => {
  it.each(listingStores)('are named when they are missing: $name', async (store) => {
    const { api } = await startOver(store)
    const { id, parts } = await api.inParts(30 * partBytes)
    for (const partsSoFar of [[], [parts[1]]]) {
      await putParts(partsSoFar, bytesOfThree)
      const answer = await api.complete(id)
      expect(answer.status).toBe(409)
      const detail = await detailOf(answer)
      expect(detail).toContain(partsSoFar.length === 0 ? 'parts 1, 2, 3,' : 'parts 1, 3, 4,')
      expect(detail).toContain(`and ${partsSoFar.length === 0 ? 10 : 9} more are missing`)
    }
    expect(await bodyOf(await api.get(id))).toMatchObject({ status: 'uploading', parts: [{ partNumber: 2 }] })
  })

  it.each(listingStores)('are named when they have another size: $name', async (store) => {
    const { api } = await startOver(store)
    const { id, parts } = await api.inParts(threeParts)
    await putParts([parts[0]], bytesOfThree)
    // The store of these tests does not look at the length that the URL seals.
    await put(parts[1], bytesOfThree.slice(0, partBytes + 1))
    await put(parts[2], 'no')
    const answer = await api.complete(id)
    expect(answer.status).toBe(409)
    expect(await detailOf(answer)).toBe('parts 2, 3 have the wrong size')
    await putParts(parts.slice(1), bytesOfThree)
    expect((await api.complete(id)).status).toBe(200)
  })

  it.each(listingStores)(
    'are named when the client has another ETag than the store: $name',
    async (store) => {
      const { api } = await startOver(store)
      const { id, parts } = await api.inParts()
      const [first, second] = (await putParts(parts, bytes)) as [NamedPart, NamedPart]
      for (const [named, said] of [
        [[first, { ...second, etag: first.etag }], '2'],
        [
          [
            { ...first, etag: 'x' },
            { ...second, etag: 'x' },
          ],
          '1, 2',
        ],
        [[first, second, { partNumber: 3, etag: 'x' }], '3'],
      ] as const) {
        const answer = await api.complete(id, named)
        expect(answer.status).toBe(409)
        expect(await detailOf(answer)).toBe(`parts ${said} are not the ones that the store has`)
      }
      expect((await api.complete(id, [second])).status, 'those it names are the same').toBe(200)
    },
  )

  it.each(muteStores)('must all be named where the store cannot list: $name', async (store) => {
    const { api } = await startOver(store)
    const { id, parts } = await api.inParts()
    const [first, second] = (await putParts(parts, bytes)) as [NamedPart, NamedPart]
    const unasked = await api.complete(id)
    expect(unasked.status).toBe(409)
    expect(await detailOf(unasked)).toMatch(/cannot list.*parts.*ETag/)
    for (const [named, said] of [
      [[], 'parts 1, 2 are missing'],
      [[second], 'parts 1 are missing'],
      [[first, second, { partNumber: 3, etag: 'x' }], 'parts 3 are not'],
      [[first, { ...second, etag: first.etag }], 'refused the parts'],
      [[first, { ...second, etag: '0'.repeat(32) }], 'refused the parts'],
    ] as const) {
      const answer = await api.complete(id, named)
      expect(answer.status).toBe(409)
      expect(await detailOf(answer)).toContain(said)
    }
    expect((await api.complete(id, [first, second])).status).toBe(200)
    await expectOneFile()
  })

  it.each(muteStores)(
    'make no file when their sizes are wrong where the store lists none: $name',
    async (store) => {
      const { api } = await startOver(store)
      const unequal = await api.inParts(threeParts)
      const [first] = await putParts([unequal.parts[0]], bytesOfThree)
      const second = await put(unequal.parts[1], bytesOfThree.slice(0, partBytes + 1))
      const [third] = await putParts([unequal.parts[2]], bytesOfThree)
      const etag = second.headers.get('etag')
      const refused = await api.complete(unequal.id, [first, { partNumber: 2, etag }, third])
      expect(refused.status).toBe(409)
      expect(await detailOf(refused)).toContain('refused the parts')

      const short = await api.inParts()
      const [whole] = await putParts([short.parts[0]], bytes)
      const last = await put(short.parts[1], 'no')
      const answer = await api.complete(short.id, [whole, { partNumber: 2, etag: last.headers.get('etag') }])
      expect(answer.status).toBe(422)
      expect(await detailOf(answer)).toContain(`${partBytes + 2} bytes came, ${twoParts} were promised`)
      expect(await objectKeys()).toEqual([])
    },
  )

  it('are over when the store has given them up', async () => {
    const gone = () => new Response('<Error><Code>NoSuchUpload</Code></Error>', { status: 404 })
    const { api } = await startOver(r2, {}, async (name, call) => (name === 's3.listParts' ? gone() : call()))
    const { id } = await api.inParts()
    const answer = await api.complete(id)
    expect(answer.status).toBe(409)
    expect(await detailOf(answer)).toContain('given its parts up')
  })
})

describe('parts as clients spell them', () => {
  type Spell = (parts: readonly NamedPart[]) => unknown
  it.each<[string, Spell]>([
    ['with quotes', (parts) => ({ parts })],
    ['without quotes', (parts) => ({ parts: unquoted(parts) })],
    ['with weak ETags', (parts) => ({ parts: parts.map((part) => ({ ...part, etag: `W/${part.etag}` })) })],
    [
      'with escaped quotes',
      (parts) => ({ parts: parts.map((part) => ({ ...part, etag: part.etag.replaceAll('"', '&quot;') })) }),
    ],
    ['twice alike', (parts) => ({ parts: [...parts, ...unquoted(parts)] })],
    [
      'with numbers as digits',
      (parts) => ({ parts: parts.map((part) => ({ ...part, partNumber: String(part.partNumber) })) }),
    ],
    ["in S3's capitals", (parts) => ({ Parts: capitals(parts) })],
    ['as an S3 client hands them over', (parts) => ({ MultipartUpload: { Parts: capitals(parts) } })],
    [
      'as Uppy has them',
      (parts) => ({ parts: capitals(parts).map((part) => ({ ...part, Size: 5, location: 'x' })) }),
    ],
    [
      'with underscores',
      (parts) => ({ parts: parts.map(({ partNumber, etag }) => ({ part_number: partNumber, e_tag: etag })) }),
    ],
  ])('are taken: %s', async (_, spell) => {
    const { api } = await startOver(muteStores[0] ?? r2)
    const { id, parts } = await api.inParts()
    const named = await putParts(parts, bytes)
    const answer = await api.call('POST', `/${id}/complete`, { json: spell(named) })
    expect(answer.status).toBe(200)
    expect((await bodyOf(answer)).sizeBytes).toBe(twoParts)
  })

  function capitals(parts: readonly NamedPart[]) {
    return parts.map(({ partNumber, etag }) => ({ PartNumber: partNumber, ETag: etag }))
  }
})

describe('a body of complete that is not understood', () => {
  const etag = 'd41d8cd98f00b204e9800998ecf8427e'
  it.each<[string, string, string]>([
    ['no JSON', '{', ''],
    ['a list', '[]', ''],
    ['text', '"parts"', ''],
    ['parts that are no list', '{"parts":{}}', 'parts'],
    ['a part that is none', '{"parts":[1]}', 'parts.0'],
    ['a part without a number', `{"parts":[{"etag":"${etag}"}]}`, 'parts.0.partNumber'],
    ['part 0', `{"parts":[{"partNumber":0,"etag":"${etag}"}]}`, 'parts.0.partNumber'],
    ['part 10 001', `{"parts":[{"partNumber":10001,"etag":"${etag}"}]}`, 'parts.0.partNumber'],
    ['a part without an ETag', '{"parts":[{"partNumber":1}]}', 'parts.0.etag'],
    ['an empty ETag', '{"parts":[{"partNumber":1,"etag":"\\"\\""}]}', 'parts.0.etag'],
    ['markup for an ETag', '{"parts":[{"partNumber":1,"etag":"</ETag>\\n<ETag>"}]}', 'parts.0.etag'],
    [
      'a part twice, with two ETags',
      `{"parts":[{"partNumber":1,"etag":"${etag}"},{"partNumber":2,"etag":"b"},{"partNumber":1,"etag":"c"}]}`,
      'parts.2.etag',
    ],
    ['a list under another name', `{"part":[{"partNumber":1,"etag":"${etag}"}]}`, 'part'],
  ])('is 400: %s', async (_, body, field) => {
    const { api, asked } = await startOver(r2)
    const { id } = await api.inParts()
    asked.length = 0
    const answer = await api.call('POST', `/${id}/complete`, { body })
    expect(answer.status).toBe(400)
    expect((await bodyOf(answer)).errors).toContainEqual({ field, message: expect.any(String) })
    expect(asked).toEqual([])
  })

  it('may be left out, be empty, or be null', async () => {
    const { api } = await startOver(r2)
    for (const body of [undefined, '', '  ', '{}', 'null', '{"parts":null}']) {
      const { id, parts } = await api.inParts()
      await putParts(parts, bytes)
      const init = body === undefined ? {} : { body }
      expect((await api.call('POST', `/${id}/complete`, init)).status).toBe(200)
    }
  })

  it('is 413 beyond what ten thousand parts need', async () => {
    const { api } = await startOver(r2)
    const { id } = await api.inParts()
    const answer = await api.call('POST', `/${id}/complete`, { body: ' '.repeat(2 * 1024 ** 2 + 1) })
    expect(answer.status).toBe(413)
  })
})

describe('ten thousand parts', () => {
  const count = 10_000
  const named = Array.from({ length: count }, (_, at) => ({
    partNumber: at + 1,
    etag: `"${at.toString(16).padStart(32, '0')}"`,
  }))

  it.each(muteStores)('are put together without becoming statements or parameters: $name', async (store) => {
    let completion = ''
    const { api, start, token } = await startOver(store, {}, async (name, call) => {
      if (name !== 's3.completeMultipart') return call()
      return new Response('<Error><Code>InvalidPart</Code></Error>', { status: 400 })
    })
    const original = vi.mocked(globalThis.fetch).getMockImplementation()
    vi.mocked(globalThis.fetch).mockImplementation(async (input, init) => {
      const request = new Request(input, init)
      if (request.method === 'POST' && request.url.includes('uploadId'))
        completion = await request.clone().text()
      return original?.(request) as Promise<Response>
    })
    const { id } = await api.inParts(count * partBytes)
    const calls = recordCalls()
    const counted = uploads(start({ DB: interceptDatabase(env.DB, calls) }), token)
    await counted.get(id)
    calls.names.length = 0
    const answer = await counted.complete(id, named)
    expect(answer.status).toBe(409)
    expect(await detailOf(answer)).toContain('refused the parts')
    expect(completion.match(/<Part>/g)).toHaveLength(count)
    expect(completion).toContain(
      '<Part><PartNumber>10000</PartNumber><ETag>0000000000000000000000000000270f</ETag></Part>',
    )
    expect(calls.names).toEqual(['all'])
  })

  it('are compared with those that the store lists, and said in few words', async () => {
    const { api } = await startOver(r2)
    const { id } = await api.inParts(count * partBytes)
    const answer = await api.complete(id, named)
    expect(answer.status).toBe(409)
    expect(await detailOf(answer)).toMatch(/^parts 1, 2, .*20 and 9980 more are missing$/)
  })

  it('are one too few for 10 001', async () => {
    const { api } = await startOver(r2)
    const { id } = await api.inParts()
    const answer = await api.complete(id, [...named, { partNumber: 1, etag: 'x' }])
    expect(answer.status).toBe(400)
  })
})

describe('bytes that are not what was promised', () => {
  it.each(stores)(
    'of one PUT are 409 while they are not there, and 422 when they contradict: $name',
    async (store) => {
      const { api } = await startOver(store)
      const upload = await api.inOne('x'.repeat(pngBytes.length), { contentType: 'application/pdf' })
      for (let round = 0; round < 2; round++) {
        const early = await api.complete(upload.id)
        expect(early.status).toBe(409)
        expect(await detailOf(early)).toContain('not arrived')
      }
      await put(upload, pngBytes)
      for (let round = 0; round < 2; round++) {
        const answer = await api.complete(upload.id)
        expect(answer.status).toBe(422)
        expect(await detailOf(answer)).toBe(
          'The upload was refused: the bytes are a PNG image (image/png), not a PDF document (application/pdf); begin a new upload with the type of the bytes',
        )
      }
      expect(await bodyOf(await api.get(upload.id))).toEqual({
        id: upload.id,
        status: 'error',
        error: 'type_mismatch',
      })
      expect(await objectKeys()).toEqual([])
      expect(await rows('SELECT used_bytes, reserved_bytes, pending_uploads FROM organizations')).toEqual([
        { used_bytes: 0, reserved_bytes: 0, pending_uploads: 0 },
      ])
    },
  )

  it.each(stores)(
    'in parts are compared with a sealed SHA-256 and MD5 by reading them: $name',
    async (store) => {
      const { api } = await startOver(store)
      const sha256 = await sha256Of(bytes)
      const md5 = new Uint8Array(await crypto.subtle.digest('MD5', bytes)).toBase64()
      const otherMd5 = new Uint8Array(await crypto.subtle.digest('MD5', pngBytes)).toBase64()
      for (const [promised, status, said] of [
        [{ sha256, md5: otherMd5 }, 422, 'MD5'],
        [{ md5: otherMd5 }, 422, 'MD5'],
        [{ sha256: '0'.repeat(64), md5 }, 422, 'SHA-256'],
        [{ sha256, md5 }, 200, ''],
      ] as const) {
        const { id, parts } = await api.inParts(twoParts, promised)
        const answer = await api.complete(id, await putParts(parts, bytes))
        expect(answer.status).toBe(status)
        if (status === 422) {
          expect(await detailOf(answer)).toContain(`the ${said} of the bytes is not the promised one`)
          expect(await bodyOf(await api.get(id))).toMatchObject({
            status: 'error',
            error: 'checksum_mismatch',
          })
          expect(await objectKeys()).toEqual([])
        }
      }
      await expectInvariants({ swept: true })
    },
  )

  it.each(stores)('are refused with an encoding that was not promised: $name', async (store) => {
    const { api } = await startOver(store)
    const upload = await api.inOne('hello')
    expect((await put(upload, 'hello', { 'content-encoding': 'gzip' })).status).toBe(200)
    const answer = await api.complete(upload.id)
    expect(answer.status).toBe(422)
    expect(await detailOf(answer)).toContain('Content-Encoding gzip')
  })
})

describe('completing what is over', () => {
  it('is 422 after an abort, with the reason', async () => {
    const { api } = await startOver(r2)
    for (const upload of [await api.inOne('hello'), await api.inParts()]) {
      await api.abort(upload.id)
      const answer = await api.complete(upload.id)
      expect(answer.status).toBe(422)
      expect(await detailOf(answer)).toContain('it was aborted')
    }
  })

  it('is 422 after the sweep has ended it, and works until then', async () => {
    const { api, worker } = await startOver(s3)
    const [early, late] = [await api.inParts(), await api.inParts()]
    const named = await putParts(early.parts, bytes)
    vi.setSystemTime(Date.now() + week)
    expect((await api.complete(early.id, named)).status).toBe(200)
    for (let round = 0; round < 2; round++) await worker.runCron()
    const answer = await api.complete(late.id)
    expect(answer.status).toBe(422)
    expect(await detailOf(answer)).toContain('never arrived')
  })

  it('is 404 for what is not there, was deleted, or is another organization’s', async () => {
    const { api, worker, token, asked } = await startOver(r2)
    const { id, parts } = await api.inParts()
    await putParts(parts, bytes)
    const deleted = await api.inOne('hello')
    await worker.call('DELETE', `/v1/files/${deleted.id}`, { token })
    expect((await api.complete(deleted.id)).status).toBe(404)
    const theirs = uploads(worker, await worker.organization('other'))
    asked.length = 0
    for (const name of [id, `file_${'0'.repeat(32)}`, 'x']) {
      const answer = await theirs.complete(name)
      expect(answer.status).toBe(404)
      expect(await detailOf(answer)).toBe('There is no such file')
    }
    expect(asked).toEqual([])
    expect((await api.complete(id)).status).toBe(200)
  })

  it('of the same bytes again makes a file beside the first one', async () => {
    const { api } = await startOver(r2)
    for (let round = 0; round < 2; round++) {
      const { id, parts } = await bodyOf(
        await api.create({ ...binary, size: twoParts, multipart: true, partSize: partBytes }),
      )
      await putParts(parts, bytes)
      expect((await api.complete(id)).status).toBe(200)
    }
    expect(await rows('SELECT used_bytes FROM organizations')).toEqual([{ used_bytes: 2 * twoParts }])
    await expectInvariants({ swept: true })
  })
})
