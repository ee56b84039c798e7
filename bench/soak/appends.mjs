import { request } from 'node:http'
import { bytesOf, digestOf } from './bytes.mjs'
import { formattedId, plainId } from './uploads.mjs'

/** Uploads by tus, portion by portion, as a client on a bad line makes them: it breaks off, asks how far it got, goes on. */

const mebibyte = 1024 ** 2
const kibibyte = 1024
const filename = 'soak.txt'
const contentType = 'text/plain'
const version = { 'tus-resumable': '1.0.0' }
const base64 = (text) => Buffer.from(text).toString('base64')
const statement = `filename ${base64(filename)},filetype ${base64(contentType)}`
/** How often a client gives up a portion. */
const breaksMax = 3

export async function uploadByTus(client) {
  const upload = await begin(client, anyContent(client))
  return own(client, await appendAll(client, upload))
}

/** As much as two or three parts, in portions that are sometimes more than one of them. */
export async function uploadLargeByTus(client) {
  const content = client.newContent(client.chance.between(6 * mebibyte, 14 * mebibyte))
  const upload = await begin(client, content)
  return own(client, await appendAll(client, upload, { portionMax: 7 * mebibyte }))
}

/** The holder of a grant has no key. What is left of the grant is told by the gateway afterwards. */
export async function uploadByTusUnderGrant(client) {
  const contents = [anyContent(client), anyContent(client)]
  const bytes = contents.reduce((sum, { byteSize }) => sum + byteSize, 0)
  const { json: grant } = await client.call('POST grant', 'POST', '/v1/grants', {
    json: { maxBytes: bytes, maxFiles: 3 },
    expect: 201,
  })
  const below = `/g/${grant.token}`
  const [first, second] = contents
  own(client, await appendAll(client, await begin(client, first, { below })))
  const left = await begin(client, second, { below })
  // Nothing is left for a byte more, whether or not the client has said how many come.
  if (left.isLengthTold)
    await client.call('POST beyond the grant', 'POST', `${below}/tus`, {
      token: null,
      headers: { ...version, 'upload-length': '1', 'upload-metadata': statement },
      expect: 413,
    })
  own(client, await appendAll(client, left))
  const { json } = await client.call('GET grant', 'GET', `/v1/grants/${grant.id}`)
  client.check(
    'GET grant',
    json.filesUsed === 2 && json.bytesUsed === bytes,
    `${json.filesUsed}, ${json.bytesUsed}`,
  )
}

export async function terminateTus(client) {
  const upload = await begin(client, anyContent(client))
  await appendAll(client, upload, { leavesAt: Math.floor(upload.content.byteSize / 2) })
  const send = (method, expect) =>
    tus(client, upload, `${method} of an upload that is over`, method, { expect })
  await tus(client, upload, 'DELETE', 'DELETE', { expect: 204 })
  await send('HEAD', 410)
  await send('DELETE', 410)
  client.ended.add(upload.id)
}

export async function abandonTus(client) {
  const size = client.chance.isTrue(0.3) ? 6 * mebibyte : client.smallSize()
  const upload = await begin(client, client.newContent(size + 2))
  await appendAll(client, upload, { leavesAt: client.chance.between(1, size), portionMax: 2 * mebibyte })
  client.abandoned.add(upload.id)
}

function anyContent(client) {
  return client.chance.isTrue(0.2) ? client.commonContent() : client.newContent()
}

/** An upload that was begun, whose client says its length at once or with the last bytes. */
async function begin(client, content, { below = '' } = {}) {
  const isLengthTold = client.chance.isTrue(0.7)
  const length = isLengthTold ? { 'upload-length': String(content.byteSize) } : { 'upload-defer-length': '1' }
  const { headers } = await client.call('POST /tus', 'POST', `${below}/tus`, {
    ...(below === '' ? {} : { token: null }),
    headers: { ...version, ...length, 'upload-metadata': statement },
    expect: 201,
  })
  const { pathname } = new URL(headers.get('location'), client.origin)
  const id = plainId(pathname.split('/').at(-1))
  return { id, content, path: pathname, isGranted: below !== '', isLengthTold, isKnown: isLengthTold }
}

function tus(client, { path, isGranted }, step, method, { headers = {}, ...options } = {}) {
  return client.call(`tus: ${step}`, method, path, {
    ...(isGranted ? { token: null } : {}),
    ...options,
    headers: { ...version, ...headers },
  })
}

/** Sends all bytes, or those before `leavesAt`, in portions. */
async function appendAll(
  client,
  upload,
  { leavesAt = upload.content.byteSize, portionMax = 64 * kibibyte } = {},
) {
  const bytes = bytesOf(upload.content)
  const { byteSize } = upload.content
  let breaks = 0
  /** How far the portions reach that the client has broken off. */
  let reached = 0
  for (let offset = 0; offset < leavesAt; ) {
    const size = client.chance.between(1, client.chance.isTrue(0.2) ? byteSize : portionMax)
    const to = Math.min(leavesAt, offset + size)
    if (breaks < breaksMax && client.chance.isTrue(0.1)) {
      breaks++
      reached = Math.max(reached, to)
      offset = await breakOff(client, upload, bytes, offset, to)
      continue
    }
    if (breaks === 0 && client.chance.isTrue(0.05)) await sendWrong(client, upload, bytes, offset, to)
    const length = lengthIfLast(client, upload, to)
    const headers = {
      ...length,
      ...checksumIfAny(client, bytes.subarray(offset, to)),
    }
    const answer = await patch(client, upload, offset, bytes.subarray(offset, to), {
      headers,
      // A request that was broken off may come to the gateway after the one that asked for the offset.
      expect: offset < reached ? [204, 409, 423] : 204,
    })
    const isAppended = answer.status === 204
    if (isAppended && 'upload-length' in length) upload.isKnown = true
    const told = isAppended ? Number(answer.headers.get('upload-offset')) : await offsetOf(client, upload)
    const isRight = isAppended ? told === to : told >= offset && told <= reached
    client.check('tus: PATCH', isRight, `${answer.status}, offset ${told} after ${offset} to ${to}`)
    offset = told
  }
  return upload
}

function patch(client, upload, offset, body, { headers = {}, expect = 204 } = {}) {
  return tus(client, upload, 'PATCH', 'PATCH', {
    headers: {
      'content-type': 'application/offset+octet-stream',
      'upload-offset': String(offset),
      ...headers,
    },
    body,
    expect,
  })
}

/** The client says the length with the last bytes at the latest, and sometimes before. */
function lengthIfLast(client, upload, to) {
  const { byteSize } = upload.content
  if (upload.isKnown || (to < byteSize && client.chance.isTrue(0.8))) return {}
  return { 'upload-length': String(byteSize) }
}

function checksumIfAny(client, bytes) {
  if (client.chance.isTrue(0.6)) return {}
  const algorithm = client.chance.among(['md5', 'sha1', 'sha256'])
  return { 'upload-checksum': `${algorithm} ${digestOf(algorithm, bytes, 'base64')}` }
}

/** Is refused, and changes nothing. */
async function sendWrong(client, upload, bytes, offset, to) {
  const portion = bytes.subarray(offset, to)
  const checksum = `sha256 ${digestOf('sha256', Buffer.concat([portion, portion]), 'base64')}`
  await patch(client, upload, offset, portion, { headers: { 'upload-checksum': checksum }, expect: 460 })
  await patch(client, upload, offset + 1, portion, { expect: 409 })
  const told = await offsetOf(client, upload)
  client.check('tus: HEAD after refusals', told === offset, `offset ${told} instead of ${offset}`)
}

async function offsetOf(client, upload) {
  const { headers } = await tus(client, upload, 'HEAD', 'HEAD')
  return Number(headers.get('upload-offset'))
}

/** Sends a portion but for its last bytes and closes the connection. Resolves to how far the upload has come then. */
async function breakOff(client, upload, bytes, offset, to) {
  const sent = client.chance.between(0, to - offset - 1)
  await new Promise((resolve) => {
    const sending = request(new URL(upload.path, client.origin), {
      method: 'PATCH',
      headers: {
        ...version,
        ...(upload.isGranted ? {} : { authorization: `Bearer ${client.token}` }),
        'content-type': 'application/offset+octet-stream',
        'content-length': to - offset,
        'upload-offset': offset,
      },
    })
    sending.on('error', () => {})
    sending.on('close', resolve)
    sending.write(bytes.subarray(offset, offset + sent), () =>
      setTimeout(() => sending.destroy(), client.chance.between(0, 50)),
    )
  })
  const told = await offsetOf(client, upload)
  client.check(
    'tus: HEAD after breaking off',
    told >= offset && told <= offset + sent,
    `offset ${told}, not from ${offset} to ${offset + sent}`,
  )
  return told
}

async function own(client, { id, content }) {
  const { json } = await client.call('GET of an appended file', 'GET', `/v1/files/${formattedId(id)}`)
  const isRight = json.status === 'ready' && json.sizeBytes === content.byteSize
  client.check('GET of an appended file', isRight, `${json.status}, size ${json.sizeBytes}`)
  return client.own({ id, content, metadata: null })
}
