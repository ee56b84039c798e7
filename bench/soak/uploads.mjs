import { bytesOf, digestOf } from './bytes.mjs'

/** Each uploads in another way, and leaves a ready file whose bytes the client knows. */

const mebibyte = 1024 ** 2
const contentType = 'text/plain'
const filename = 'soak.txt'

/** An id of `/v1/files` or `/v1/uploads`, in the form of the other dialects. */
export function plainId(id) {
  return id.replace(/^file_(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** The same id in the form of `/v1/files`. */
export function formattedId(id) {
  return `file_${id.replaceAll('-', '')}`
}

export function idOfKey(key) {
  return /([0-9a-f-]{36})(\.[a-z]+)?$/.exec(key)[1]
}

export async function uploadBase64(client, content = client.newContent(), headers = {}) {
  const metadata = client.newMetadata()
  const json = { content: bytesOf(content).toString('base64'), contentType, filename, metadata }
  const { json: made } = await client.call('POST base64', 'POST', client.filesPath, {
    json,
    headers,
    expect: 201,
  })
  client.check('POST base64', made.size === content.byteSize, `size ${made.size}`)
  return client.own({ id: made.fileId, content, metadata })
}

export async function uploadBase64Known(client) {
  const own = client.anyFile(({ content }) => content.byteSize < mebibyte)
  return uploadBase64(client, client.chance.isTrue(0.3) && own ? own.content : client.commonContent())
}

export async function presign(client, content) {
  const metadata = client.newMetadata()
  const size = client.chance.isTrue(0.8) ? content.byteSize : undefined
  const { json } = await client.call('POST requestUploadUrl', 'POST', client.filesPath, {
    json: { requestUploadUrl: true, contentType, filename, metadata, size },
    expect: 201,
  })
  return { id: json.fileId, content, metadata, bareUrl: json.uploadUrl }
}

export async function uploadPresigned(client) {
  const common = client.chance.isTrue(0.2)
  const file = await presign(client, common ? client.commonContent() : client.newContent())
  if (client.chance.isTrue(0.2))
    await client.call('GET before the PUT', 'GET', `${client.filesPath}/${file.id}`, { expect: 404 })
  await client.put('PUT', file.bareUrl, bytesOf(file.content))
  await settle(client, file)
  return client.own(file)
}

/** Settles an upload whose bytes have arrived, by any of the requests that do; the first settler decides. */
export async function settle(client, { id, content }) {
  const ways = {
    read: () => client.call('settle by GET', 'GET', `${client.filesPath}/${id}`),
    status: () => client.call('settle by GET /v1/files', 'GET', `/v1/files/${formattedId(id)}`),
    complete: () => client.call('settle by complete', 'POST', `/v1/uploads/${id}/complete`, {}),
  }
  const chosen = client.chance.isTrue(0.2) ? Object.keys(ways) : [client.chance.among(Object.keys(ways))]
  const answers = await Promise.all(chosen.map((way) => ways[way]()))
  for (const { json } of answers) {
    const size = json.size ?? json.sizeBytes
    client.check('settle', size === content.byteSize, `${JSON.stringify(json.status)}, size ${size}`)
    if (json.status !== undefined) client.check('settle', json.status === 'ready', json.status)
  }
}

export async function uploadDirect(client) {
  const content = client.newContent()
  const bytes = bytesOf(content)
  const metadata = client.newMetadata()
  const algorithm = client.chance.among(['md5', 'sha256'])
  const checksum = `${algorithm === 'md5' ? '' : 'sha256:'}${digestOf(algorithm, bytes, 'base64')}`
  const blob = { filename, content_type: contentType, byte_size: bytes.length, checksum, metadata }
  const { json: made } = await client.call('POST direct', 'POST', '/api/v1/upload/direct', { json: { blob } })
  const { url, headers } = made.direct_upload
  await client.put('PUT direct', url, bytes, { headers })
  const signedId = made.signed_id
  const { json } = await client.call('GET direct', 'GET', `/api/v1/upload/direct/${signedId}`)
  client.check('GET direct', json.direct_upload === null, 'still awaits its bytes')
  return client.own({ id: idOfKey(made.key), content, metadata, signedId, once: { url, headers } })
}

export async function uploadPublic(client) {
  const content = client.newContent()
  const { json: made } = await client.call('POST /v1/upload/s3', 'POST', '/v1/upload/s3', {
    json: { filename, contentType, size: content.byteSize },
  })
  const { uploadUrl: bareUrl, publicUrl, fileKey } = made
  if (client.chance.isTrue(0.2))
    await client.send('GET public before the PUT', 'GET', publicUrl, { expect: 404 })
  await client.put('PUT public', bareUrl, bytesOf(content))
  const { bytes } = await client.send('GET public', 'GET', publicUrl, {})
  client.checkBytes('GET public', bytes, content)
  return client.own({ id: idOfKey(fileKey), content, metadata: null, bareUrl, publicUrl, readAt: Date.now() })
}

export async function uploadForm(client, content = client.newContent(), headers = {}) {
  const form = new FormData()
  form.set('resource_type', 'chat')
  form.set('resource_id', client.name)
  form.set('file', new File([bytesOf(content)], filename, { type: contentType }))
  const { json } = await client.call('POST form', 'POST', '/v1/files', { body: form, headers, expect: 201 })
  client.check('POST form', json.sha256 === content.sha256, `SHA-256 ${json.sha256}`)
  return client.own({ id: plainId(json.id), content, metadata: null, isAssociated: true })
}

export async function uploadLargeForm(client) {
  return uploadForm(client, client.newContent(6 * mebibyte))
}

export async function uploadSingle(client) {
  const own = client.anyFile(({ content }) => content.byteSize < mebibyte)
  const content = client.chance.isTrue(0.3) && own ? own.content : client.newContent()
  const metadata = client.newMetadata()
  const promised = client.chance.isTrue(0.7) ? { sha256: content.sha256 } : {}
  const json = { filename, contentType, size: content.byteSize, metadata, ...promised }
  const answer = await client.call('POST /v1/uploads', 'POST', '/v1/uploads', { json, expect: [200, 201] })
  const id = plainId(answer.json.id)
  // 200: the organization has these bytes already.
  if (answer.status === 200) {
    client.check('POST /v1/uploads', answer.json.status === 'ready', answer.json.status)
    return client.own({ id, content, metadata })
  }
  const { url, headers } = answer.json
  await client.put('PUT of /v1/uploads', url, bytesOf(content), { headers })
  const file = { id, content, metadata, once: { url, headers } }
  await settle(client, file)
  return client.own(file)
}

export async function beginParts(client) {
  const content = client.newContent(client.chance.between(6 * mebibyte, 12 * mebibyte))
  const metadata = client.newMetadata()
  const { json } = await client.call('POST in parts', 'POST', '/v1/uploads', {
    json: {
      filename,
      contentType,
      size: content.byteSize,
      metadata,
      multipart: true,
      partSize: 5 * mebibyte,
    },
    expect: 201,
  })
  return { id: plainId(json.id), content, metadata, parts: json.parts, partSize: json.multipart.partSize }
}

/** The part's ETag, which completes the upload. */
export async function putPart(client, upload, { partNumber, url, headers, size }) {
  const from = (partNumber - 1) * upload.partSize
  const bytes = bytesOf(upload.content).subarray(from, from + size)
  const answer = await client.put(`PUT of part ${partNumber}`, url, bytes, { headers })
  return { partNumber, etag: answer.headers.get('etag') }
}

export async function uploadInParts(client) {
  const upload = await beginParts(client)
  const { id, content, metadata } = upload
  const path = `/v1/uploads/${id}`
  const numbers = upload.parts.map(({ partNumber }) => partNumber)
  const signed = client.chance.isTrue(0.5)
    ? (await client.call('sign parts', 'POST', `${path}/parts`, { json: { partNumbers: numbers } })).json
        .parts
    : upload.parts
  const parts = await Promise.all(signed.map((part) => putPart(client, upload, part)))
  // The local store cannot list parts; where the store can, no ETags are needed.
  await client.call('complete without parts', 'POST', `${path}/complete`, { json: {}, expect: 409 })
  const complete = (named, expect) =>
    client.call(`complete with ${named.length} parts`, 'POST', `${path}/complete`, {
      json: { parts: named },
      expect,
    })
  if (client.chance.isTrue(0.3)) await complete(parts.slice(1), 409)
  const { json } = await complete(parts, 200)
  client.check('complete', json.sizeBytes === content.byteSize, `size ${json.sizeBytes}`)
  if (client.chance.isTrue(0.3)) await complete(parts, 200)
  return client.own({ id, content, metadata })
}
