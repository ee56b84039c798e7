import { randomUUID } from 'node:crypto'
import { boundary, mib } from './bodies.mjs'
import { load } from './load.mjs'

const json = { 'content-type': 'application/json' }
const photo = (index) => ({ filename: `photo-${index}.jpg`, contentType: 'image/jpeg', size: 204_800 })

/** Requests to the gateway with a key of `organization`. */
export function gatewayRequests(key, organization = 'acme') {
  const quantcdn = `/api/v3/organizations/${organization}/ai/files`
  const authorized = { authorization: `Bearer ${key}` }
  const post = (path, body, headers = {}) => ({
    method: 'POST',
    path,
    headers: { ...authorized, ...json, ...headers },
    body: JSON.stringify(body),
  })
  const get = (path) => ({ path, headers: authorized })
  const page = (filter, cursor) => {
    const parameters = new URLSearchParams({ limit: '50' })
    if (filter) parameters.set('filter', JSON.stringify(filter))
    if (cursor) parameters.set('cursor', cursor)
    return get(`${quantcdn}?${parameters}`)
  }
  return {
    presign: (index) => post('/v1/uploads', photo(index)),
    presignText: (index) =>
      post('/v1/uploads', { filename: `a-${index}.txt`, contentType: 'text/plain', size: 1024 }),
    makeGrant: () => post('/v1/grants', { maxBytes: mib, maxFiles: 10 }),
    /** By the holder of a grant, whose address is `grant`. */
    under: (grant) => {
      const { pathname } = new URL(grant)
      const below = (path, body) => ({
        method: 'POST',
        path: pathname + path,
        headers: json,
        body: JSON.stringify(body),
      })
      return {
        presign: () => below('/v1/uploads', { filename: 'a.txt', contentType: 'text/plain', size: 1024 }),
        complete: (id) => below(`/v1/uploads/${id}/complete`, {}),
        put: (body) => ({ method: 'PUT', path: `${pathname}/a.txt`, headers: {}, body }),
      }
    },
    presignUnderKey: (index) => post('/v1/uploads', photo(index), { 'idempotency-key': randomUUID() }),
    presignQuantcdn: (metadata) =>
      post(quantcdn, { requestUploadUrl: true, contentType: 'text/plain', size: 1024, metadata }),
    presignCtxfy: (index) => post('/v1/upload/s3', photo(index)),
    presignDirectUpload: (index) =>
      post('/api/v1/upload/direct', {
        blob: {
          filename: `photo-${index}.jpg`,
          content_type: 'image/jpeg',
          byte_size: 204_800,
          checksum: 'XrY7u+Ae7tCTyyK7j1rNww==',
        },
      }),
    multipart: () =>
      post('/v1/uploads', {
        filename: 'film.mp4',
        contentType: 'video/mp4',
        size: 20 * mib,
        multipart: true,
        partSize: 5 * mib,
      }),
    get: (id) => get(`${quantcdn}/${id}`),
    page,
    cuadraPage: (query) => get(`/v1/files?limit=50&${query}`),
    organization: () => get(`/v1/organizations/${organization}`),
    status: (id) => get(`/v1/uploads/${id}`),
    complete: (id) => post(`/v1/uploads/${id}/complete`, {}),
    delete: (id) => ({ method: 'DELETE', path: `${quantcdn}/${id}`, headers: authorized }),
    upload: (body) => ({ method: 'POST', path: quantcdn, headers: { ...authorized, ...json }, body }),
    form: (body) => ({
      method: 'POST',
      path: '/v1/files',
      headers: { ...authorized, 'content-type': `multipart/form-data; boundary=${boundary}` },
      body,
    }),
    /** By tus, in one request. */
    tus: (body) => ({
      method: 'POST',
      path: '/tus',
      headers: {
        ...authorized,
        'tus-resumable': '1.0.0',
        'content-type': 'application/offset+octet-stream',
        'upload-length': String([body].flat().reduce((sum, piece) => sum + Buffer.byteLength(piece), 0)),
      },
      body,
    }),
    content: (id) => get(`/v1/files/file_${id.replaceAll('-', '')}/content?redirect=false`),
  }
}

/** The JSON answers to `count` requests that are not measured. */
export async function answersTo(server, count, make) {
  const { texts } = await load(server.url, { count, connections: Math.min(count, 4) }, make)
  return texts.map((text) => JSON.parse(text))
}

/** Puts 1024 bytes, other ones each time, where each of the presigned `urls` would have them. */
export async function putObjects(server, urls) {
  const keys = urls.map((url) => decodeURIComponent(new URL(url).pathname.split('/slipway/')[1]))
  for (const key of keys)
    await server.bucket.put(key, randomUUID().padEnd(1024, 'x'), {
      httpMetadata: { contentType: 'text/plain' },
    })
}
