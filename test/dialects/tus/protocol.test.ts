import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { grants } from '../../support/grants'
import { interceptDatabase, recordCalls } from '../../support/intercept'
import { captureLogs } from '../../support/logs'
import { headersOf, locationOf, offsetStream, tus, tusPath, version } from '../../support/tus'
import { bodyOf, startWorker } from '../../support/worker'

const everything = {
  'tus-resumable': '1.0.0',
  'tus-version': '1.0.0',
  'tus-extension': 'creation,creation-with-upload,creation-defer-length,expiration,checksum,termination',
  'tus-max-size': String(10_000 * 16 * 1024 ** 2),
  'tus-checksum-algorithm': 'sha256,sha1,md5',
}

async function start() {
  const worker = startWorker()
  const token = await worker.organization()
  return { worker, token, api: tus(worker, token) }
}

describe('OPTIONS', () => {
  const preflight = {
    origin: 'https://app.example.com',
    'access-control-request-method': 'PATCH',
    'access-control-request-headers': 'tus-resumable,upload-offset,content-type',
  }
  it.each([
    [tusPath, {}],
    [`${tusPath}/file_1`, {}],
    [tusPath, preflight],
    [`${tusPath}/file_1`, preflight],
  ])('of %s says what the server can do, without a credential and a version', async (path, headers) => {
    const answer = await startWorker().call('OPTIONS', path, { headers })
    expect(answer.status).toBe(204)
    for (const [name, value] of Object.entries(everything)) expect(answer.headers.get(name), name).toBe(value)
    expect(await answer.text()).toBe('')
  })

  it('that is no preflight says the methods', async () => {
    const allow = async (path: string) => (await startWorker().call('OPTIONS', path)).headers.get('allow')
    expect(await allow(tusPath)).toBe('GET, HEAD, POST, OPTIONS')
    expect(await allow(`${tusPath}/file_1`)).toBe('HEAD, PATCH, DELETE, OPTIONS')
  })

  it('as a preflight allows PATCH, and lets pages read what uploads are told by', async () => {
    const answer = await startWorker().call('OPTIONS', tusPath, { headers: preflight })
    expect(answer.headers.get('access-control-allow-methods')?.split(',')).toContain('PATCH')
    expect(answer.headers.get('access-control-allow-headers')).toBe(
      preflight['access-control-request-headers'],
    )
    const exposed = answer.headers.get('access-control-expose-headers')?.toLowerCase().split(',') ?? []
    for (const name of [
      ...Object.keys(everything),
      ...['location', 'upload-offset', 'upload-length', 'upload-defer-length', 'upload-metadata'],
      ...['upload-expires', 'x-file-id', 'x-request-id'],
    ])
      expect(exposed).toContain(name)
  })

  it.each([tusPath, `${tusPath}/file_1`])('of %s may be a POST that names it', async (path) => {
    const headers = { 'x-http-method-override': 'options' }
    const answer = await startWorker().call('POST', path, { headers })
    expect(answer.status).toBe(204)
    expect(answer.headers.get('tus-extension')).toBe(everything['tus-extension'])
  })
})

describe('the version', () => {
  it.each([
    ['POST', tusPath],
    ['POST', `${tusPath}/file_1`],
    ['HEAD', `${tusPath}/file_1`],
    ['PATCH', `${tusPath}/file_1`],
    ['DELETE', `${tusPath}/file_1`],
    ['GET', `${tusPath}/file_1/x`],
  ])('of %s %s is asked for before the credential', async (method, path) => {
    for (const headers of [{}, { 'tus-resumable': '0.2.2' }, { 'tus-resumable': '1.0' }]) {
      const answer = await startWorker().call(method, path, { headers })
      expect([answer.status, ...headersOf(answer, 'tus-version', 'tus-resumable')]).toEqual([
        412,
        '1.0.0',
        '1.0.0',
      ])
    }
  })

  it('that is wrong has no effect', async () => {
    const { api, worker, token } = await start()
    const upload = await api.begun(5)
    const headers = { 'upload-offset': '0', 'content-type': offsetStream, 'tus-resumable': '2.0.0' }
    const refused = await worker.call('PATCH', upload, { token, headers, body: 'hello' })
    expect(refused.status).toBe(412)
    expect((await api.head(upload)).headers.get('upload-offset')).toBe('0')
  })

  it.each<[number, string, string, Record<string, string>]>([
    [401, 'POST', tusPath, {}],
    [404, 'HEAD', `${tusPath}/file_${'0'.repeat(32)}`, {}],
    [404, 'GET', `${tusPath}/a/b`, {}],
    [405, 'GET', `${tusPath}/file_1`, {}],
    [405, 'PUT', tusPath, {}],
    [405, 'POST', `${tusPath}/file_1`, {}],
    [405, 'POST', tusPath, { 'x-http-method-override': 'PATCH' }],
    [400, 'POST', tusPath, {}],
  ])('is said with a %i too', async (status, method, path, headers) => {
    const { worker, token } = await start()
    const credential = status === 401 ? {} : { token }
    const answer = await worker.call(method, path, { ...credential, headers: { ...version, ...headers } })
    expect([answer.status, answer.headers.get('tus-resumable')]).toEqual([status, '1.0.0'])
    if (method !== 'HEAD') expect(answer.headers.get('content-type')).toContain('text/plain')
  })

  it('is said with a 500 and a 503 too', async () => {
    captureLogs()
    const { token, api } = await start()
    const upload = await api.begun(5)
    const broken = startWorker({
      DB: interceptDatabase(
        env.DB,
        recordCalls(() => 'before'),
      ),
    })
    const answer = await tus(broken, token).patch(upload, 0, 'hello')
    expect([answer.status, answer.headers.get('tus-resumable')]).toEqual([503, '1.0.0'])
  })
})

describe('X-HTTP-Method-Override', () => {
  it('makes a POST any other method', async () => {
    const { api } = await start()
    const upload = await api.begun(5)
    const post = (method: string, headers: Record<string, string> = {}, body?: string) =>
      api.call('POST', upload, {
        headers: { 'x-http-method-override': method, ...headers },
        ...(body === undefined ? {} : { body }),
      })
    const appending = { 'upload-offset': '0', 'content-type': offsetStream }
    expect((await post('patch', appending, 'hel')).status).toBe(204)
    const state = await post('HEAD')
    expect([state.status, ...headersOf(state, 'upload-offset', 'upload-length')]).toEqual([200, '3', '5'])
    expect((await post('DELETE')).status).toBe(204)
    expect((await api.head(upload)).status).toBe(410)
  })

  it.each(['GET', 'PUT', 'POST', ''])(
    'that says "%s" of an upload is 405, with the methods',
    async (method) => {
      const { api } = await start()
      const upload = await api.begun(5)
      const answer = await api.call('POST', upload, { headers: { 'x-http-method-override': method } })
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'HEAD, PATCH, DELETE'])
    },
  )

  it.each(['PUT', 'GET', 'PATCH', 'DELETE'])('counts in place of %s', async (method) => {
    const { api } = await start()
    const upload = await api.begun(5)
    const meant = (name: string, headers: Record<string, string> = {}, body?: string) =>
      api.call(method, upload, {
        headers: { 'x-http-method-override': name, ...headers },
        ...(body === undefined || method === 'GET' ? {} : { body }),
      })
    const appending = { 'upload-offset': '0', 'content-type': offsetStream }
    const looked = await meant('HEAD', appending, 'hello')
    expect([looked.status, ...headersOf(looked, 'upload-offset')]).toEqual([200, '0'])
    const appended = await meant('PATCH', appending, 'hel')
    expect([appended.status, ...headersOf(appended, 'upload-offset')]).toEqual([
      204,
      method === 'GET' ? '0' : '3',
    ])
  })

  it('changes nothing of other APIs', async () => {
    const { worker, token } = await start()
    const headers = { 'x-http-method-override': 'DELETE' }
    expect((await worker.call('GET', '/v1/files', { token, headers })).status).toBe(200)
  })

  it('that says POST creates', async () => {
    const { api } = await start()
    const answer = await api.create({ 'upload-length': '5', 'x-http-method-override': 'POST' })
    expect(answer.status).toBe(201)
  })
})

describe('GET /tus', () => {
  it('tells how large an upload, a request and a chunk may be, in no version', async () => {
    const { worker, token } = await start()
    expect(await bodyOf(await worker.call('GET', tusPath, { token }))).toEqual({
      uploadMaxBytes: 10_000 * 16 * 1024 ** 2,
      requestMaxBytes: 100_000_000,
      chunkBytes: 50 * 1024 ** 2,
    })
  })

  it.each([
    ['10485760', 10 * 1024 ** 2],
    ['20000000', 19 * 1024 ** 2],
    ['500000000', 50 * 1024 ** 2],
  ])('recommends a chunk that fits into a request of %s bytes', async (bytes, chunkBytes) => {
    const worker = startWorker({ REQUEST_MAX_BYTES: bytes })
    const token = await worker.organization()
    expect(await bodyOf(await worker.call('GET', tusPath, { token }))).toMatchObject({ chunkBytes })
  })
})

describe('under a grant', () => {
  it('an upload is created, appended to, looked at and ended by its own address', async () => {
    const { worker, token } = await start()
    const held = await grants(worker, token).hold({ maxFiles: 2 })
    const api = tus(worker, undefined, `/g/${held.token}`)
    const created = await api.create({ 'upload-length': '5' })
    expect(created.headers.get('location')).toMatch(
      new RegExp(`^https://gateway\\.example\\.com/g/${held.token}/tus/file_[0-9a-f]{32}$`),
    )
    const upload = locationOf(created)
    expect((await api.patch(upload, 0, 'hel')).status).toBe(204)
    expect((await api.head(upload)).headers.get('upload-offset')).toBe('3')
    expect((await api.patch(upload, 3, 'lo')).status).toBe(204)
    expect((await api.end(upload)).status).toBe(204)
    expect((await api.head(upload)).status).toBe(404)
    const unfinished = await api.begun(5)
    expect((await api.end(unfinished)).status).toBe(204)
    expect((await api.head(unfinished)).status).toBe(410)
  })

  it('OPTIONS is answered as anywhere', async () => {
    const { worker, token } = await start()
    const held = await grants(worker, token).hold()
    for (const path of ['/tus', '/tus/file_1']) {
      const answer = await held.call('OPTIONS', path)
      expect([answer.status, answer.headers.get('tus-version')]).toEqual([204, '1.0.0'])
    }
  })

  it('uploads of others are not there', async () => {
    const { worker, token, api } = await start()
    const own = grants(worker, token)
    const held = await own.hold()
    const upload = await api.begun(5)
    const others = await tus(worker, undefined, `/g/${(await own.hold()).token}`).begun(5)
    const mine = tus(worker, undefined, `/g/${held.token}`)
    for (const foreign of [upload, others]) {
      const path = `/g/${held.token}/tus/${foreign.split('/').at(-1)}`
      expect((await mine.head(path)).status).toBe(404)
      expect((await mine.patch(path, 0, 'hello')).status).toBe(404)
      expect((await mine.end(path)).status).toBe(404)
    }
    expect((await api.head(upload)).headers.get('upload-offset')).toBe('0')
  })

  it('it is refused in the words of tus', async () => {
    const { worker, token } = await start()
    const held = await grants(worker, token).hold({ maxBytes: 4, contentTypes: ['application/*'] })
    const api = tus(worker, undefined, `/g/${held.token}`)
    expect((await api.create({ 'upload-length': '5' })).status).toBe(413)
    const typed = { 'upload-length': '4', 'upload-metadata': 'filetype dGV4dC9wbGFpbg==' }
    expect((await api.create(typed)).status).toBe(415)
    await api.begun(4)
    expect((await api.create({ 'upload-length': '0' })).status).toBe(403)
  })
})
