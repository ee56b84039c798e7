import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { cuadra, field } from '../support/cuadra'
import { blobsPath, directUpload } from '../support/direct-upload'
import { filesPath, quantcdn } from '../support/quantcdn'
import { createS3OverBucket } from '../support/s3-over-bucket'
import { answerStoreRequests } from '../support/store-requests'
import { bodyOf, startWorker } from '../support/worker'

async function start() {
  const worker = startWorker()
  const token = await worker.organization()
  const get = (path: string) => worker.call('GET', path, { token })
  return { worker, token, get, files: cuadra(worker, token), quant: quantcdn(worker, token) }
}

describe('parameters in the spellings of other clients', () => {
  it('select files in Cuadra’s list', async () => {
    const { get, files } = await start()
    const inChat = await files.stored('1', field('resource_type', 'chat'), field('resource_id', 'c'))
    await files.stored('2')
    const ids = async (query: string) =>
      (await bodyOf(await get(`/v1/files?${query}`))).items.map((item: { id: string }) => item.id)
    expect(await ids('resource_type=CHAT&resource_id=c')).toEqual([inChat])
    expect(await ids('status=READY')).toHaveLength(2)
    expect(await ids('status_filter=error')).toEqual([])
    expect(await ids('page_size=1')).toHaveLength(1)
    const { nextCursor } = await bodyOf(await get('/v1/files?perPage=1'))
    expect(await ids(`pageToken=${nextCursor}`)).toEqual([inChat])
    const { items } = await bodyOf(await get('/v1/files?include=Associations'))
    expect(items[1].associations).toHaveLength(1)
  })

  it('select files in QuantCDN’s list', async () => {
    const { get, quant } = await start()
    for (const text of ['a', 'b']) await quant.stored(text)
    const page = await bodyOf(await get(`${filesPath}?per-page=1&_=123`))
    expect([page.files.length, page.hasMore]).toEqual([1, true])
    expect((await bodyOf(await get(`${filesPath}?next_cursor=${page.nextCursor}`))).files).toHaveLength(1)
  })

  it('page through API keys', async () => {
    const { get } = await start()
    const { pagination } = await bodyOf(await get('/v1/api-keys?perPage=7&page-number=2'))
    expect(pagination).toMatchObject({ page: 2, per_page: 7 })
  })

  it('say how bytes are to come', async () => {
    const { worker, token, get, files } = await start()
    const id = await files.stored('hello')
    for (const word of ['false', 'False', '0', 'no', 'off'])
      expect((await get(`/v1/files/${id}/content?redirect=${word}`)).status).toBe(200)
    for (const word of ['true', '1', 'YES', ''])
      expect((await get(`/v1/files/${id}/content?redirect=${word}`)).status).toBe(302)
    const { signed_id } = await directUpload(worker, token).stored('hello')
    const location = (await get(`${blobsPath}/${signed_id}/a.txt?Disposition=INLINE`)).headers.get('location')
    expect(new URL(location ?? '').searchParams.get('response-content-disposition')).toMatch(/^inline/)
  })
})

describe('parameters that a request does not take', () => {
  it.each([
    ['/v1/files?sort=name', 'errors', 'sort'],
    ['/v1/files?resourceTypes=chat', 'errors', 'resourceTypes'],
    ['/v1/files?limit=5&limit=6', 'errors', 'limit'],
    ['/v1/files?page=2', 'errors', 'page'],
    ['/v1/files?resourceType=chat&resourceId=caf%E9', 'errors', 'resourceId'],
    [`${filesPath}?tag=a`, 'details', 'tag'],
    [`${filesPath}?offset=10`, 'details', 'offset'],
    ['/v1/api-keys?cursor=abc', 'details', 'cursor'],
    ['/v1/files/file_0190a00000007000800000000000000a?expnd[]=associations', 'errors', 'expnd[]'],
    ['/v1/files/file_0190a00000007000800000000000000a/content?redirected=no', 'errors', 'redirected'],
  ])('%s is refused by name', async (path, list, field) => {
    const { get } = await start()
    const answer = await get(path)
    expect(answer.status).toBe(400)
    expect((await bodyOf(answer))[list]).toMatchObject([{ field }])
  })

  it('are located in the query where FastAPI says where', async () => {
    const { get } = await start()
    const answer = await get(`${blobsPath}/x/a.txt?inline=1`)
    expect(answer.status).toBe(422)
    expect((await bodyOf(answer)).detail).toMatchObject([{ loc: ['query', 'inline'], type: 'value_error' }])
  })

  it('say how QuantCDN’s metadata is asked for', async () => {
    const { get } = await start()
    const { message } = await bodyOf(await get(`${filesPath}?collectionId=a`))
    expect(message).toContain('filter={"tag":"a"}')
  })

  it('do not matter where none changes the answer', async () => {
    // For /health.
    answerStoreRequests(createS3OverBucket(env.BUCKET))
    const { get, quant } = await start()
    const id = await quant.stored('a')
    expect((await get(`${filesPath}/${id}?v=2&sort=x`)).status).toBe(200)
    expect((await get('/health?probe=1')).status).toBe(200)
  })
})
