import { bytesOf } from './bytes.mjs'
import { download } from './reads.mjs'
import { beginParts, formattedId, presign, putPart, settle } from './uploads.mjs'

/** Requests that clients should not make, or do not finish: they are refused and change nothing else. */

const contentType = 'text/plain'
const unknownId = '01900000-0000-7000-8000-000000000000'
const pngBytes = Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex')

/** `[name, status, method, path, options]`, the path from the client's. */
const badRequests = [
  ['no token', 401, 'GET', ({ filesPath }) => filesPath, { token: null }],
  ['a wrong token', 401, 'GET', () => '/v1/files', { token: 'slip_0000000000000000_0000' }],
  ['an organization that is not its own', 403, 'GET', () => '/api/v3/organizations/demo/ai/files', {}],
  ['no base64', 400, 'POST', ({ filesPath }) => filesPath, { json: { content: '%', contentType } }],
  ['no content type', 400, 'POST', ({ filesPath }) => filesPath, { json: { content: 'aGk=' } }],
  [
    'a type that is not taken',
    400,
    'POST',
    ({ filesPath }) => filesPath,
    { json: { content: 'aGk=', contentType: 'application/x-msdownload' } },
  ],
  [
    'bytes of another type',
    400,
    'POST',
    ({ filesPath }) => filesPath,
    { json: { content: pngBytes.toString('base64'), contentType: 'application/pdf' } },
  ],
  ['no JSON', 400, 'POST', ({ filesPath }) => filesPath, { body: '{"content":', headers: {} }],
  ['a limit of 0', 400, 'GET', ({ filesPath }) => `${filesPath}?limit=0`, {}],
  ['a cursor that is none', 400, 'GET', ({ filesPath }) => `${filesPath}?cursor=%25`, {}],
  ['a file that is not there', 404, 'GET', ({ filesPath }) => `${filesPath}/${unknownId}`, {}],
  ['an upload that is not there', 404, 'POST', () => `/v1/uploads/${unknownId}/complete`, {}],
  ['an upload without a size', 400, 'POST', () => '/v1/uploads', { json: { filename: 'a', contentType } }],
  [
    'parts that are too small',
    400,
    'POST',
    () => '/v1/uploads',
    { json: { filename: 'a', contentType, size: 6e6, multipart: true, partSize: 1024 } },
  ],
  ['a method that is not there', 405, 'PUT', () => '/v1/uploads', { json: {} }],
  ['no blob', 422, 'POST', () => '/api/v1/upload/direct', { json: {} }],
  ['a signed id that is none', 404, 'GET', () => '/api/v1/upload/direct/abc', {}],
  [
    'a public file of no bytes',
    400,
    'POST',
    () => '/v1/upload/s3',
    { json: { filename: 'a', contentType, size: 0 } },
  ],
  ['a form that is none', 415, 'POST', () => '/v1/files', { json: {} }],
]

export async function sendBadRequest(client) {
  const [name, expect, method, pathOf, options] = client.chance.among(badRequests)
  await client.call(name, method, pathOf(client), { ...options, expect })
}

/**
 * The store itself refuses bytes that were not sealed; the URL still takes those that were. Few bytes: a store may refuse
 * before it has read them, and close the connection on a client that is still sending.
 */
export async function putOtherThanSealed(client) {
  const content = client.newContent(client.chance.between(1, 8 * 1024))
  const json = { requestUploadUrl: true, contentType, size: content.byteSize, metadata: client.newMetadata() }
  const made = (await client.call('POST requestUploadUrl', 'POST', client.filesPath, { json, expect: 201 }))
    .json
  const { fileId: id, uploadUrl } = made
  const bytes = bytesOf(content)
  await client.put('PUT of more', uploadUrl, Buffer.concat([bytes, bytes]), { expect: 403 })
  await client.put('PUT of another type', uploadUrl, bytes, {
    headers: { 'content-type': 'text/html' },
    expect: 403,
  })
  await client.call('complete too early', 'POST', `/v1/uploads/${id}/complete`, { expect: 409 })
  await client.put('PUT as sealed', uploadUrl, bytes)
  const file = { id, content, metadata: json.metadata, bareUrl: uploadUrl }
  await settle(client, file)
  client.own(file)
}

/** Bytes that are recognisably not what the client declared are refused when they are settled. */
export async function uploadWrongType(client) {
  const { json } = await client.call('POST requestUploadUrl', 'POST', client.filesPath, {
    json: { requestUploadUrl: true, contentType: 'application/pdf', metadata: client.newMetadata() },
    expect: 201,
  })
  const headers = { 'content-type': 'application/pdf' }
  await client.put('PUT of a PNG', json.uploadUrl, pngBytes, { headers })
  const path = `/v1/uploads/${json.fileId}/complete`
  await client.call('complete', 'POST', path, { expect: 422 })
  await client.call('GET', 'GET', `${client.filesPath}/${json.fileId}`, { expect: 404 })
  client.ended.add(json.fileId)
}

/** A URL that was used changes nothing any more. */
export async function putAgain(client) {
  const isBare = client.chance.isTrue(0.7)
  const file = client.anyFile(({ bareUrl, once }) => (isBare ? bareUrl : once))
  if (!file) return download(client)
  if (file.bareUrl) {
    const others = bytesOf({ ...file.content, seed: `${file.content.seed}/replaced` })
    await client.put('PUT of other bytes', file.bareUrl, others)
  } else
    await client.put('PUT a second time', file.once.url, bytesOf(file.content), {
      headers: file.once.headers,
      expect: 412,
    })
  await download(client, file)
}

/** Files of other organizations are not found. */
export async function reachForAnothers(client) {
  const stranger = client.chance.among(client.strangers)
  const file = stranger.anyFile()
  if (!file) return
  const step = "another organization's file"
  const paths = [
    ['GET', `${client.filesPath}/${file.id}`],
    ['DELETE', `${client.filesPath}/${file.id}`],
    ['GET', `/v1/files/${formattedId(file.id)}`],
    ['GET', `/v1/files/${formattedId(file.id)}/content`],
    ['DELETE', `/v1/files/${formattedId(file.id)}`],
    ['GET', `/v1/uploads/${file.id}`],
    ['DELETE', `/v1/uploads/${file.id}`],
    ['POST', `/v1/uploads/${file.id}/complete`],
    ...(file.signedId ? [['GET', `/api/v1/upload/direct/${file.signedId}`]] : []),
  ]
  const [method, path] = client.chance.among(paths)
  await client.call(step, method, path, { expect: 404 })
  await client.call(step, 'GET', `${stranger.filesPath}/${file.id}`, { expect: 403 })
}

export async function abortParts(client) {
  const upload = await beginParts(client)
  const [part] = upload.parts
  await putPart(client, upload, part)
  const path = `/v1/uploads/${upload.id}`
  await client.call('abort', 'DELETE', path, { expect: 204 })
  await client.call('abort again', 'DELETE', path, { expect: 204 })
  await client.call('complete after abort', 'POST', `${path}/complete`, { json: {}, expect: 422 })
  client.ended.add(upload.id)
}

export async function abandonParts(client) {
  const upload = await beginParts(client)
  await putPart(client, upload, upload.parts[0])
  client.abandoned.add(upload.id)
}

export async function abandonPresigned(client) {
  const { id } = await presign(client, client.newContent())
  await client.call('GET of an abandoned upload', 'GET', `${client.filesPath}/${id}`, { expect: 404 })
  client.abandoned.add(id)
}
