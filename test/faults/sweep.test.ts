import { env } from 'cloudflare:workers'
import { describe, expect } from 'vitest'
import { type Client, put } from '../support/fault-client'
import { itSurvives } from '../support/fault-suite'
import type { AnyScenario, Scenario } from '../support/fault-trials'
import { pngBytes } from '../support/quantcdn'
import { bodyOf, rows } from '../support/worker'

const scenarios: AnyScenario[] = []
const add = <P>(scenario: Scenario<P>) => scenarios.push(scenario)

const presign = (client: Client, size: number) =>
  client.quantcdn
    .upload({ requestUploadUrl: true, size, contentType: 'text/plain' })
    .then(bodyOf) as Promise<{ fileId: string; uploadUrl: string }>

async function presignedWith(client: Client, bytes: string | Uint8Array<ArrayBuffer>): Promise<void> {
  const { uploadUrl } = await presign(client, bytes.length)
  await put(uploadUrl, { 'content-type': 'text/plain' }, bytes)
}

const inParts = async (client: Client) =>
  (
    await bodyOf(
      await client.call('POST', '/v1/uploads', {
        json: { filename: 'a.bin', contentType: 'application/octet-stream', size: 6 * 1024 ** 3 },
      }),
    )
  ).id.replace(/^file_(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5') as string

/** A form whose request died before its end: its upload stays pending, with a multipart upload of the Worker's own. */
async function dyingForm(client: Client): Promise<void> {
  const { fileId } = await presign(client, 5)
  const [row] = await rows<{ content_key: string }>(
    "SELECT content_key FROM uploads WHERE file_id = unhex(?1, '-')",
    fileId,
  )
  const url = `https://store.example.com/slipway/${row?.content_key}?uploads`
  const xml = await (await fetch(url, { method: 'POST' })).text()
  const multipartId = /<UploadId>(.*)<\/UploadId>/.exec(xml)?.[1]
  await env.DB.prepare(
    `UPDATE uploads SET method = 'edge', object_key = content_key, byte_size = NULL, multipart_id = ?2
     WHERE file_id = unhex(?1, '-')`,
  )
    .bind(fileId, multipartId)
    .run()
}

/** What is pending becomes overdue, without any time passing. */
async function makeOverdue({ organization }: Client): Promise<void> {
  await env.DB.prepare('UPDATE uploads SET expires_at = ?2, sweep_at = ?2 WHERE organization_id = ?1')
    .bind(organization, Date.now())
    .run()
}

/** Runs the sweep; a step of it that failed is as bad as no answer. */
async function sweep({ isolate, organization }: Client): Promise<Response> {
  await isolate.runCron()
  const due = await rows(
    `SELECT file_id FROM uploads WHERE organization_id = ?1 AND expires_at <= ?2`,
    organization,
    Date.now(),
  )
  return new Response(null, { status: due.length === 0 ? 200 : 503 })
}

/**
 * Until nothing is due at this moment but what always is, as its URL still works: the batches of the next sweep are
 * its own.
 */
async function sweepAll({ isolate }: Client): Promise<void> {
  const due = `SELECT 1 FROM object_deletions
    WHERE due_at <= ?1 AND (multipart_method IS NOT NULL OR watch_until <= ?1 + 86400000)`
  do await isolate.runCron()
  while ((await rows(due, Date.now())).length > 0)
}

const itself = {
  act: sweep,
  tidy: sweepAll,
  answers: [200, 503],
  isUnrepeatable: true,
  isLarge: true,
} as const

add({
  ...itself,
  name: 'uploads that have arrived, have not, and are not what was promised',
  isConcurrent: true,
  prepare: async (client) => {
    await presignedWith(client, 'hello')
    await presign(client, 5)
    await presignedWith(client, pngBytes)
    await makeOverdue(client)
  },
  files: 3,
})
add({
  ...itself,
  name: 'uploads in parts, and what is left of a form',
  triesAll: true,
  isLarge: false,
  prepare: async (client) => {
    await inParts(client)
    await dyingForm(client)
    await makeOverdue(client)
  },
  files: 1,
})
/** One write-once upload that was aborted; its URL still works. */
async function abortedOnce(client: Client): Promise<{ url: string; headers: Record<string, string> }> {
  const json = { filename: 'a.txt', contentType: 'text/plain', size: 5 }
  const { id, url, headers } = await bodyOf(await client.call('POST', '/v1/uploads', { json }))
  expect((await client.call('DELETE', `/v1/uploads/${id}`)).status).toBe(204)
  return { url, headers }
}

add({
  ...itself,
  name: 'what has come through URLs whose uploads are over',
  prepare: async (client) => {
    const { quantcdn } = client
    const [kept, gone] = [await presign(client, 5), await presign(client, 5)]
    const plain = { 'content-type': 'text/plain' }
    await put(kept.uploadUrl, plain, 'hello')
    expect((await quantcdn.get(kept.fileId)).status).toBe(200)
    expect((await quantcdn.delete(gone.fileId)).status).toBe(200)
    for (const { uploadUrl } of [kept, gone]) await put(uploadUrl, plain, 'later')
    for (const { url, headers } of [await abortedOnce(client), await abortedOnce(client)])
      await put(url, headers, 'later')
  },
  files: 3,
})
add({
  ...itself,
  name: 'deletions that are due, and what can be forgotten',
  prepare: async (client) => {
    const { quantcdn, organization } = client
    await quantcdn.delete(await inParts(client))
    await quantcdn.delete(await quantcdn.stored('bytes', {}))
    // As if the objects had not been deleted in the background.
    await env.DB.prepare('UPDATE object_deletions SET due_at = 0 WHERE object_key LIKE ?1')
      .bind(`${organization}/%`)
      .run()
    await env.BUCKET.put(`${organization}/left`, 'left')
    await env.DB.prepare('INSERT INTO object_deletions (object_key, due_at, watch_until) VALUES (?1, 0, 0)')
      .bind(`${organization}/left`)
      .run()
    await quantcdn.upload(
      { content: 'aGVsbG8=', contentType: 'text/plain', filename: 'kept.txt' },
      { 'idempotency-key': 'old' },
    )
    await env.DB.prepare('UPDATE idempotency_records SET expires_at = 0 WHERE organization_id = ?1')
      .bind(organization)
      .run()
    expect(
      await rows(
        'SELECT 1 FROM object_deletions WHERE due_at = 0 AND object_key LIKE ?1',
        `${organization}/%`,
      ),
    ).not.toEqual([])
  },
  files: 1,
})

describe('the sweep: the invariants hold after a fault at any step of it, and more sweeps', () => {
  itSurvives(scenarios)
})
