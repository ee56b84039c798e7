/**
 * AWS Signature Version 4 in the query string, written from the S3 API Reference ("Authenticating Requests:
 * Using Query Parameters") and sharing no code with what it checks.
 */
export type SigV4Request = {
  method: string
  host: string
  /** As it is meant, not encoded. */
  path: string
  query: Record<string, string>
  headers: Record<string, string>
  credentials: { accessKeyId: string; secretAccessKey: string }
  region: string
  /** `20261102T123456Z` */
  datetime: string
  ttlSeconds: number
}

/** `path` is the only right way to write the path on the wire: R2 verifies it verbatim. */
export async function signQuery(
  request: SigV4Request,
): Promise<{ path: string; signedHeaders: string; signature: string }> {
  const { accessKeyId, secretAccessKey } = request.credentials
  const date = request.datetime.slice(0, 8)
  const scope = `${date}/${request.region}/s3/aws4_request`
  const headers = Object.entries({ ...request.headers, host: request.host })
    .map(([name, value]) => [name.toLowerCase(), value.trim().replace(/ +/g, ' ')] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  const signedHeaders = headers.map(([name]) => name).join(';')
  const query = {
    ...request.query,
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${accessKeyId}/${scope}`,
    'X-Amz-Date': request.datetime,
    'X-Amz-Expires': String(request.ttlSeconds),
    'X-Amz-SignedHeaders': signedHeaders,
  }
  const canonicalQuery = Object.entries(query)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&')
  const canonicalHeaders = headers.map(([name, value]) => `${name}:${value}\n`).join('')
  const path = encode(request.path, '/')
  const canonicalRequest = [
    request.method,
    path,
    canonicalQuery,
    canonicalHeaders,
    signedHeaders,
    'UNSIGNED-PAYLOAD',
  ].join('\n')
  const hash = await crypto.subtle.digest('SHA-256', utf8(canonicalRequest))
  const stringToSign = ['AWS4-HMAC-SHA256', request.datetime, scope, hex(hash)].join('\n')
  let key: BufferSource = utf8(`AWS4${secretAccessKey}`)
  for (const part of [date, request.region, 's3', 'aws4_request']) key = await hmac(key, part)
  return { path, signedHeaders, signature: hex(await hmac(key, stringToSign)) }
}

/** Every byte of the UTF-8 but RFC 3986's unreserved characters, and `kept`, as `%XX`. */
function encode(text: string, kept = ''): string {
  return Array.from(utf8(text), (byte) => {
    const char = String.fromCharCode(byte)
    const isKept = byte < 0x80 && (/[A-Za-z0-9_.~-]/.test(char) || kept.includes(char))
    return isKept ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }).join('')
}

async function hmac(key: BufferSource, message: string): Promise<ArrayBuffer> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const imported = await crypto.subtle.importKey('raw', key, algorithm, false, ['sign'])
  return crypto.subtle.sign('HMAC', imported, utf8(message))
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function hex(bytes: ArrayBuffer): string {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
