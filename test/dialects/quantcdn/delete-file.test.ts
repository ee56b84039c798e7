import { describe, expect, it } from 'vitest'
import { expectInvariants } from '../../support/invariants'
import { quantcdn } from '../../support/quantcdn'
import { bodyOf, objectKeys, rows, startWorker } from '../../support/worker'

async function start() {
  const worker = startWorker()
  return { worker, api: quantcdn(worker, await worker.organization()) }
}

describe('deleteFile', () => {
  it('deletes the file and its bytes', async () => {
    const { worker, api } = await start()
    const fileId = await api.stored('hello', { metadata: { a: 1 } })
    const answer = await api.delete(fileId)
    expect(answer.status).toBe(200)
    expect(await bodyOf(answer)).toEqual({ message: 'File deleted', fileId })
    expect(await objectKeys()).toEqual([])
    await worker.runCron()
    for (const table of ['files', 'contents', 'metadata_terms', 'uploads', 'object_deletions'])
      expect(await rows(`SELECT * FROM ${table}`), table).toEqual([])
    expect((await api.get(fileId)).status).toBe(404)
    expect((await bodyOf(await api.list({ filter: '{"a":1}' }))).files).toEqual([])
    expect((await api.delete(fileId)).status).toBe(404)
    await expectInvariants({ swept: true })
  })

  it('leaves the bytes to the other file that shares them', async () => {
    const { api } = await start()
    const first = await api.stored('shared')
    const second = await api.stored('shared')
    await api.delete(first)
    expect((await api.get(second)).status).toBe(200)
    await expectInvariants({ swept: true })
    await api.delete(second)
    expect(await objectKeys()).toEqual([])
    await expectInvariants({ swept: true })
  })

  it('stores bytes anew that were deleted before', async () => {
    const { api } = await start()
    await api.delete(await api.stored('again'))
    const fileId = await api.stored('again')
    expect((await api.get(fileId)).status).toBe(200)
    await expectInvariants({ swept: true })
  })

  it('keeps both files whole when deletions and uploads of the same bytes race', async () => {
    const { api } = await start()
    for (let round = 0; round < 5; round++) {
      const old = await api.stored('contested')
      const [fresh] = await Promise.all([api.stored('contested'), api.delete(old)])
      expect((await api.get(fresh)).status).toBe(200)
      await expectInvariants({ swept: true })
      await api.delete(fresh)
    }
  })

  it('cancels an upload that is still awaited, and watches its key for what may yet arrive', async () => {
    const { worker, api } = await start()
    const { fileId, s3Key } = await bodyOf(
      await api.upload({ requestUploadUrl: true, size: 5, contentType: 'text/plain' }),
    )
    expect((await api.delete(fileId)).status).toBe(200)
    expect((await api.get(fileId)).status).toBe(404)
    expect(await rows('SELECT reserved_bytes FROM organizations')).toEqual([{ reserved_bytes: 0 }])
    await api.put(s3Key, 'late!', 'text/plain')
    await rows('UPDATE object_deletions SET due_at = 0')
    await worker.runCron()
    expect(await objectKeys()).toEqual([])
    await expectInvariants({ swept: true })
  })
})
