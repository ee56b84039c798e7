import { describe } from 'vitest'
import { type Client, put } from '../support/fault-client'
import { itSurvives } from '../support/fault-suite'
import type { AnyScenario, Scenario } from '../support/fault-trials'
import { bodyOf } from '../support/worker'

const once = { 'idempotency-key': 'once' }
const id = (body: { id: string }) => body.id
const single = { filename: 'a.txt', contentType: 'text/plain', size: 5 }
const scenarios: AnyScenario[] = []
const add = <P>(scenario: Scenario<P>) => scenarios.push(scenario)

/** The address of a new grant. */
const hold = async (client: Client, terms = {}) => {
  const answer = await client.call('POST', '/v1/grants', { json: { maxBytes: 1000, maxFiles: 9, ...terms } })
  return new URL((await bodyOf(answer)).url).pathname
}
const create = (client: Client, path: string, json: unknown, headers = {}) =>
  client.isolate.call('POST', `${path}/v1/uploads`, { json, headers })
/** A grant's address, and its upload whose bytes have come. */
const arrived = async (client: Client) => {
  const path = await hold(client)
  const { id, url, headers } = await bodyOf(await create(client, path, single))
  await put(url, headers, 'hello')
  return { path, id: id as string }
}

add({
  name: 'a grant that is made',
  isStoreless: true,
  prepare: async () => null,
  act: (client) => client.call('POST', '/v1/grants', { json: { maxBytes: 1 }, headers: once }),
  answers: [201],
  made: id,
  files: 0,
})
add({
  name: 'an upload that is made under a grant',
  isStoreless: true,
  prepare: (client) => hold(client),
  act: (client, path) => create(client, path, single, once),
  answers: [201],
  made: id,
  files: 1,
})
add({
  name: 'an upload in parts that is made under a grant',
  prepare: (client) => hold(client, { maxBytes: 10 * 1024 ** 3 }),
  act: (client, path) => create(client, path, { ...single, size: 6 * 1024 ** 3 }, once),
  answers: [201],
  made: id,
  files: 1,
})
add({
  name: 'an upload under a grant that is completed',
  prepare: arrived,
  act: (client, { path, id }) => client.isolate.call('POST', `${path}/v1/uploads/${id}/complete`),
  answers: [200],
  made: id,
  files: 1,
})
add({
  name: 'an upload under a grant that is aborted',
  ends: 'failed',
  prepare: arrived,
  act: (client, { path, id }) => client.isolate.call('DELETE', `${path}/v1/uploads/${id}`),
  answers: [204],
  files: 1,
})
add({
  name: 'a file that is put under a grant in one request',
  prepare: (client) => hold(client),
  act: (client, path) =>
    client.isolate.call('PUT', `${path}/a.txt`, { body: 'hello', headers: { 'content-length': '5' } }),
  answers: [201],
  files: 1,
  isKeyless: true,
})
add({
  name: 'a grant that is revoked',
  isStoreless: true,
  prepare: async (client) => {
    const answer = await client.call('POST', '/v1/grants', { json: { maxBytes: 1 } })
    return (await bodyOf(answer)).id as string
  },
  act: (client, grant) => client.call('DELETE', `/v1/grants/${grant}`),
  answers: [204],
  files: 0,
})

describe('grants: the invariants hold after a fault at any step, a retry and sweeps', () => {
  itSurvives(scenarios)
})
