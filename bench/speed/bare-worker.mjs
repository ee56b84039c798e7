// What the platform allows: a Worker that makes the same round trips as the gateway, and nothing else. It has no
// authentication, no validation, no log and no router.
import { AwsV4Signer } from 'aws4fetch'
import * as sql from './bare-sql.mjs'
import { decodeBase64 } from './decode-base64.mjs'

const signingKeys = new Map()

const routes = {
  /** One batch. */
  async presign(request, env) {
    const file = await request.json()
    const id = sql.newId()
    await env.DB.batch(sql.begin(env.DB, { id, ...file }))
    const headers = { 'content-type': file.contentType, 'content-length': String(file.size) }
    return Response.json({ id, url: await presign(env, 'PUT', sql.keyOf(id), headers) })
  },

  /** One read. */
  async get(_request, env, id) {
    const file = await first(sql.selectFile(env.DB, id))
    return Response.json({ ...shownOf(file), url: await urlOf(env, file.object_key) })
  },

  async list(_request, env) {
    return pageOf(await sql.selectPage(env.DB).all())
  },

  async filter(_request, env) {
    return pageOf(await sql.selectPageByTerm(env.DB).all())
  },

  /** One read, and a HEAD of the object. */
  async status(_request, env, id) {
    const upload = await first(sql.selectUpload(env.DB, id))
    await env.BUCKET.head(upload.object_key)
    return Response.json(upload)
  },

  /** One read, a HEAD, a GET with a digest, one batch. */
  async complete(_request, env, id) {
    const { object_key: key } = await first(sql.selectUpload(env.DB, id))
    await env.BUCKET.head(key)
    const object = await env.BUCKET.get(key)
    return settle(env, id, await object.arrayBuffer(), object.etag)
  },

  /** The same, with a copy to where no URL can change it. */
  async promote(_request, env, id) {
    const { object_key: incoming } = await first(sql.selectUpload(env.DB, id))
    await env.BUCKET.head(incoming)
    const bytes = await (await env.BUCKET.get(incoming)).arrayBuffer()
    const { etag } = await env.BUCKET.put(`promoted/${incoming}`, bytes)
    const answer = await settle(env, id, bytes, etag)
    await env.BUCKET.delete(incoming)
    return answer
  },

  /** One batch, and the deletion of the object. */
  async delete(_request, env, id) {
    const [{ results }] = await env.DB.batch(sql.remove(env.DB, id))
    await env.BUCKET.delete(results[0].object_key)
    return Response.json({ id })
  },

  /** A put between two batches. */
  async base64(request, env) {
    const bytes = await decodeBase64(request)
    const id = sql.newId()
    await env.DB.batch(sql.begin(env.DB, { id, size: bytes.length }))
    const sha256 = await crypto.subtle.digest('SHA-256', bytes)
    const { etag } = await env.BUCKET.put(sql.keyOf(id), bytes, { sha256 })
    const file = await end(env, { id, size: bytes.length, sha256, etag })
    return Response.json({ ...shownOf(file), url: await urlOf(env, file.object_key) })
  },

  /** The body as it is, put between two batches: no hash. */
  async raw(request, env) {
    const id = sql.newId()
    await env.DB.batch(sql.begin(env.DB, { id }))
    const { etag, size } = await env.BUCKET.put(sql.keyOf(id), request.body)
    return Response.json(shownOf(await end(env, { id, size, sha256: null, etag })))
  },

  /** One read, and the object. */
  async content(_request, env, id) {
    const file = await first(sql.selectFile(env.DB, id))
    const { body } = await env.BUCKET.get(file.object_key)
    return new Response(body, { headers: { 'content-type': file.content_type } })
  },
}

export default {
  fetch(request, env) {
    const [, name, id] = new URL(request.url).pathname.split('/')
    return routes[name](request, env, id)
  },
}

async function first(statement) {
  const { results } = await statement.all()
  return results[0]
}

async function settle(env, id, bytes, etag) {
  const sha256 = await crypto.subtle.digest('SHA-256', bytes)
  return Response.json(shownOf(await end(env, { id, size: bytes.byteLength, sha256, etag })))
}

async function end(env, { sha256, ...content }) {
  const hex = sha256 && new Uint8Array(sha256).toHex()
  const results = await env.DB.batch(sql.end(env.DB, { ...content, sha256: hex }))
  return results.at(-1).results[0]
}

function shownOf(row) {
  return {
    fileId: row.id,
    filename: row.filename,
    contentType: row.content_type,
    metadata: JSON.parse(row.metadata),
    createdAt: new Date(row.created_at).toISOString(),
    size: row.byte_size,
  }
}

function pageOf({ results }) {
  return Response.json({ files: results.slice(0, 50).map(shownOf), hasMore: results.length > 50 })
}

const attachment = '&response-content-disposition=attachment&response-content-type=text%2Fplain'

function urlOf(env, key) {
  return presign(env, 'GET', key, {}, attachment)
}

async function presign(env, method, key, headers, query = '') {
  const signer = new AwsV4Signer({
    accessKeyId: env.S3_ACCESS_KEY_ID,
    secretAccessKey: env.S3_SECRET_ACCESS_KEY,
    service: 's3',
    region: 'auto',
    method,
    url: `${env.S3_ENDPOINT}/slipway/${key}?X-Amz-Expires=3600${query}`,
    headers,
    signQuery: true,
    allHeaders: true,
    cache: signingKeys,
  })
  return (await signer.sign()).url.href
}
