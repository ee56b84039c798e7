import { describe, expect, it } from 'vitest'
import { sha256Of } from '../../src/core/ids'
import { cuadra, textFile } from '../support/cuadra'
import { base64, pngBytes, quantcdn } from '../support/quantcdn'
import { endpointBindings } from '../support/start-over'
import { bodyOf, objectKeys, startWorker } from '../support/worker'
import { bytesOf } from './object-store-contract'

/** A Worker without an R2 binding: everything goes through the S3 endpoint, as with AWS. */
async function start() {
  const bindings = endpointBindings()
  const worker = startWorker({ BUCKET: undefined, ...bindings })
  const token = await worker.organization()
  const api = quantcdn(worker, token)
  const presigned = async (more: Record<string, unknown> = {}) =>
    bodyOf(await api.upload({ requestUploadUrl: true, contentType: 'text/plain', ...more }))
  const put = (url: string, body: BodyInit, headers: Record<string, string> = {}) =>
    fetch(url, { method: 'PUT', body, headers: { 'content-type': 'text/plain', ...headers } })
  return { worker, token, api, presigned, put, bucket: bindings.S3_BUCKET }
}

describe('a Worker without an R2 binding', () => {
  it('stores, hands out and deletes bytes through the S3 endpoint', async () => {
    const { worker, api } = await start()
    expect((await worker.call('GET', '/health')).status).toBe(200)
    const answer = await api.upload({ content: base64(pngBytes), contentType: 'image/png' })
    expect(answer.status).toBe(201)
    const { fileId, url } = await bodyOf(answer)
    const download = await fetch(url)
    expect(new Uint8Array(await download.arrayBuffer())).toEqual(pngBytes)
    expect((await api.delete(fileId)).status).toBe(200)
    const gone = await fetch(url)
    expect(gone.status).toBe(404)
    await gone.body?.cancel()
    expect(await objectKeys(), 'the R2 bucket beside it').toEqual([])
  })

  it.each([5, 5 * 1024 ** 2 + 3])('stores a form of %i bytes and serves them again', async (byteSize) => {
    const { worker, token } = await start()
    const api = cuadra(worker, token)
    const bytes = bytesOf(byteSize)
    const file = await bodyOf(await api.upload([textFile(bytes, 'a.bin')]))
    expect(file).toMatchObject({ sizeBytes: byteSize, status: 'ready', isDuplicate: false })
    const through = new Uint8Array(await (await api.content(file.id, '?redirect=false')).arrayBuffer())
    expect(await sha256Of(through)).toBe(file.sha256)
    const redirect = await api.content(file.id)
    const direct = await fetch(redirect.headers.get('location') ?? '')
    expect(await sha256Of(new Uint8Array(await direct.arrayBuffer()))).toBe(file.sha256)
    const again = await bodyOf(await api.upload([textFile(bytes, 'b.bin')]))
    expect(again).toMatchObject({ isDuplicate: true, storageCharged: 0 })
    for (const { id } of [file, again]) expect((await api.delete(id)).status).toBe(204)
  })

  it('takes a plain PUT to the presigned URL, and settles it', async () => {
    const { api, presigned, put } = await start()
    const { fileId, uploadUrl } = await presigned({ size: 5 })
    expect((await api.get(fileId)).status).toBe(404)
    expect((await put(uploadUrl, 'hello')).status).toBe(200)
    const file = await bodyOf(await api.get(fileId))
    expect(file).toMatchObject({ size: 5 })
    expect(await (await fetch(file.url)).text()).toBe('hello')
  })

  it('asks the store about the seal, and then no other object can be copied in', async () => {
    const { api, presigned, put, bucket } = await start()
    const victim = await bodyOf(
      await api.upload({ content: base64('their bytes'), contentType: 'text/plain' }),
    )
    const source = victim.s3Uri.replace(`s3://${bucket}/`, `${bucket}/`)
    for (const size of [undefined, 'their bytes'.length])
      for (const directive of ['COPY', 'REPLACE']) {
        const { fileId, uploadUrl } = await presigned({ size })
        const attack = await put(uploadUrl, 'x'.repeat('their bytes'.length), {
          'x-amz-copy-source': source,
          'x-amz-metadata-directive': directive,
        })
        expect(attack.status).toBe(403)
        await attack.body?.cancel()
        expect((await bodyOf(await api.get(fileId))).message).toContain('still uploading')
      }
  })

  it('refuses what the store let through but was not promised', async () => {
    const { api, presigned, put } = await start()
    const encoded = await presigned({ size: 5 })
    expect((await put(encoded.uploadUrl, 'hello', { 'content-encoding': 'x-odd' })).status).toBe(200)
    expect((await bodyOf(await api.get(encoded.fileId))).message).toContain('Content-Encoding')
    const disguised = await presigned()
    expect((await put(disguised.uploadUrl, pngBytes)).status).toBe(200)
    expect((await bodyOf(await api.get(disguised.fileId))).message).toContain('image/png')
  })
})
