import { afterAll, describe, it } from 'vitest'
import { copyRows } from './copy-rows'
import type { Finding } from './finding'
import { createLab, type Lab, type Row } from './lab'
import { multipartRows } from './multipart-rows'
import { putRows } from './put-rows'
import { readRows } from './read-rows'

const lab = createLab()

afterAll(() => lab.abortAll())

describe.each([
  ['Presigned PUT', putRows],
  ['Copies', copyRows],
  ['Multipart uploads', multipartRows],
  ['Reading and deleting', readRows],
])('%s', (group, rows) => {
  // Nothing here can fail: whatever the store does is a fact about it.
  for (const row of rows)
    it(row.claim, async ({ task }) => {
      task.meta.finding = await findingOf(lab, group, row)
    })
})

async function findingOf(lab: Lab, group: string, { id, claim, ask }: Row): Promise<Finding> {
  try {
    const { holds, answer } = await ask(lab)
    return { id, group, claim, holds: holds === null ? 'not applicable' : holds ? 'yes' : 'no', answer }
  } catch (error) {
    return { id, group, claim, holds: 'unknown', answer: reasonOf(error) }
  }
}

function reasonOf(error: unknown): string {
  const { message, cause } = error instanceof Error ? error : new Error(String(error))
  return cause instanceof Error ? `${message}: ${cause.message}` : message
}
