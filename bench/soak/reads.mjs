import { bytesOf } from './bytes.mjs'
import { formattedId, plainId } from './uploads.mjs'

/** Operations on existing files: each compares the answer with what the client knows. */

/** How long after a read the copy of a public file may still be on its way into the cache. */
const copyIsKeptMs = 5000

export async function getFile(client, file = client.anyFile()) {
  const { id, content } = file
  if (client.chance.isTrue(0.5)) {
    const { json } = await client.call('GET file', 'GET', `${client.filesPath}/${id}`)
    client.check('GET file', json.size === content.byteSize, `size ${json.size}`)
    return json.url
  }
  const { json } = await client.call('GET /v1/files', 'GET', `/v1/files/${formattedId(id)}`)
  const facts = `${json.status}, size ${json.sizeBytes}, SHA-256 ${json.sha256}`
  const isRight = json.status === 'ready' && json.sizeBytes === content.byteSize
  // null: another content of the same bytes had the hash when this one was settled.
  const isSame = json.sha256 === null || json.sha256 === content.sha256
  client.check('GET /v1/files', isRight && isSame, facts)
  const { headers } = await client.call('GET content', 'GET', `/v1/files/${formattedId(id)}/content`, {
    expect: 302,
  })
  return headers.get('location')
}

export async function download(client, file = client.anyFile()) {
  const url = file.signedId ? await blobUrl(client, file) : await getFile(client, file)
  const { bytes } = await client.send('GET of the bytes', 'GET', url, {})
  client.checkBytes('GET of the bytes', bytes, file.content)
}

async function blobUrl(client, { signedId }) {
  const path = `/api/v1/blobs/${signedId}/soak.txt`
  const { headers } = await client.call('GET blob', 'GET', path, { expect: 302 })
  return headers.get('location')
}

export async function downloadThroughWorker(client) {
  const { id, content } = client.anyFile()
  const path = `/v1/files/${formattedId(id)}/content?redirect=false`
  const { bytes, headers } = await client.call('GET content', 'GET', path)
  client.checkBytes('GET content', bytes, content)
  const etag = headers.get('etag')
  await client.call('GET content again', 'GET', path, { headers: { 'if-none-match': etag }, expect: 304 })
}

export async function readRange(client) {
  const file = client.anyFile()
  const { byteSize } = file.content
  const first = client.chance.between(0, byteSize - 1)
  const last = client.chance.between(first, byteSize - 1)
  const options = { headers: { range: `bytes=${first}-${last}` }, expect: 206 }
  const answer = client.chance.isTrue(0.5)
    ? await client.call(
        'Range of content',
        'GET',
        `/v1/files/${formattedId(file.id)}/content?redirect=false`,
        options,
      )
    : await client.send('Range of the bytes', 'GET', await getFile(client, file), options)
  const wanted = bytesOf(file.content).subarray(first, last + 1)
  client.check('Range', answer.bytes.equals(wanted), `other bytes for ${first}-${last} of ${byteSize}`)
}

export async function readPublic(client) {
  const file = client.anyFile(({ publicUrl }) => publicUrl !== undefined)
  if (!file) return download(client)
  const { bytes } = await client.send('GET public', 'GET', file.publicUrl, {})
  client.checkBytes('GET public', bytes, file.content)
  file.readAt = Date.now()
}

/** All of the client's files that have metadata, or those of one shelf, page by page. */
export async function listByMetadata(client) {
  const filter = { soak: client.name, ...(client.chance.isTrue(0.5) ? { shelf: 1 } : {}) }
  const wanted = [...client.files.values()].filter(
    ({ metadata }) => metadata && (filter.shelf === undefined || metadata.shelf === 1),
  )
  const limit = client.chance.between(5, 50)
  const listed = await pages(client, client.filesPath, { filter: JSON.stringify(filter), limit }, 'files')
  compareIds(client, 'list by metadata', listed, wanted)
}

export async function listByResource(client) {
  const wanted = [...client.files.values()].filter(({ isAssociated }) => isAssociated)
  const query = { resourceType: 'chat', resourceId: client.name, limit: client.chance.between(5, 50) }
  compareIds(client, 'list by resource', await pages(client, '/v1/files', query, 'items'), wanted)
}

async function pages(client, path, query, field) {
  const ids = []
  for (let cursor; cursor !== null; ) {
    const search = new URLSearchParams({ ...query, ...(cursor ? { cursor } : {}) })
    const { json } = await client.call('list', 'GET', `${path}?${search}`)
    for (const { fileId, id } of json[field]) ids.push(fileId ?? plainId(id))
    cursor = json.nextCursor
  }
  return ids
}

function compareIds(client, step, listed, wanted) {
  client.check(step, listed.join() === listed.toSorted().reverse().join(), 'not newest first')
  const ids = new Set(listed)
  const missing = wanted.filter(({ id }) => !ids.has(id)).map(({ id }) => id)
  const known = new Set(wanted.map(({ id }) => id))
  const strange = listed.filter((id) => !known.has(id))
  client.check(step, ids.size === listed.length, 'a file twice')
  client.check(step, missing.length + strange.length === 0, `missing ${missing}, not wanted ${strange}`)
}

export async function deleteFile(client, file = client.anyFile()) {
  const { id } = file
  const path = `/v1/files/${formattedId(id)}`
  if (client.chance.isTrue(0.5)) await client.call('DELETE', 'DELETE', `${client.filesPath}/${id}`)
  else await client.call('DELETE /v1/files', 'DELETE', path, { expect: 204 })
  client.files.delete(id)
  await client.call('GET after DELETE', 'GET', `${client.filesPath}/${id}`, { expect: 404 })
  await client.call('DELETE again', 'DELETE', path, { expect: 404 })
  if (file.publicUrl && Date.now() - (file.readAt ?? 0) > copyIsKeptMs)
    await client.send('GET public after DELETE', 'GET', file.publicUrl, { expect: 404 })
  // A URL that has not expired can still put bytes at a key that is never read.
  if (file.bareUrl && client.chance.isTrue(0.3)) {
    await client.put('PUT after DELETE', file.bareUrl, bytesOf(file.content))
    await client.call('GET after a late PUT', 'GET', `${client.filesPath}/${id}`, { expect: 404 })
  }
}
