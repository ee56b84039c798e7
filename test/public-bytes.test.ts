import { describe, expect, it } from 'vitest'
import { sha256OfText } from '../src/core/ids'
import { ctxfy } from './support/ctxfy'
import { cuadra, textFile } from './support/cuadra'
import { expectInvariants } from './support/invariants'
import { quantcdn } from './support/quantcdn'
import { textFile as named, uploads } from './support/uploads'
import { bodyOf, objectKeys, rows, startWorker } from './support/worker'

async function start() {
  const worker = startWorker()
  const token = await worker.organization()
  return {
    worker,
    open: ctxfy(worker, token),
    files: quantcdn(worker, token),
    forms: cuadra(worker, token),
    api: uploads(worker, token),
    /** A public file that is ready; its key. */
    async published(text: string): Promise<string> {
      const key = await ctxfy(worker, token).put(text)
      expect((await ctxfy(worker, token).read(key)).status).toBe(200)
      return key
    },
  }
}

const idIn = (fileKey: string) => fileKey.replace(/^.*\/(.{36}).*$/, '$1')

describe('public and private files of the same bytes', () => {
  it('share no object, however the private ones come', async () => {
    const { worker, files, forms, api, published } = await start()
    const key = await published('the same')
    const own = await files.stored('the same')
    expect((await bodyOf(await forms.upload([textFile('the same')]))).isDuplicate).toBe(true)
    const sha256 = await sha256OfText('the same')
    const known = await api.create({ ...named, size: 8, sha256 })
    expect([known.status, (await bodyOf(known)).status]).toEqual([200, 'ready'])
    expect((await objectKeys()).sort()).toEqual([`acme/${own}.txt`, key].sort())
    expect((await files.delete(idIn(key))).status).toBe(200)
    expect(await objectKeys(), 'the public one is gone at once').toEqual([`acme/${own}.txt`])
    expect((await files.get(own)).status).toBe(200)
    await worker.runCron()
    await expectInvariants({ swept: true })
  })

  it('are charged once as public and once as private', async () => {
    const { files, published } = await start()
    await published('the same')
    await files.stored('the same')
    await files.stored('the same')
    expect(await rows('SELECT used_bytes FROM organizations')).toEqual([{ used_bytes: 16 }])
    expect(await rows('SELECT is_public, count(*) AS n FROM contents GROUP BY is_public')).toEqual([
      { is_public: 0, n: 1 },
      { is_public: 1, n: 1 },
    ])
  })

  it('of a private file that came first stay its own', async () => {
    const { files, open, published } = await start()
    const own = await files.stored('the same')
    const key = await published('the same')
    expect((await files.delete(own)).status).toBe(200)
    expect(await objectKeys()).toEqual([key])
    expect((await open.read(key)).status).toBe(200)
    await expectInvariants({ swept: true })
  })
})
