import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { upload } from '../../client/upload'
import { fakeGateway, type Handler, signedPart } from './fake-gateway'

const mebibyte = 1024 ** 2
const credentials = { token: 'secret', gateway: 'https://gateway.test/' }
const ready = { id: 'file_1', status: 'ready' }
const partCount = 12
const film = () =>
  new File([new Uint8Array(partCount * 5 * mebibyte)], 'film.bin', { type: 'video/mp4', lastModified: 1 })
const multipart = { partSize: 5 * mebibyte, partCount, expiresAt: '2099-01-01T00:00:00.000Z' }

/** What a browser keeps. */
let kept: Record<string, string> = {}

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true, advanceTimeDelta: 50 })
  kept = {}
  const storage = {
    getItem: (name: string) => kept[name] ?? null,
    setItem: (name: string, text: string) => {
      kept[name] = text
      Object.assign(storage, { [name]: text })
    },
    removeItem: (name: string) => {
      delete kept[name]
      Reflect.deleteProperty(storage, name)
    },
  }
  vi.stubGlobal('localStorage', storage)
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

/** Ends what is waited for at once. */
async function settled<Value>(work: Promise<Value>): Promise<Value> {
  let isOver = false
  const over = () => {
    isOver = true
  }
  work.then(over, over)
  while (!isOver) await vi.advanceTimersByTimeAsync(60_000)
  return work
}

/** A gateway that takes an upload in parts, but for what `before` answers. */
function takesParts(before: (...request: Parameters<Handler>) => ReturnType<Handler> | undefined): string[] {
  return fakeGateway((request) => {
    const own = before(request)
    if (own !== undefined) return own
    const { method, path, body } = request
    if (path.startsWith('store/')) return { status: 200, headers: { etag: `"${path.slice(6)}"` } }
    if (path.endsWith('/parts')) {
      const { partNumbers } = body as { partNumbers: number[] }
      return { status: 200, json: { parts: partNumbers.map(signedPart) } }
    }
    if (path.endsWith('/complete')) return { status: 200, json: ready }
    if (method === 'DELETE') return { status: 204 }
    return { status: 201, json: { id: 'file_1', multipart, parts: [signedPart(1)] } }
  })
}

describe('parts', () => {
  it('are signed in small batches, shortly before they are sent', async () => {
    const signed: number[][] = []
    const asked = takesParts(({ path, body }) => {
      if (path.endsWith('/parts')) signed.push((body as { partNumbers: number[] }).partNumbers)
      return undefined
    })
    const told: number[] = []
    await settled(upload(film(), { ...credentials, onProgress: ({ loaded }) => told.push(loaded) }))
    expect(signed.flat().toSorted((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    expect(Math.max(...signed.map((numbers) => numbers.length))).toBe(8)
    expect(asked.filter((line) => line.startsWith('PUT')).length).toBe(12)
    expect(told).toEqual(Array.from({ length: 12 }, (_, at) => (at + 1) * 5 * mebibyte))
  })

  it('that the store lists are not sent again, by a page that comes later', async () => {
    takesParts(({ path }) => (path === 'store/7' ? 'lost' : undefined))
    const first = settled(upload(film(), { ...credentials, retries: 0 }))
    const detail = 'store.test does not answer, or does not allow this page by CORS'
    await expect(first).rejects.toMatchObject({ code: 'network', status: 0, detail })
    expect(Object.keys(kept)).toHaveLength(1)

    const parts = [1, 2, 5].map((partNumber) => ({ partNumber, size: 5 * mebibyte, etag: `e${partNumber}` }))
    let completed: unknown
    const asked = takesParts(({ method, path, body }) => {
      if (path.endsWith('/complete')) completed = body
      if (method !== 'GET') return undefined
      return { status: 200, json: { id: 'file_1', status: 'uploading', error: null, multipart, parts } }
    })
    await settled(upload(film(), credentials))
    expect(asked[0]).toBe('GET /v1/uploads/file_1')
    expect(asked.filter((line) => line.startsWith('PUT')).toSorted()).toEqual(
      [3, 4, 6, 7, 8, 9, 10, 11, 12].map((number) => `PUT store/${number}`).toSorted(),
    )
    expect(completed).toMatchObject({ parts: expect.arrayContaining([{ partNumber: 1, etag: 'e1' }]) })
    expect(kept).toEqual({})
  })

  it('that the store lacks at the end are sent once more', async () => {
    let completions = 0
    const asked = takesParts(({ method, path }) => {
      if (path.endsWith('/complete') && completions++ === 0)
        return { status: 409, json: { detail: 'parts 3' } }
      if (method !== 'GET') return undefined
      const parts = Array.from({ length: 12 }, (_, at) => ({ partNumber: at + 1, size: 5, etag: 'e' }))
      const has = parts.filter(({ partNumber }) => partNumber !== 3)
      return {
        status: 200,
        json: { id: 'file_1', status: 'uploading', error: null, multipart, parts: has },
      }
    })
    expect(await settled(upload(film(), credentials))).toEqual(ready)
    expect(asked.filter((line) => line === 'PUT store/3').length).toBe(2)
    expect(asked.filter((line) => line.startsWith('PUT')).length).toBe(13)
  })

  it('end together when one fails for good', async () => {
    takesParts(({ path }) => (path === 'store/1' ? { status: 400 } : undefined))
    await expect(settled(upload(film(), credentials))).rejects.toMatchObject({ code: 'refused', status: 400 })
    expect(kept).toEqual({})
  })
})

describe('one PUT', () => {
  const text = () => new File(['hello'], 'a.txt', { type: 'text/plain', lastModified: 1 })
  const single = {
    id: 'file_1',
    url: 'https://store.test/whole',
    headers: {},
    expiresAt: '2099-01-01T00:00:00Z',
  }

  it('is created once, however often its request is sent', async () => {
    const keys: unknown[] = []
    let creations = 0
    fakeGateway(({ path }) => {
      if (path.startsWith('store/')) return { status: 200 }
      if (path.endsWith('/complete')) return { status: 200, json: ready }
      return ++creations < 4 ? 'lost' : { status: 201, json: single }
    })
    const answered = globalThis.fetch
    vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
      const { 'Idempotency-Key': key } = init.headers as Record<string, string>
      if (key) keys.push(key)
      return answered(url, init)
    })
    expect(await settled(upload(text(), credentials))).toEqual(ready)
    expect(keys).toHaveLength(4)
    expect(new Set(keys).size).toBe(1)
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/)
  })

  it('gives up after as many retries as it may, and tells what the gateway said', async () => {
    const asked = fakeGateway(() => ({
      status: 429,
      json: { detail: 'Try again in 60 s' },
      headers: { 'retry-after': '60' },
    }))
    const failed = settled(upload(text(), { ...credentials, retries: 3 }))
    await expect(failed).rejects.toMatchObject({ code: 'rate_limited', detail: 'Try again in 60 s' })
    expect(asked).toHaveLength(4)
  })

  it('asks for a token before each request of the gateway', async () => {
    const tokens = ['one', 'two']
    const seen: (string | undefined)[] = []
    fakeGateway(({ path }) => {
      if (path.startsWith('store/')) return { status: 200 }
      return path.endsWith('/complete') ? { status: 200, json: ready } : { status: 201, json: single }
    })
    const answered = globalThis.fetch
    vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
      seen.push((init.headers as Record<string, string>).Authorization)
      return answered(url, init)
    })
    await settled(upload(text(), { ...credentials, token: async () => tokens.shift() ?? '' }))
    expect(seen).toEqual(['Bearer one', undefined, 'Bearer two'])
  })

  it('is called at the address of a grant without a credential', async () => {
    const asked = fakeGateway(({ path }) => {
      if (path.startsWith('store/')) return { status: 200 }
      return path.endsWith('/complete') ? { status: 200, json: ready } : { status: 201, json: single }
    })
    await settled(upload(text(), { grant: 'https://gateway.test/g/token' }))
    expect(asked).toEqual([
      'POST /g/token/v1/uploads',
      'PUT store/whole',
      'POST /g/token/v1/uploads/file_1/complete',
    ])
  })

  it('wants to know who uploads', async () => {
    await expect(upload(text(), {} as never)).rejects.toThrow('{ grant }')
  })
})

describe('cancelling', () => {
  it('aborts an upload whose beginning was not answered yet', async () => {
    const controller = new AbortController()
    let creations = 0
    const asked = takesParts(({ method, path }) => {
      if (method !== 'POST' || path !== '/v1/uploads' || creations++ > 0) return undefined
      controller.abort()
      return 'lost'
    })
    const cancelled = settled(upload(film(), { ...credentials, signal: controller.signal }))
    await expect(cancelled).rejects.toMatchObject({ name: 'AbortError' })
    await vi.advanceTimersByTimeAsync(1000)
    expect(asked).toEqual(['POST /v1/uploads', 'POST /v1/uploads', 'DELETE /v1/uploads/file_1'])
    expect(kept).toEqual({})
  })
})
