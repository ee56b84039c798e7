import { describe, expect } from 'vitest'
import { helloUpload, keysPath, uploadPath } from '../support/ctxfy'
import { type Client, put } from '../support/fault-client'
import { itSurvives } from '../support/fault-suite'
import type { AnyScenario, Scenario } from '../support/fault-trials'
import { bodyOf, rootKey } from '../support/worker'

const once = { 'idempotency-key': 'once' }
const nothing = async () => null
const scenarios: AnyScenario[] = []
const add = <P>(scenario: Scenario<P>) => scenarios.push(scenario)

/** A public file whose bytes have come; its key. */
async function arrived(client: Client): Promise<string> {
  const { uploadUrl, fileKey } = await bodyOf(await client.call('POST', uploadPath, { json: helloUpload }))
  await put(uploadUrl, { 'content-type': 'text/plain' }, 'hello')
  return fileKey
}

add({
  name: 'an upload',
  isStoreless: true,
  prepare: nothing,
  act: (client) => client.call('POST', uploadPath, { json: helloUpload, headers: once }),
  answers: [200],
  made: (body: { fileKey: string }) => body.fileKey,
  files: 1,
})
add({
  name: 'an upload without a key',
  isStoreless: true,
  prepare: nothing,
  act: (client) => client.call('POST', uploadPath, { json: helloUpload }),
  answers: [200],
  files: 1,
  isKeyless: true,
})
add({
  name: 'a public read that settles',
  triesAll: true,
  prepare: arrived,
  act: ({ isolate }, fileKey) =>
    isolate.call('GET', `/public/${fileKey}`, { headers: { range: 'bytes=0-0' } }),
  answers: [206],
  files: 1,
})
add({
  name: 'an API key',
  isStoreless: true,
  prepare: nothing,
  act: (client) => client.call('POST', keysPath, { json: { name: 'ci' }, headers: once }),
  answers: [201],
  made: (body: { api_key: string }) => body.api_key,
  files: 0,
  isUnrepeatable: true,
})
add({
  name: 'an API key that is revoked',
  isStoreless: true,
  prepare: async (client) => {
    const { api_key } = await bodyOf(await client.call('POST', keysPath, { json: {} }))
    return api_key.split('_')[1] as string
  },
  act: (client, id) => client.call('DELETE', `${keysPath}/${id}`),
  answers: [200, 204],
  files: 0,
  isUnrepeatable: true,
})
add({
  name: 'an organization that is changed',
  isStoreless: true,
  prepare: nothing,
  act: ({ isolate, organization }) =>
    isolate.call('PUT', `/v1/organizations/${organization}`, {
      token: rootKey,
      json: { name: 'Renamed', quotaBytes: 1000 },
    }),
  answers: [200],
  made: (body: { name: string; quotaBytes: number }) => {
    expect(body).toMatchObject({ name: 'Renamed', quotaBytes: 1000 })
    return body.name
  },
  files: 0,
  isUnrepeatable: true,
})

describe('Ctxfy, keys and organizations: the invariants hold after a fault at any step, a retry and sweeps', () => {
  itSurvives(scenarios)
})
