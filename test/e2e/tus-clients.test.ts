import { randomBytes } from 'node:crypto'
import { createReadStream, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CuttingProxy } from './support/cutting-proxy'
import { startTus, type TusOptions, tusClients, uploadByTus } from './support/tus-clients'
import { TusGateway } from './support/tus-gateway'

const kibibyte = 1024
const mebibyte = 1024 ** 2
/** Of a part of an upload whose length is known. */
const partSize = 5 * mebibyte

let gateway: TusGateway
let proxy: CuttingProxy

beforeAll(async () => {
  gateway = await TusGateway.start()
  proxy = await CuttingProxy.before(gateway.port)
})

afterAll(() => {
  proxy?.end()
  gateway?.end()
})

const sizes = {
  'no byte': 0,
  '1 byte': 1,
  'a part less a byte': partSize - 1,
  'a part': partSize,
  'a part and a byte': partSize + 1,
  'three parts and 17 bytes': 3 * partSize + 17,
  '30 MiB': 30 * mebibyte,
}
const chunkSizes = {
  'its default': undefined,
  '500 KiB': 500 * kibibyte,
  '5 MiB': 5 * mebibyte,
  '6 MiB': 6 * mebibyte,
}

/** Of an upload with the key; the name is another one each time. */
function optionsFor(name: string, more: TusOptions = {}) {
  const filename = `${name} ${randomBytes(4).toString('hex')}.bin`
  const metadata = { filename, filetype: 'application/octet-stream' }
  return { endpoint: `${gateway.origin}/tus`, headers: gateway.headers, metadata, ...more, filename }
}

const countOf = (requests: string[], method: string) =>
  requests.filter((request) => request.startsWith(method)).length

describe.each(Object.entries(tusClients))('%s in Node', (version, client) => {
  // What is sent in chunks of one size is the same with either version.
  const chosen = Object.entries(chunkSizes).slice(0, version.includes('4') ? undefined : 2)
  describe.each(chosen)('with chunks of %s', (_, chunkSize) => {
    it.each(Object.entries(sizes))('uploads %s', async (size, byteSize) => {
      const bytes = randomBytes(byteSize)
      const { filename, ...options } = optionsFor(`${version} ${size}`, chunkSize ? { chunkSize } : {})
      const { url, last, requests } = await uploadByTus(client, bytes, options)
      const id = await gateway.expectStored(filename, bytes)
      expect(url).toBe(`${gateway.origin}/tus/${id}`)
      expect(last.getHeader('x-file-id')).toBe(id)
      const patches = Math.ceil(byteSize / (chunkSize ?? byteSize)) || 0
      expect(requests).toEqual(['POST 201', ...Array(patches).fill('PATCH 204')])
    })
  })

  it('uploads 40 bytes, one by one', async () => {
    const bytes = randomBytes(40)
    const { filename, ...options } = optionsFor('single bytes', { chunkSize: 1 })
    const { requests } = await uploadByTus(client, bytes, options)
    expect(countOf(requests, 'PATCH 204')).toBe(40)
    await gateway.expectStored(filename, bytes)
  })

  it.each([
    ['all of it', undefined],
    ['the first 6 MiB of it', 6 * mebibyte],
  ])('sends %s with the request that creates the upload', async (_, chunkSize) => {
    const bytes = randomBytes(3 * partSize + 17)
    const more = { uploadDataDuringCreation: true, ...(chunkSize ? { chunkSize } : {}) }
    const { filename, ...options } = optionsFor('with creation', more)
    const { requests } = await uploadByTus(client, bytes, options)
    expect(requests).toEqual(['POST 201', ...(chunkSize ? ['PATCH 204', 'PATCH 204'] : [])])
    await gateway.expectStored(filename, bytes)
  })

  it.each([1, 700 * kibibyte, 19 * mebibyte + 3])(
    'uploads a stream of %i bytes, whose length it tells with the last of them',
    async (byteSize) => {
      const bytes = randomBytes(byteSize)
      const stream = Readable.from(slicesOf(bytes, 64 * kibibyte))
      const more = { uploadLengthDeferred: true, chunkSize: 6 * mebibyte }
      const { filename, ...options } = optionsFor('deferred', more)
      await uploadByTus(client, stream, options)
      await gateway.expectStored(filename, bytes)
    },
  )

  it('appends by POST where a network takes no PATCH', async () => {
    const bytes = randomBytes(partSize + 1)
    const { filename, ...options } = optionsFor('override', { overridePatchMethod: true })
    const { requests } = await uploadByTus(client, bytes, options)
    expect(requests).toEqual(['POST 201', 'POST 204'])
    await gateway.expectStored(filename, bytes)
  })

  it('goes on by itself whenever the connection was cut', async () => {
    const bytes = randomBytes(30 * mebibyte)
    const path = join(gateway.folder, 'film.bin')
    writeFileSync(path, bytes)
    const httpStack = new client.DefaultHttpStack({ agent: proxy.agent() })
    const { filename, ...options } = optionsFor('cut', { httpStack })
    const before = proxy.cuts
    proxy.cutAfter(100, 40 * kibibyte, 7 * mebibyte, 13 * mebibyte, 24 * mebibyte)
    const { requests } = await uploadByTus(client, createReadStream(path), options)
    expect(proxy.cuts - before).toBe(5)
    expect(countOf(requests, 'HEAD 200')).toBeGreaterThanOrEqual(4)
    await gateway.expectStored(filename, bytes, { wasCut: true })
  })

  it('goes on by itself in chunks, cut before a chunk, in it, and before its answer', async () => {
    const bytes = randomBytes(12 * mebibyte)
    const httpStack = new client.DefaultHttpStack({ agent: proxy.agent() })
    const { filename, ...options } = optionsFor('cut', { httpStack, chunkSize: 500 * kibibyte })
    const before = proxy.cuts
    proxy.cutAfter(500 * kibibyte, 1300 * kibibyte, 7 * mebibyte)
    proxy.loseAnswerTo('PATCH')
    const { requests } = await uploadByTus(client, bytes, options)
    expect(proxy.cuts - before).toBe(4)
    expect(countOf(requests, 'POST')).toBe(1)
    await gateway.expectStored(filename, bytes, { wasCut: true })
  })

  it('finds its file there when only the last answer was lost', async () => {
    const bytes = randomBytes(partSize + 1)
    const httpStack = new client.DefaultHttpStack({ agent: proxy.agent() })
    const { filename, ...options } = optionsFor('last answer', { httpStack })
    proxy.loseAnswerTo('PATCH')
    const { requests } = await uploadByTus(client, bytes, options)
    expect(requests).toEqual(['POST 201', 'HEAD 200'])
    await gateway.expectStored(filename, bytes, { wasCut: true })
  })

  it.each([
    ['in chunks', 5 * mebibyte],
    ['in one request', undefined],
  ])('goes on after a restart from the URL that it kept (%s)', async (_, chunkSize) => {
    const bytes = randomBytes(30 * mebibyte)
    const urlStorage = new client.FileUrlStorage(
      join(gateway.folder, `urls ${randomBytes(4).toString('hex')}`),
    )
    const more = { urlStorage, ...(chunkSize ? { chunkSize } : {}) }
    const { filename, ...options } = optionsFor('restart', more)
    const { promise: isAborted, resolve: abort } = Promise.withResolvers<void>()
    const abortAt = 12 * mebibyte
    const first = startTus(client, bytes, {
      ...options,
      ...(chunkSize
        ? { onChunkComplete: (_size, accepted) => void (accepted > abortAt && abort()) }
        : { onProgress: (sent) => void (sent > abortAt && abort()) }),
    })
    first.upload.start()
    await isAborted
    await first.upload.abort()

    const offsets: number[] = []
    const second = startTus(client, bytes, { ...options, onProgress: (sent) => void offsets.push(sent) })
    const [previous] = await second.upload.findPreviousUploads()
    second.upload.resumeFromPreviousUpload(previous ?? expect.unreachable())
    second.upload.start()
    const { url, requests } = await second.done
    expect(url).toBe(first.upload.url)
    if (chunkSize) expect(offsets[0]).toBeGreaterThanOrEqual(abortAt)
    expect(requests[0]).toBe('HEAD 200')
    expect(countOf(requests, 'POST')).toBe(0)
    await gateway.expectStored(filename, bytes, { wasCut: true })
  })

  it('begins anew when the upload that it kept was terminated', async () => {
    const bytes = randomBytes(partSize + 1)
    const urlStorage = new client.FileUrlStorage(
      join(gateway.folder, `urls ${randomBytes(4).toString('hex')}`),
    )
    const { filename, ...options } = optionsFor('anew', { urlStorage, chunkSize: mebibyte })
    const first = await aborted(options, bytes, false)
    await client.Upload.terminate(first.url ?? '', options)
    const second = startTus(client, bytes, options)
    const [previous] = await second.upload.findPreviousUploads()
    second.upload.resumeFromPreviousUpload(previous ?? expect.unreachable())
    second.upload.start()
    const { url, requests } = await second.done
    expect(requests.slice(0, 2)).toEqual(['HEAD 410', 'POST 201'])
    expect(url).not.toBe(first.url)
    const files = await gateway.filesNamed(filename)
    expect(files.filter(({ status }) => status === 'ready').length).toBe(1)
  })

  it('terminates what it gives up', async () => {
    const { filename: _, ...options } = optionsFor('given up', { chunkSize: 2 * mebibyte })
    const { url } = await aborted(options, randomBytes(12 * mebibyte), true)
    const answer = await fetch(url ?? '', {
      method: 'HEAD',
      headers: { ...gateway.headers, 'tus-resumable': '1.0.0' },
    })
    expect(answer.status).toBe(410)
    await gateway.expectAborted(idIn(url ?? ''))
    await gateway.expectNoPieces(idIn(url ?? ''), { wasCut: true })
  })

  it('deletes the file by terminating an upload that was done', async () => {
    const bytes = randomBytes(1000)
    const { filename, ...options } = optionsFor('deleted')
    const { url } = await uploadByTus(client, bytes, options)
    await gateway.expectStored(filename, bytes, { wasCut: true })
    await client.Upload.terminate(url, options)
    expect(await gateway.filesNamed(filename)).toEqual([])
  })

  /** Starts an upload and aborts it when its first chunk is there. */
  async function aborted(options: TusOptions, bytes: Buffer, terminates: boolean) {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const { upload } = startTus(client, bytes, {
      ...options,
      onChunkComplete: () => upload.abort(terminates).then(resolve, reject),
    })
    upload.start()
    await promise
    return upload
  }

  it('is told once and for all that uploads in parallel are not taken', async () => {
    const { filename, ...options } = optionsFor('parallel', { parallelUploads: 2 })
    const uploading = uploadByTus(client, randomBytes(1000), options)
    await expect(uploading).rejects.toThrow(/400.*parallel/is)
    expect(await gateway.filesNamed(filename)).toEqual([])
  })

  describe('under a grant', () => {
    it('uploads without a key, also in portions with the connection cut', async () => {
      const bytes = randomBytes(3 * partSize + 17)
      const grant = await gateway.grant({ maxBytes: bytes.length })
      const httpStack = new client.DefaultHttpStack({ agent: proxy.agent() })
      const { filename, ...options } = optionsFor('grant', {
        endpoint: `${grant}/tus`,
        headers: {},
        httpStack,
      })
      proxy.cutAfter(9 * mebibyte)
      const { url } = await uploadByTus(client, bytes, options)
      const id = await gateway.expectStored(filename, bytes, { wasCut: true })
      expect(url).toBe(`${grant}/tus/${id}`)
    })

    it('is told what the grant does not take, before it sends a byte', async () => {
      const grant = await gateway.grant({ maxBytes: 1000, contentTypes: ['image/*'] })
      for (const [byteSize, filetype, status] of [
        [1001, 'image/png', 413],
        [1000, 'text/plain', 415],
      ] as const) {
        const { filename, ...options } = optionsFor('refused', { endpoint: `${grant}/tus`, headers: {} })
        const metadata = { filename, filetype }
        const requests: string[] = []
        const {
          upload,
          done,
          requests: sent,
        } = startTus(client, randomBytes(byteSize), { ...options, metadata })
        upload.start()
        await expect(done).rejects.toMatchObject({ originalResponse: expect.anything() })
        requests.push(...sent)
        expect(requests).toEqual([`POST ${status}`])
      }
    })
  })
})

const idIn = (url: string) => url.slice(url.lastIndexOf('/') + 1)

describe('what the uploads leave behind', () => {
  it('is what the rows of the database say', async () => {
    await gateway.stop()
    const { readState } = await import(join(process.cwd(), 'bench', 'soak', 'state.mjs'))
    const { checkInvariants } = await import(join(process.cwd(), 'bench', 'soak', 'invariants.mjs'))
    const state = await readState(gateway.folder)
    expect(state.files.filter(({ status }: { status: string }) => status === 'ready').length).toBeGreaterThan(
      55,
    )
    const { 'files are those that the clients know, in the states they know': _, ...broken } =
      checkInvariants(state, [])
    expect(Object.entries(broken).filter(([, problems]) => (problems as string[]).length > 0)).toEqual([])
    expect(state.openMultiparts).toEqual([])
    expect(state.uploads).toEqual([])
  })
})

function* slicesOf(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
