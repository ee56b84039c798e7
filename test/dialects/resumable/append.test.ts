import { describe, expect, it, vi } from 'vitest'
import { expectInvariants } from '../../support/invariants'
import { digestField, resumable, resumablePath } from '../../support/resumable'
import { r2, startOver } from '../../support/start-over'
import { filePathOf, headersOf, tus } from '../../support/tus'
import { uploads } from '../../support/uploads'
import { bodyOf } from '../../support/worker'

async function start() {
  const over = await startOver(r2)
  return { ...over, api: resumable(over.worker, over.token) }
}

const types = 'https://iana.org/assignments/http-problem-types'

describe('appending bytes', () => {
  it('moves the offset, and is answered with the file in the end', async () => {
    const { worker, token, api } = await start()
    const upload = await api.begun(5, { 'content-type': 'text/plain' })
    const first = await api.append(upload, 0, '?0', 'hel')
    expect([first.status, ...headersOf(first, 'upload-complete', 'upload-offset', 'location')]).toEqual([
      204,
      '?0',
      '3',
      null,
    ])
    expect(first.headers.get('upload-limit')).toContain('max-append-size=')
    const last = await api.append(upload, 3, '?1', 'lo', { 'want-repr-digest': 'sha-256=1' })
    expect([last.status, ...headersOf(last, 'upload-complete', 'upload-offset', 'repr-digest')]).toEqual([
      201,
      '?1',
      '5',
      await digestField('hello'),
    ])
    expect(await bodyOf(last)).toMatchObject({ id: upload.split('/').at(-1), status: 'ready', sizeBytes: 5 })
    const content = await worker.call('GET', `${filePathOf(upload)}/content?redirect=false`, { token })
    expect(await content.text()).toBe('hello')
    await expectInvariants({ swept: true })
  })

  it('learns the length from the last bytes', async () => {
    const { api } = await start()
    const upload = await api.begun(null)
    expect((await api.append(upload, 0, '?0', 'hel')).status).toBe(204)
    expect((await api.head(upload)).headers.get('upload-length')).toBeNull()
    expect((await api.append(upload, 3, '?1', 'lo')).status).toBe(201)
    expect((await api.head(upload)).headers.get('upload-length')).toBe('5')
  })

  it('learns the length from Upload-Length', async () => {
    const { api } = await start()
    const upload = await api.begun(null)
    expect((await api.append(upload, 0, '?0', 'hel', { 'upload-length': '5' })).status).toBe(204)
    expect((await api.head(upload)).headers.get('upload-length')).toBe('5')
    const other = await api.append(upload, 3, '?0', 'l', { 'upload-length': '6' })
    expect([other.status, (await bodyOf(other)).type]).toEqual([400, `${types}#inconsistent-upload-length`])
  })

  it('completes with an empty request, once all bytes are there', async () => {
    const { api } = await start()
    const upload = await api.begun(null)
    expect((await api.append(upload, 0, '?0', 'hello')).status).toBe(204)
    const answer = await api.append(upload, 5, '?1', '')
    expect([answer.status, answer.headers.get('upload-complete')]).toEqual([201, '?1'])
  })

  it('replays the final answer to a request that brings nothing', async () => {
    const { api } = await start()
    const upload = await api.begun(5)
    const final = await api.append(upload, 0, '?1', 'hello')
    const again = await api.append(upload, 5, '?1', '')
    expect([again.status, again.headers.get('upload-complete')]).toEqual([201, '?1'])
    expect(await bodyOf(again)).toEqual(await bodyOf(final))
  })

  it('keeps nothing of a request whose Content-Digest is another', async () => {
    const { api } = await start()
    const upload = await api.begun(5)
    const wrong = await api.append(upload, 0, '?0', 'hel', { 'content-digest': await digestField('jel') })
    expect(wrong.status).toBe(400)
    expect((await api.head(upload)).headers.get('upload-offset')).toBe('0')
    const right = await api.append(upload, 0, '?0', 'hel', { 'content-digest': await digestField('hel') })
    expect(right.headers.get('upload-offset')).toBe('3')
  })
})

describe('what is wrong with bytes', () => {
  it.each<[string, number, Record<string, string>]>([
    ['another type', 415, { 'content-type': 'application/offset+octet-stream' }],
    ['no offset', 400, { 'upload-offset': '' }],
    ['an offset that is no Integer', 400, { 'upload-offset': '"3"' }],
    ['a negative offset', 400, { 'upload-offset': '-3' }],
    ['no Upload-Complete', 400, { 'upload-complete': '' }],
    ['an Upload-Complete that is no Boolean', 400, { 'upload-complete': '1' }],
    ['an encoding', 415, { 'content-encoding': 'gzip' }],
    ['a length that is not that of its bytes', 400, { 'upload-complete': '?1', 'upload-length': '5' }],
  ])('%s: %i, and the upload lives on', async (_, status, headers) => {
    const { api } = await start()
    const upload = await api.begun(5)
    await api.append(upload, 0, '?0', 'hel')
    const answer = await api.append(upload, 3, '?0', 'l', headers)
    expect([answer.status, answer.headers.get('upload-complete')]).toEqual([status, '?0'])
    expect((await api.append(upload, 3, '?1', 'lo')).status).toBe(201)
  })

  it('another offset is 409, with the right one', async () => {
    const { api } = await start()
    const upload = await api.begun(5)
    await api.append(upload, 0, '?0', 'hel')
    for (const offset of [0, 4]) {
      const answer = await api.append(upload, offset, '?0', 'l')
      expect([answer.status, ...headersOf(answer, 'upload-complete', 'upload-offset')]).toEqual([
        409,
        '?0',
        '3',
      ])
      expect(await bodyOf(answer)).toMatchObject({
        type: `${types}#mismatching-upload-offset`,
        'expected-offset': 3,
        'provided-offset': offset,
      })
    }
  })

  it.each([
    ['announced', { 'content-length': '6' }],
    ['counted', {}],
  ])(
    'more bytes than the length, %s, end the upload for good',
    async (_, headers: Record<string, string>) => {
      const { api } = await start()
      const upload = await api.begun(5)
      const answer = await api.call('PATCH', upload, {
        headers: {
          ...{ 'upload-offset': '0', 'upload-complete': '?0' },
          ...{ 'content-type': 'application/partial-upload', ...headers },
        },
        body: 'hello!',
      })
      expect([answer.status, answer.headers.get('upload-complete')]).toEqual([400, '?0'])
      expect((await bodyOf(answer)).type).toBe(`${types}#inconsistent-upload-length`)
      expect((await api.head(upload)).status).toBe(404)
      await expectInvariants({ swept: true })
    },
  )

  it('bytes of another type than was said are 422, and nothing is to be resumed', async () => {
    const { api } = await start()
    const png = Uint8Array.fromBase64(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    )
    const upload = await api.begun(png.length, { 'content-type': 'application/pdf' })
    const answer = await api.append(upload, 0, '?1', png)
    expect([answer.status, answer.headers.get('upload-complete')]).toEqual([422, '?1'])
    expect((await api.head(upload)).status).toBe(404)
  })

  it('a promised Repr-Digest that is not that of all bytes is 422', async () => {
    const { api } = await start()
    const upload = await api.begun(5, { 'repr-digest': await digestField('other') })
    await api.append(upload, 0, '?0', 'hel')
    const answer = await api.append(upload, 3, '?1', 'lo')
    expect([answer.status, answer.headers.get('upload-complete')]).toEqual([422, '?1'])
  })

  it('an upload that is not there, or whose bytes come another way', async () => {
    const { worker, token, api } = await start()
    expect((await api.append(`${resumablePath}/file_1`, 0, '?0', 'hel')).status).toBe(404)
    const { id } = await uploads(worker, token).inParts()
    expect((await api.append(`${resumablePath}/${id}`, 0, '?0', 'hel')).status).toBe(409)
    const foreign = resumable(worker, await worker.organization('other'))
    expect((await foreign.head(await api.begun(5))).status).toBe(404)
  })
})

describe('asking for the offset', () => {
  it.each(['HEAD', 'GET'])('by %s tells how the upload stands', async (method) => {
    const { api } = await start()
    const upload = await api.begun(5)
    await api.append(upload, 0, '?0', 'hel')
    vi.setSystemTime(Date.now() + 3_600_000)
    const answer = await api.call(method, upload)
    expect([answer.status, await answer.text()]).toEqual([204, ''])
    expect(headersOf(answer, 'upload-offset', 'upload-complete', 'upload-length', 'cache-control')).toEqual([
      '3',
      '?0',
      '5',
      'no-store',
    ])
    const [, age] = /max-age=(\d+)$/.exec(answer.headers.get('upload-limit') ?? '') ?? []
    expect(Number(age)).toBeGreaterThan(604_800 - 3_700)
    expect(Number(age)).toBeLessThanOrEqual(604_800 - 3_600)
  })

  it('of a complete upload says so', async () => {
    const { api } = await start()
    const upload = await api.begun(5)
    await api.append(upload, 0, '?1', 'hello')
    const answer = await api.head(upload, { 'want-repr-digest': 'sha-256=1' })
    expect([answer.status, ...headersOf(answer, 'upload-offset', 'upload-complete', 'repr-digest')]).toEqual([
      204,
      '5',
      '?1',
      await digestField('hello'),
    ])
    expect(answer.headers.get('upload-limit')).toContain('max-size=')
  })

  it('of an upload that tus began, tells the same', async () => {
    const { worker, token, api } = await start()
    const upload = await tus(worker, token).begun(5)
    await tus(worker, token).patch(upload, 0, 'hel')
    const here = `${resumablePath}/${upload.split('/').at(-1)}`
    expect((await api.head(here)).headers.get('upload-offset')).toBe('3')
    expect((await api.append(here, 3, '?1', 'lo')).status).toBe(201)
  })
})

describe('cancelling', () => {
  it('gives the upload up; it is 404 from then on', async () => {
    const { api } = await start()
    const upload = await api.begun(5)
    await api.append(upload, 0, '?0', 'hel')
    expect((await api.cancel(upload)).status).toBe(204)
    expect((await api.head(upload)).status).toBe(404)
    expect((await api.append(upload, 3, '?1', 'lo')).status).toBe(404)
    expect((await api.cancel(upload)).status).toBe(404)
    await expectInvariants({ swept: true })
  })

  it('leaves a complete upload as it is', async () => {
    const { worker, token, api } = await start()
    const upload = await api.begun(5)
    await api.append(upload, 0, '?1', 'hello')
    const answer = await api.cancel(upload)
    expect([answer.status, answer.headers.get('upload-complete')]).toEqual([204, '?1'])
    expect((await worker.call('GET', filePathOf(upload), { token })).status).toBe(200)
  })
})
