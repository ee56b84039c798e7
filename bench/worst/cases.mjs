// Inputs that cost a naive server much more than they look, each beside an ordinary request of its kind and size.
import { randomBytes } from 'node:crypto'
import { all, almostAll } from './seed.mjs'

const quantcdn = '/api/v3/organizations/acme/ai/files'
const boundary = '------------------------d74496d66958873e'

/**
 * `{ name, ordinary, worst }` each; the latter two make the next request of their kind. `key` is one of organization
 * acme, which has many files; `linkedKey` one of an organization whose files have many associations, `plainKey` one of an
 * organization with one file; `fileId` a small file of acme's, as /v1/files has it; `uploadId` one in parts that is pending.
 */
export function casesFor({ key, linkedKey, plainKey, fileId, uploadId }) {
  const bearer = (token) => ({ authorization: `Bearer ${token}` })
  const get = (path, headers = {}, token = key) => ({ path, headers: { ...bearer(token), ...headers } })
  const post = (path, body, headers = {}) => ({
    method: 'POST',
    path,
    headers: { ...bearer(key), 'content-type': 'application/json', ...headers },
    body,
  })
  const form = (parts) => ({
    ...post('/v1/files', formOf(parts)),
    headers: { ...bearer(key), 'content-type': `multipart/form-data; boundary=${boundary}` },
  })
  const promise = (fields) =>
    JSON.stringify({ filename: 'a.txt', contentType: 'text/plain', size: 5, ...fields })
  const filtered = (filter) =>
    get(`${quantcdn}?limit=20&filter=${encodeURIComponent(JSON.stringify(filter))}`)
  const content = `/v1/files/${fileId}/content?redirect=false`
  const uploads = (worst, path = '/v1/uploads') => ({
    ordinary: () => post(path, padded(promise({}), Buffer.byteLength(worst))),
    worst: () => post(path, worst),
  })
  const upload = (fields) =>
    JSON.stringify({ contentType: 'text/plain', content: base64Of(16), filename: 'a.txt', ...fields })
  const edge = (worst) => ({
    ordinary: () => post(quantcdn, padded(upload({}), Buffer.byteLength(worst))),
    worst: () => post(quantcdn, worst),
  })

  return [
    { name: 'contentType of 60 000 blanks', ...uploads(promise({ contentType: `a${' '.repeat(60_000)}b` })) },
    {
      name: 'contentType of 5000 parameters',
      ...uploads(promise({ contentType: `text/plain${';a="\\\\"'.repeat(5_000)}` })),
    },
    { name: '… of blanks, QuantCDN', ...edge(upload({ contentType: `a${' '.repeat(60_000)}b` })) },
    {
      name: '… of blanks, in a form',
      ordinary: () => form([filePart('a.txt', 'text/plain', 'x'.repeat(60_000))]),
      worst: () => form([filePart('a.txt', `a${' '.repeat(60_000)}b`, 'x')]),
    },
    {
      name: 'filename of 30 000 combining marks',
      ...uploads(promise({ filename: `a${'\u0301\u0316'.repeat(15_000)}.txt` })),
    },
    {
      name: 'filename of 60 000 dots and blanks',
      ...uploads(promise({ filename: `${'. '.repeat(30_000)}a` })),
    },
    {
      name: 'metadata 30 000 deep',
      ...uploads(promise({ metadata: 0 }).replace('"metadata":0', `"metadata":{"a":${nested(30_000)}}`)),
    },
    {
      name: '… QuantCDN',
      ...edge(upload({ metadata: 0 }).replace('"metadata":0', `"metadata":{"a":${nested(30_000)}}`)),
    },
    {
      name: 'metadata of 1000 values',
      ...edge(upload({ metadata: { a: Array.from({ length: 1000 }, (_, at) => at) } })),
    },
    {
      name: 'metadata of 1000 fields',
      ...edge(upload({ metadata: Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [at, 1])) })),
    },
    { name: 'JSON 30 000 deep', ...uploads(nested(30_000)) },
    {
      name: 'JSON of 4000 unknown fields',
      ...uploads(promise(Object.fromEntries(Array.from({ length: 4_000 }, (_, at) => [`x${at}`, 1])))),
    },
    {
      name: 'base64 of a megabyte as \\uXXXX',
      ordinary: () => post(quantcdn, upload({ content: base64Of(786_432) })),
      worst: () => post(quantcdn, escapedUpload(upload, 131_072)),
    },
    {
      name: '10 000 wrong part numbers',
      ordinary: () => post('/v1/uploads', padded(promise({}), 50_000)),
      worst: () =>
        post(`/v1/uploads/${uploadId}/parts`, JSON.stringify({ partNumbers: Array(10_000).fill('x') })),
    },
    {
      name: '10 000 parts to complete',
      ordinary: () => post(quantcdn, upload({ content: base64Of(300_000) })),
      worst: () =>
        post(
          `/v1/uploads/${uploadId}/complete`,
          JSON.stringify({ parts: Array(10_000).fill({ partNumber: 'x', etag: 1 }) }),
        ),
    },
    {
      name: 'a form of 100 parts',
      ordinary: () => form([filePart('a.txt', 'text/plain', randomBytes(8000).toString('hex'))]),
      worst: () =>
        form([
          ...Array(99).fill(fieldPart('resource_type', 'x'.repeat(80))),
          filePart('a.txt', 'text/plain', 'x'),
        ]),
    },
    {
      name: 'a form of 8000 boundaries nearly',
      ordinary: () => form([filePart('a.txt', 'text/plain', randomBytes(150_000).toString('hex'))]),
      worst: () =>
        form([filePart('a.txt', 'text/plain', `\r\n--${boundary.slice(0, -1)}`.repeat(8000) + base64Of(16))]),
    },
    {
      name: 'a filename of 900 encoded words in a form',
      ordinary: () => form([filePart('a.txt', 'text/plain', randomBytes(8000).toString('hex'))]),
      worst: () => form([filePart(`${'=?utf-8?q?a?= '.repeat(900)}.txt`, 'text/plain', 'x')]),
    },
    {
      name: '16 conditions that no file meets',
      ordinary: () => filtered(all),
      worst: () => filtered(almostAll),
    },
    {
      name: 'two values that no file has together',
      ordinary: () => filtered({ always0: 'yes', always1: 'yes' }),
      worst: () => filtered({ almost0: 'no', almost1: 'no' }),
    },
    {
      name: 'a list by type and a status that none has',
      ordinary: () => get('/v1/files?resourceType=chat&statusFilter=ready&limit=20'),
      worst: () => get('/v1/files?resourceType=chat&statusFilter=failed&limit=20'),
    },
    {
      name: 'a list by a status that none has',
      ordinary: () => get('/v1/files?statusFilter=ready&limit=20'),
      worst: () => get('/v1/files?statusFilter=failed&limit=20'),
    },
    {
      name: '100 files with 1000 associations each',
      ordinary: () => get('/v1/files?limit=100&expand[]=associations'),
      worst: () => get('/v1/files?limit=100&expand[]=associations', {}, linkedKey),
    },
    {
      name: '… found by their type',
      ordinary: () => get('/v1/files?limit=100&resourceType=chat'),
      worst: () => get('/v1/files?limit=100&resourceType=chat', {}, linkedKey),
    },
    {
      name: 'a page of 10 000 API keys',
      ordinary: () => get('/v1/api-keys?page=1&per_page=20', {}, plainKey),
      worst: () => get('/v1/api-keys?page=400&per_page=20'),
    },
    {
      name: '1800 query parameters',
      ordinary: () => get(`/v1/files?limit=2&_=${'a'.repeat(7200)}`, {}, plainKey),
      worst: () => get(`/v1/files?limit=2${'&_=a'.repeat(1800)}`, {}, plainKey),
    },
    {
      name: '1800 expands',
      ordinary: () => get(`/v1/files?limit=2&expand[]=associations&_=${'a'.repeat(14_000)}`, {}, plainKey),
      worst: () => get(`/v1/files?limit=2${'&expand[]'.repeat(1600)}`, {}, plainKey),
    },
    {
      name: 'a filter nested 1500 deep',
      ordinary: () => filtered(all),
      worst: () => get(`${quantcdn}?filter=${nested(1500)}`),
    },
    {
      name: '3000 ranges',
      ordinary: () => get(content, { range: 'bytes=0-1', 'x-padding': 'x'.repeat(14_000) }),
      worst: () =>
        get(content, { range: `bytes=${Array.from({ length: 3000 }, (_, at) => `${at % 9}-`).join(',')}` }),
    },
    {
      name: '2000 ETags to compare with',
      ordinary: () => get(content, { 'if-none-match': '"a"', 'x-padding': 'x'.repeat(12_000) }),
      worst: () => get(content, { 'if-none-match': Array(2000).fill('W/"x"').join(',') }),
    },
    {
      name: 'a cookie of 14 000 bytes',
      ordinary: () => get('/v1/files?limit=2', { 'x-padding': 'x'.repeat(14_000) }, plainKey),
      worst: () => get('/v1/files?limit=2', { cookie: 'a=b; '.repeat(2800) }, plainKey),
    },
    {
      name: 'an Idempotency-Key of 14 000 bytes',
      ordinary: () => post('/v1/uploads', promise({}), { 'x-padding': 'x'.repeat(14_000) }),
      worst: () => post('/v1/uploads', promise({}), { 'idempotency-key': `"${'\\\\'.repeat(7000)}"` }),
    },
    {
      name: 'a guess of an API key',
      ordinary: () => get('/v1/files?limit=2', {}, plainKey),
      worst: () =>
        get(
          '/v1/files?limit=2',
          {},
          `slip_${randomBytes(8).toString('hex')}_${randomBytes(32).toString('hex')}`,
        ),
    },
    {
      name: 'a token of 14 000 bytes',
      ordinary: () => get('/v1/files?limit=2', { 'x-padding': 'x'.repeat(14_000) }, plainKey),
      worst: () => get('/v1/files?limit=2', {}, `${'a'.repeat(7000)}.${'b'.repeat(7000)}.c`),
    },
    {
      name: 'a path of 14 000 bytes',
      ordinary: () => get('/v1/files?limit=2', { 'x-padding': 'x'.repeat(14_000) }, plainKey),
      worst: () => get(`/v1/files/${'%2f/'.repeat(3500)}`, {}, plainKey),
    },
    {
      name: 'a public file that is not there',
      ordinary: () => get('/v1/files?limit=2', {}, plainKey),
      worst: () => ({ path: `/public/${'a'.repeat(8000)}` }),
    },
  ]
}

/** `json` with blanks before its end, to make it this many bytes. */
function padded(json, length) {
  return `${json.slice(0, -1)}${' '.repeat(Math.max(0, length - json.length))}${json.slice(-1)}`
}

function nested(depth) {
  return '['.repeat(depth) + ']'.repeat(depth)
}

/** The base64 of this many bytes of text, different each time. */
function base64Of(byteSize) {
  return Buffer.from(randomBytes(byteSize / 2).toString('hex')).toString('base64')
}

function escapedUpload(upload, byteSize) {
  const escaped = Array.from(base64Of(byteSize), (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`)
  return upload({ content: '?' }).replace('"?"', `"${escaped.join('')}"`)
}

function fieldPart(name, value) {
  return `content-disposition: form-data; name="${name}"\r\n\r\n${value}`
}

function filePart(filename, contentType, text) {
  return `content-disposition: form-data; name="file"; filename="${filename}"\r\ncontent-type: ${contentType}\r\n\r\n${text}`
}

function formOf(parts) {
  return `${parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('')}--${boundary}--\r\n`
}
