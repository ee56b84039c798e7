import { describe, expect, it, vi } from 'vitest'
import { grants } from '../../support/grants'
import { expectInvariants } from '../../support/invariants'
import { r2, startOver } from '../../support/start-over'
import { put } from '../../support/uploads'
import { bodyOf, rows } from '../../support/worker'

async function start() {
  const over = await startOver(r2)
  return { ...over, own: grants(over.worker, over.token) }
}

const detailOf = async (answer: Response) => (await bodyOf(answer)).detail as string

describe('an upload under a grant', () => {
  it('goes from its creation to a ready file by the address of the grant alone', async () => {
    const { own, api } = await start()
    const held = await own.hold({ metadata: { ticket: 7 } })
    const made = await held.inOne('hello', { metadata: { ticket: 8, note: 'mine' } })
    expect((await put(made, 'hello')).status).toBe(200)
    expect(await bodyOf(await held.call('GET', `/v1/uploads/${made.id}`))).toMatchObject({ status: 'ready' })
    const answer = await held.call('POST', `/v1/uploads/${made.id}/complete`)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer')
    expect(await bodyOf(answer)).toMatchObject({
      id: made.id,
      status: 'ready',
      sizeBytes: 5,
      isDuplicate: false,
    })
    expect(await own.useOf(held.id)).toEqual({ filesUsed: 1, bytesUsed: 5 })
    // Metadata of the grant stands above the holder's.
    const [file] = await rows<{ metadata: string }>('SELECT metadata FROM files')
    expect(JSON.parse(file?.metadata ?? '')).toEqual({ ticket: 7, note: 'mine', artifactType: 'document' })
    expect((await api.get(made.id)).status).toBe(200)
    await expectInvariants({ swept: true })
  })

  it('works with the token as a header too', async () => {
    const { own, worker } = await start()
    const { token } = await own.hold()
    const json = { filename: 'a.txt', contentType: 'text/plain', size: 2 }
    expect((await worker.call('POST', '/v1/uploads', { token, json })).status).toBe(201)
  })

  it('is in parts where that is asked for, signed and listed under the grant', async () => {
    const { own } = await start()
    const held = await own.hold({ maxBytes: 20_000_000 })
    const size = 6 * 1024 ** 2
    const made = await bodyOf(await held.create({ size, multipart: true, partSize: 5 * 1024 ** 2 }))
    const signed = await held.call('POST', `/v1/uploads/${made.id}/parts`, { json: { partNumbers: [2] } })
    expect(await bodyOf(signed)).toMatchObject({ parts: [{ partNumber: 2 }] })
    expect((await held.call('GET', `/v1/uploads/${made.id}/parts`)).status).toBe(200)
    expect((await held.call('DELETE', `/v1/uploads/${made.id}`)).status).toBe(204)
    expect(await own.useOf(held.id)).toEqual({ filesUsed: 0, bytesUsed: 0 })
    await expectInvariants({ swept: false })
  })

  it('is no more than the files, bytes and types of the grant', async () => {
    const { own } = await start()
    const held = await own.hold({ maxBytes: 10, maxFiles: 2, contentTypes: ['text/*', 'application/pdf'] })
    const big = await held.create({ size: 11 })
    expect([big.status, await detailOf(big)]).toEqual([413, 'This grant takes at most 10 bytes'])
    const image = await held.create({ size: 1, contentType: 'image/png' })
    expect([image.status, await detailOf(image)]).toEqual([
      415,
      'This grant does not take image/png; it takes text/*, application/pdf',
    ])
    await held.inOne('123456')
    const rest = await held.create({ size: 5 })
    expect([rest.status, await detailOf(rest)]).toEqual([
      413,
      'The file is larger than what is left of this grant',
    ])
    await held.inOne('1234', { contentType: 'application/x-pdf' })
    const more = await held.create({ size: 0 })
    expect([more.status, await detailOf(more)]).toEqual([403, 'This grant takes no more files'])
    expect(await own.useOf(held.id)).toEqual({ filesUsed: 2, bytesUsed: 10 })
    await expectInvariants({ swept: false })
  })

  it('gives back what was refused, aborted, deleted or never came', async () => {
    const { own, worker, token } = await start()
    const held = await own.hold({ maxBytes: 10, maxFiles: 1, contentTypes: ['image/png'] })
    const png = { contentType: 'image/png' }
    const refused = await held.inOne('not a png', png)
    expect((await put(refused, '%PDF-1.7\n')).status).toBe(200)
    expect((await held.call('POST', `/v1/uploads/${refused.id}/complete`)).status).toBe(422)
    expect(await own.useOf(held.id)).toEqual({ filesUsed: 0, bytesUsed: 0 })
    const aborted = await held.inOne('1234567890', png)
    expect((await held.create({ size: 0, ...png })).status).toBe(403)
    expect((await held.call('DELETE', `/v1/uploads/${aborted.id}`)).status).toBe(204)
    const deleted = await held.inOne('1234567890', png)
    expect((await worker.call('DELETE', `/v1/files/${deleted.id}`, { token })).status).toBe(204)
    await held.inOne('1234567890', png)
    vi.setSystemTime(Date.now() + 30 * 3_600_000)
    await worker.runCron()
    expect(await own.useOf(held.id)).toEqual({ filesUsed: 0, bytesUsed: 0 })
    await expectInvariants({ swept: true })
  })

  it('can be tried again ten times for each file, and then no more', async () => {
    const { own } = await start()
    const held = await own.hold({ maxFiles: 1 })
    for (let tried = 0; tried < 10; tried++) {
      const { id } = await held.inOne('hello')
      await held.call('DELETE', `/v1/uploads/${id}`)
    }
    expect((await held.create({ size: 1 })).status).toBe(403)
  })

  it('takes all that is left while its size is unknown, and gives back what it did not need', async () => {
    const { own, worker } = await start()
    const held = await own.hold({ maxBytes: 1000, maxFiles: 2 })
    const { readable, writable } = new IdentityTransformStream()
    const writer = writable.getWriter()
    const sent = held.put('a.txt', readable)
    // More than the sample that is looked at before the upload begins.
    await writer.write(new TextEncoder().encode('x'.repeat(100)))
    const ended = writer.close()
    await vi.waitFor(async () => expect((await own.get(held.id)).status).toBe(200))
    expect([(await sent).status, await ended]).toEqual([201, undefined])
    expect(await own.useOf(held.id)).toEqual({ filesUsed: 1, bytesUsed: 100 })
    const rest = await held.put('b.txt', new Blob(['y'.repeat(901)]).stream())
    expect([rest.status, await detailOf(rest)]).toEqual([
      413,
      'The file is larger than what is left of this grant',
    ])
    expect(await own.useOf(held.id)).toEqual({ filesUsed: 1, bytesUsed: 100 })
    await worker.runCron()
    await expectInvariants({ swept: true })
  })
})

describe('two holders', () => {
  it('cannot see, complete, abort or guess each other’s uploads', async () => {
    const { own, api } = await start()
    const [one, other] = [await own.hold(), await own.hold()]
    const { id } = await one.inOne('hello')
    const { id: members } = await api.inOne('hello')
    for (const foreign of [id, members]) {
      for (const [method, path] of [
        ['GET', ''],
        ['POST', '/complete'],
        ['DELETE', ''],
        ['GET', '/parts'],
      ] as const)
        expect((await other.call(method, `/v1/uploads/${foreign}${path}`)).status, `${method} ${path}`).toBe(
          404,
        )
      const sign = other.call('POST', `/v1/uploads/${foreign}/parts`, { json: { partNumbers: [1] } })
      expect((await sign).status).toBe(404)
    }
    expect(await bodyOf(await api.get(id))).toMatchObject({ status: 'uploading' })
  })

  it('do not meet in an Idempotency-Key', async () => {
    const { own } = await start()
    const [one, other] = [await own.hold(), await own.hold()]
    const key = { 'idempotency-key': '1' }
    const first = await bodyOf(await one.create({ size: 1 }, key))
    expect((await bodyOf(await one.create({ size: 1 }, key))).id).toBe(first.id)
    const second = await other.create({ size: 1 }, key)
    expect(second.status).toBe(201)
    expect((await bodyOf(second)).id).not.toBe(first.id)
    expect(await own.useOf(one.id)).toEqual({ filesUsed: 1, bytesUsed: 1 })
  })

  it('do not learn which bytes the organization has', async () => {
    const { own, api } = await start()
    const known = await api.inOne('hello')
    await put(known, 'hello')
    const { sha256 } = await bodyOf(await api.complete(known.id))
    const held = await own.hold({ maxFiles: 3 })
    const made = await held.inOne('hello', { sha256 })
    await put(made, 'hello')
    const completed = await bodyOf(await held.call('POST', `/v1/uploads/${made.id}/complete`))
    expect(completed).toMatchObject({ isDuplicate: false, storageCharged: 5, sha256: null })
    const fresh = await held.inOne('fresh')
    await put(fresh, 'fresh')
    const other = await bodyOf(await held.call('POST', `/v1/uploads/${fresh.id}/complete`))
    expect({ ...other, id: '', createdAt: '', processedAt: '' }).toEqual({
      ...completed,
      ...{ id: '', createdAt: '', processedAt: '' },
    })
    const sent = await bodyOf(await held.put('b.txt', 'hello'))
    expect(sent).toMatchObject({ isDuplicate: false, storageCharged: 5, sha256 })
    expect(await own.useOf(held.id)).toEqual({ filesUsed: 3, bytesUsed: 15 })
    await expectInvariants({ swept: true })
  })

  it('share one grant: of fifty uploads at once as many begin as it allows', async () => {
    const { own } = await start()
    const held = await own.hold({ maxFiles: 7, maxBytes: 1000 })
    const answers = await Promise.all(Array.from({ length: 50 }, () => held.create({ size: 1 })))
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 201)).toHaveLength(7)
    expect(statuses.filter((status) => status === 403)).toHaveLength(43)
    expect(await own.useOf(held.id)).toEqual({ filesUsed: 7, bytesUsed: 7 })
    await expectInvariants({ swept: false })
  })
})
