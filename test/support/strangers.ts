import { env } from 'cloudflare:workers'
import { expect } from 'vitest'
import { createSignedIds } from '../../src/core/files/signed-id'
import type { FileId, OrganizationId } from '../../src/core/ids'
import { directPath } from './direct-upload'
import type { Client } from './fault-client'
import { rows } from './worker'

/** What can be asked about one file, key or hash. */
type Subject = { fileId: string; keyId: string; organization: string; objectKey: string; sha256: string }

/**
 * Asks, as `stranger`, in every dialect for all that `organization` has, and expects the answers that there are
 * for what never was.
 */
export async function expectNothingToldTo(stranger: Client, organization: string): Promise<void> {
  const theirs = await rows<{ id: string; object_key: string | null; sha256: string | null }>(
    `SELECT f.uuid AS id, coalesce(c.object_key, u.content_key) AS object_key,
       coalesce(nullif(lower(hex(c.sha256)), ''), u.sha256) AS sha256
     FROM files f LEFT JOIN contents c ON c.id = f.content_id LEFT JOIN uploads u ON u.file_id = f.id
     WHERE f.organization_id = ?1 AND f.is_public = 0`,
    organization,
  )
  const [key] = await rows<{ id: string }>('SELECT id FROM api_keys WHERE organization_id = ?1', organization)
  for (const { id, object_key, sha256 } of theirs) {
    const subject = {
      fileId: id,
      keyId: key?.id ?? '',
      organization,
      objectKey: object_key ?? `${organization}/${id}.txt`,
      sha256: sha256 ?? randomHex(32),
    }
    const nobodyId = crypto.randomUUID().replace(/^(.{14})./, '$17')
    const nothing = {
      fileId: nobodyId,
      keyId: randomHex(8),
      organization: 'never-was',
      objectKey: subject.objectKey.replace(organization, 'never-was').replace(id, nobodyId),
      sha256: randomHex(32),
    }
    const answers = [await askAll(stranger, subject), await askAll(stranger, nothing)]
    expect(answers[0], `what a stranger is told of file ${id}`).toEqual(answers[1])
  }
}

async function askAll(stranger: Client, subject: Subject): Promise<string[]> {
  const { fileId, keyId, organization, objectKey, sha256 } = subject
  const cuadraId = `file_${fileId.replaceAll('-', '')}`
  const signedId = await createSignedIds([env.SIGNING_SECRET]).sign({
    fileId: fileId as FileId,
    organizationId: organization as OrganizationId,
    purpose: 'blob',
    expiresAt: null,
  })
  const own = `/api/v3/organizations/${stranger.organization}/ai/files/${fileId}`
  const foreign = `/api/v3/organizations/${organization}/ai/files`
  const asked: [string, string, unknown?][] = [
    ['GET', own],
    ['DELETE', own],
    ['GET', `${foreign}/${fileId}`],
    ['DELETE', `${foreign}/${fileId}`],
    ['GET', foreign],
    ['GET', `${directPath}/${signedId}`],
    ['GET', `/v1/files/${cuadraId}`],
    ['GET', `/v1/files/${cuadraId}/content`],
    ['DELETE', `/v1/files/${cuadraId}`],
    ['POST', `/v1/files/${cuadraId}/associations`, { resourceType: 'chat', resourceId: 'x' }],
    ['DELETE', `/v1/files/${cuadraId}/associations/chat/x`],
    ['GET', `/v1/uploads/${cuadraId}`],
    ['GET', `/v1/uploads/${cuadraId}/parts`],
    ['POST', `/v1/uploads/${cuadraId}/parts`, { partNumbers: [1] }],
    ['POST', `/v1/uploads/${cuadraId}/complete`, {}],
    ['DELETE', `/v1/uploads/${cuadraId}`],
    ['GET', `/v1/organizations/${organization}`],
    ['DELETE', `/v1/api-keys/${keyId}`],
    ['GET', `/public/${objectKey}`],
  ]
  const answers: string[] = []
  for (const [method, path, json] of asked) {
    const answer = await stranger.call(method, path, json === undefined ? {} : { json })
    const hidden = [answer.headers.get('x-request-id') ?? '', fileId, cuadraId, signedId, keyId, organization]
    const told = hidden.reduce(
      (text, part) => (part ? text.replaceAll(part, '…') : text),
      await answer.text(),
    )
    answers.push(
      `${method} ${hidden.reduce((text, part) => text.replaceAll(part || '\n', '…'), path)}: ${answer.status} ${told}`,
    )
  }
  const json = { filename: 'a.txt', contentType: 'text/plain', size: 5, sha256 }
  answers.push(`a hash: ${(await stranger.call('POST', '/v1/uploads', { json })).status}`)
  return answers
}

function randomHex(byteCount: number): string {
  return crypto.getRandomValues(new Uint8Array(byteCount)).toHex()
}
