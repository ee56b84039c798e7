import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { bodyOf, startWorker } from '../../support/worker'

describe('uploadFile, direct', () => {
  it('stores the bytes and answers with the file', async () => {
    const worker = startWorker()
    const token = await worker.organization()
    const answer = await worker.call('POST', '/api/v3/organizations/acme/ai/files', {
      token,
      json: { content: btoa('hello'), contentType: 'text/plain', filename: 'a.txt' },
    })
    const body = await bodyOf(answer)
    console.log(answer.status, body)
    expect(answer.status).toBe(201)
    const list = await bodyOf(
      await worker.call(
        'GET',
        '/api/v3/organizations/acme/ai/files?filter=' + encodeURIComponent('{"artifactType":"document"}'),
        { token },
      ),
    )
    console.log(list)
    console.log(
      await bodyOf(await worker.call('GET', `/api/v3/organizations/acme/ai/files/${body.fileId}`, { token })),
    )
    console.log(
      await bodyOf(
        await worker.call('DELETE', `/api/v3/organizations/acme/ai/files/${body.fileId}`, { token }),
      ),
    )
    console.log((await env.BUCKET.list()).objects.length)
  })
})
