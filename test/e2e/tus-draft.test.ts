import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CuttingProxy } from './support/cutting-proxy'
import { startTus, type TusOptions, tusClients, uploadByTus } from './support/tus-clients'
import { TusGateway } from './support/tus-gateway'

const mebibyte = 1024 ** 2
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

/** The client speaks draft 5 of the IETF; it names no file. */
const optionsFor = (more: TusOptions = {}): TusOptions => ({
  endpoint: `${gateway.origin}/v1/resumable`,
  headers: gateway.headers,
  protocol: 'ietf-draft-05',
  ...more,
})

const idIn = (url: string) => url.slice(url.lastIndexOf('/') + 1)

describe.each(Object.entries(tusClients))('%s with the resumable uploads of the IETF', (_, client) => {
  describe.each([
    ['its default', undefined],
    ['500 KiB', 500 * 1024],
    ['6 MiB', 6 * mebibyte],
  ])('with chunks of %s', (_, chunkSize) => {
    it.each([1, partSize - 1, partSize, partSize + 1, 3 * partSize + 17, 30 * mebibyte])(
      'uploads %i bytes',
      async (byteSize) => {
        const bytes = randomBytes(byteSize)
        const { url } = await uploadByTus(client, bytes, optionsFor(chunkSize ? { chunkSize } : {}))
        await gateway.expectBytes(idIn(url), bytes)
      },
    )
  })

  it('goes on by itself whenever the connection was cut', async () => {
    const bytes = randomBytes(30 * mebibyte)
    const httpStack = new client.DefaultHttpStack({ agent: proxy.agent() })
    const before = proxy.cuts
    proxy.cutAfter(40 * 1024, 7 * mebibyte, 24 * mebibyte)
    proxy.loseAnswerTo('PATCH')
    const { url, requests } = await uploadByTus(client, bytes, optionsFor({ httpStack }))
    expect(proxy.cuts - before).toBe(4)
    expect(requests.filter((request) => request.startsWith('POST')).length).toBe(1)
    await gateway.expectBytes(idIn(url), bytes, { wasCut: true })
  })

  it('cancels what it gives up', async () => {
    const options = optionsFor({ chunkSize: 2 * mebibyte })
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const { upload } = startTus(client, randomBytes(12 * mebibyte), {
      ...options,
      onChunkComplete: () => upload.abort(true).then(resolve, reject),
    })
    upload.start()
    await promise
    const answer = await fetch(upload.url ?? '', { method: 'HEAD', headers: gateway.headers })
    expect(answer.status).toBe(404)
    await gateway.expectNoPieces(idIn(upload.url ?? ''), { wasCut: true })
  })

  it('uploads under a grant', async () => {
    const bytes = randomBytes(partSize + 1)
    const grant = await gateway.grant({ maxBytes: bytes.length })
    const options = optionsFor({ endpoint: `${grant}/v1/resumable`, headers: {} })
    const { url } = await uploadByTus(client, bytes, options)
    await gateway.expectBytes(idIn(url), bytes)
  })
})
