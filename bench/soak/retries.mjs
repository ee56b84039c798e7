import { bytesOf } from './bytes.mjs'
import { formattedId, idOfKey, plainId } from './uploads.mjs'

/**
 * Requests that are sent again, one after the other or at once, under one Idempotency-Key: they make one file,
 * and another request under that key makes none.
 */

const contentType = 'text/plain'
const filename = 'soak.txt'

/** `request` is sent again unchanged; `other` is a different one. `isReady`: the answer comes with a ready file. */
const kinds = {
  base64(client, attempt) {
    const content = client.newContent()
    const metadata = { ...client.newMetadata(), attempt }
    const json = { content: bytesOf(content).toString('base64'), contentType, metadata }
    const other = { json: { ...json, contentType: 'text/markdown' } }
    const path = client.filesPath
    return { path, request: { json }, other, content, metadata, idOf: ({ fileId }) => fileId, isReady: true }
  },
  presigned(client, attempt) {
    const content = client.newContent()
    const metadata = { ...client.newMetadata(), attempt }
    const json = { requestUploadUrl: true, contentType, size: content.byteSize, metadata }
    const other = { json: { ...json, size: content.byteSize + 1 } }
    const path = client.filesPath
    return { path, request: { json }, other, content, metadata, idOf: ({ fileId }) => fileId, isReady: false }
  },
  public(client) {
    const content = client.newContent()
    const json = { filename, contentType, size: content.byteSize }
    const other = { json: { ...json, filename: 'other.txt' } }
    const idOf = ({ fileKey }) => idOfKey(fileKey)
    return { path: '/v1/upload/s3', request: { json }, other, content, metadata: null, idOf, isReady: false }
  },
  form(client) {
    const content = client.newContent()
    const formOf = (name) => {
      const form = new FormData()
      form.set('file', new File([bytesOf(content)], name, { type: contentType }))
      return { body: form }
    }
    return {
      path: '/v1/files',
      request: formOf(filename),
      other: formOf('other.txt'),
      content,
      metadata: null,
      idOf: ({ id }) => plainId(id),
      isReady: true,
    }
  },
}

export async function retry(client) {
  const idempotencyKey = client.newIdempotencyKey()
  const kind = client.chance.among(Object.keys(kinds))
  const { path, request, other, content, metadata, idOf, isReady } = kinds[kind](client, idempotencyKey)
  const headers = { 'idempotency-key': idempotencyKey }
  const send = (options, expect) =>
    client.call(`POST ${kind} with Idempotency-Key`, 'POST', path, { ...options, headers, expect })

  // 409: the first request is still running.
  const atOnce = await Promise.all(
    Array.from({ length: client.chance.between(1, 3) }, () => send(request, [200, 201, 409])),
  )
  const again = await send(request, [200, 201])
  client.check('retry', again.headers.get('idempotent-replayed') === 'true', `${kind}: not replayed`)
  const ids = new Set([...atOnce.filter(({ status }) => status !== 409), again].map(({ json }) => idOf(json)))
  client.check('retry', ids.size === 1, `${kind}: ${ids.size} files`)
  await send(other, 422)

  const [id] = ids
  if (!isReady) await client.put('PUT of a retry', again.json.uploadUrl, bytesOf(content))
  const { json } = await client.call('GET of a retry', 'GET', `/v1/files/${formattedId(id)}`)
  client.check('GET of a retry', json.status === 'ready', json.status)
  client.own({ id, content, metadata })
}
