import { describe, expect, it } from 'vitest'
import type { Issue } from '../../src/core/errors'
import { cuadra } from '../support/cuadra'
import { captureLogs } from '../support/logs'
import { bodyOf, startWorker } from '../support/worker'

/** 10 000 parts each of which is wrong. */
const manyWrong = { parts: Array.from({ length: 10_000 }, () => ({})) }

describe('what an answer says of a request that is wrong', () => {
  it('is at most twenty things, the last of them how many more there are', async () => {
    const worker = startWorker()
    const token = await worker.organization()
    const path = `/v1/uploads/file_${'0'.repeat(32)}/complete`
    const answer = await worker.call('POST', path, { token, json: manyWrong })
    expect(answer.status).toBe(400)
    const text = await answer.text()
    expect(text.length).toBeLessThan(8_000)
    const { errors } = JSON.parse(text) as { errors: Issue[] }
    expect(errors).toHaveLength(20)
    expect(errors.at(-1)).toEqual({
      field: '',
      message: expect.stringMatching(/^\d+ more values are wrong$/),
    })
  })

  it.each([
    ['/v1/uploads', { size: 1, ['x'.repeat(60_000)]: 1, md5: 'y'.repeat(1000) }],
    ['/v1/upload/s3', { filename: 'a', contentType: `${'a'.repeat(50_000)}/b`, size: 1 }],
    ['/v1/api-keys', { scopes: Array.from({ length: 5000 }, () => 'z') }],
    ['/api/v1/upload/direct', { blob: { metadata: { ['k'.repeat(60_000)]: 1 } } }],
    ['/api/v3/organizations/acme/ai/files', { contentType: `${'a'.repeat(50_000)}/b`, content: '' }],
  ])('is short, whatever was sent to %s', async (path, json) => {
    const worker = startWorker()
    const token = await worker.organization()
    const answer = await worker.call('POST', path, { token, json })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
    expect((await answer.text()).length).toBeLessThan(8_000)
  })

  it('is that no file was chosen, where a form has an empty input', async () => {
    const worker = startWorker()
    const api = cuadra(worker, await worker.organization())
    const empty = { name: 'file', filename: '', type: 'application/octet-stream', content: '' }
    const answer = await api.upload([empty])
    expect(answer.status).toBe(400)
    expect((await bodyOf(answer)).errors).toEqual([
      { field: 'file', message: 'is required: no file was chosen' },
    ])
  })
})

describe('a body that is cut off', () => {
  const file = `file_${'0'.repeat(32)}`
  it.each([
    ['POST', '/v1/uploads', 400],
    ['POST', `/v1/uploads/${file}/parts`, 400],
    ['POST', `/v1/uploads/${file}/complete`, 400],
    ['POST', '/v1/api-keys', 400],
    ['POST', '/v1/upload/s3', 400],
    ['POST', `/v1/files/${file}/associations`, 400],
    ['POST', '/api/v1/upload/direct', 422],
    ['POST', '/api/v3/organizations/acme/ai/files', 400],
  ])('is the fault of its client: %s %s %i', async (method, path, status) => {
    const worker = startWorker()
    const token = await worker.organization()
    let pulls = 0
    const body = new ReadableStream({
      type: 'bytes',
      pull(controller) {
        if (pulls++ > 0) controller.error(new Error('Network connection lost.'))
        else controller.enqueue(new TextEncoder().encode('{"a":'))
      },
    })
    const logs = captureLogs()
    const answer = await worker.call(method, path, {
      token,
      body,
      headers: { 'content-type': 'application/json' },
    })
    expect(answer.status).toBe(status)
    expect(logs.events().map(({ event }) => event)).toEqual(['request'])
  })
})
