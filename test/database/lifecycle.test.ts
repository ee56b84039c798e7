import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { transitions } from '../../src/core/uploads/lifecycle'
import { rows, startWorker } from '../support/worker'

const statuses = ['uploading', 'ready', 'error', 'failed'] as const
type Status = (typeof statuses)[number]

/** Creation and deletion are no changes of a status. */
const changes = transitions.flatMap(({ from, to }) => (from && to ? [`${from} → ${to}`] : []))

/** Ways by which a file comes to be in each status, without the table of transitions being asked. */
const waysTo: Record<Status, readonly Status[]> = {
  uploading: [],
  ready: ['ready'],
  error: ['error'],
  failed: ['failed'],
}

function become(status: Status): D1PreparedStatement {
  return env.DB.prepare(
    "UPDATE files SET status = ?1, content_id = iif(?1 = 'ready', zeroblob(16), NULL)",
  ).bind(status)
}

function begin(status: Status): D1PreparedStatement {
  return env.DB.prepare(
    `INSERT INTO files (id, organization_id, filename, content_type, metadata, terms, status, content_id, created_at)
     VALUES (zeroblob(16), 'acme', 'a', 'text/plain', '{}', '[]', ?1, iif(?1 = 'ready', zeroblob(16), NULL), 1)`,
  ).bind(status)
}

describe('the life of a file', () => {
  beforeEach(async () => {
    await startWorker().organization()
    await env.DB.prepare(
      `INSERT INTO contents (id, organization_id, byte_size, extension, etag)
       VALUES (zeroblob(16), 'acme', 0, '', 'e')`,
    ).run()
  })

  it('is what lifecycle.ts tells', async () => {
    const kept = await rows<{ change: string }>(
      "SELECT from_status || ' → ' || to_status AS change FROM file_transitions ORDER BY 1",
    )
    expect(kept.map(({ change }) => change)).toEqual([...new Set(changes)].sort())
  })

  it('tells of the creation, and of the deletion from every status', () => {
    expect(transitions.filter(({ from }) => from === null).map(({ to }) => to)).toEqual(['uploading'])
    const deleted = transitions.filter(({ method }) => method === 'files.delete')
    expect(deleted.map(({ from, to }) => [from, to])).toEqual(statuses.map((status) => [status, null]))
  })

  it.each(statuses)('begins as uploading: %s', async (status) => {
    const begun = begin(status).run()
    if (status === 'uploading') await expect(begun).resolves.toMatchObject({ success: true })
    else await expect(begun).rejects.toThrow('a file begins as uploading')
  })

  it.each(statuses.flatMap((from) => statuses.map((to) => [from, to] as const)))(
    'goes from %s to %s only if that is a transition',
    async (from, to) => {
      await env.DB.batch([begin('uploading'), ...waysTo[from].map(become)])
      const moved = become(to).run()
      if (from === to || changes.includes(`${from} → ${to}`))
        await expect(moved).resolves.toMatchObject({ success: true })
      else await expect(moved).rejects.toThrow('no such transition of a file')
      const last = from === to || changes.includes(`${from} → ${to}`) ? to : from
      expect(await rows('SELECT status FROM files')).toEqual([{ status: last }])
    },
  )

  it.each(statuses)('may end by deletion: %s', async (status) => {
    await env.DB.batch([begin('uploading'), ...waysTo[status].map(become)])
    await env.DB.prepare('DELETE FROM files').run()
    expect(await rows('SELECT uuid AS id FROM files')).toEqual([])
  })
})
