import { AwsClient, AwsV4Signer } from 'aws4fetch'
import { readS3Refusal, s3Failure } from './s3-errors'

export type S3Configuration = {
  /** Without the bucket and without a trailing slash: `https://s3.eu-central-1.amazonaws.com`. */
  endpoint: string
  region: string
  bucket: string
  credentials: S3Credentials
  /** For presigned PUTs only: a principal that may do nothing but PutObject. null: the same as `credentials`. */
  uploadCredentials: S3Credentials | null
}

export type S3Credentials = { accessKeyId: string; secretAccessKey: string }

/** Two more tries after a 429 or 5xx, with aws4fetch's exponential back-off and jitter. */
const retries = 2
const timeoutMs = 30_000

export type S3Request = {
  method: 'GET' | 'HEAD' | 'PUT' | 'DELETE' | 'POST'
  query?: Record<string, string>
  headers?: Record<string, string>
  body?: BodyInit
  /** A body that can be sent again. Streams cannot. */
  replayable?: boolean
}

export type PresignRequest = {
  method: 'GET' | 'PUT'
  /** Signed; the request must carry exactly these. */
  headers?: Record<string, string>
  query?: Record<string, string>
  ttlSeconds: number
  /** The moment of signing, in milliseconds since 1970 UTC. */
  now: number
}

/**
 * One S3 endpoint: signs requests and sends them, or signs URLs. Keep one per isolate: aws4fetch keeps the
 * derived signing key of the day in it.
 */
export function createS3Client({
  endpoint,
  region,
  bucket,
  credentials,
  uploadCredentials,
}: S3Configuration) {
  const signing = { service: 's3', region } as const
  const client = new AwsClient({ ...credentials, ...signing, retries })
  const oneShot = new AwsClient({ ...credentials, ...signing, retries: 0 })
  const signingKeys = new Map<string, ArrayBuffer>()

  return {
    bucket,

    /**
     * Sends a signed request for `key` ('' for the bucket). Returns 2xx and 304 answers, and null for 404
     * and 412; throws `store_failed` for the rest. `operation` names the step in the log.
     */
    async send(operation: string, key: string, request: S3Request): Promise<Response | null> {
      const { replayable = true, query = {}, ...init } = request
      try {
        const response = await (replayable ? client : oneShot).fetch(
          urlOf(endpoint, bucket, key).href + queryOf(query),
          {
            ...init,
            signal: AbortSignal.timeout(timeoutMs),
            // Every header is signed: what was asked is what is done.
            aws: { allHeaders: true },
          },
        )
        if (response.ok || response.status === 304) return response
        if (response.status === 404 || response.status === 412) {
          await response.body?.cancel()
          return null
        }
        throw await readS3Refusal(response)
      } catch (error) {
        throw s3Failure(operation, error)
      }
    },

    /** A URL that does `method` on `key` without credentials for `ttlSeconds` (1 to 604 800, SigV4's limit). */
    async presign(key: string, request: PresignRequest): Promise<string> {
      const url = urlOf(endpoint, bucket, key)
      for (const [name, value] of Object.entries(request.query ?? {})) url.searchParams.set(name, value)
      url.searchParams.set('X-Amz-Expires', String(request.ttlSeconds))
      const signer = new AwsV4Signer({
        ...(request.method === 'PUT' ? (uploadCredentials ?? credentials) : credentials),
        ...signing,
        method: request.method,
        url: url.href,
        headers: request.headers ?? {},
        signQuery: true,
        // aws4fetch would otherwise leave content-type and content-length unsigned.
        allHeaders: true,
        cache: signingKeys,
        datetime: new Date(request.now).toISOString().replace(/[:-]|\.\d{3}/g, ''),
      })
      const { href } = (await signer.sign()).url
      // URLSearchParams writes queries as forms do; S3 servers verify them as RFC 3986 has them.
      return href.replaceAll('+', '%20').replaceAll('*', '%2A').replaceAll('%7E', '~')
    },
  }
}

export type S3Client = ReturnType<typeof createS3Client>

/**
 * Path-style address of an object, every segment encoded as RFC 3986 wants it: aws4fetch encodes `!'()*`
 * in what it signs, so they must be encoded in the path too.
 */
function urlOf(endpoint: string, bucket: string, key: string): URL {
  const path = key.split('/').map(encodeSegment).join('/')
  return new URL(`${endpoint}/${encodeSegment(bucket)}${key === '' ? '' : `/${path}`}`)
}

/** Encoded as SigV4 has it, which URLSearchParams does not: Ceph verifies a query as it was sent. */
function queryOf(query: Record<string, string>): string {
  const pairs = Object.entries(query).map(([name, value]) => `${encodeSegment(name)}=${encodeSegment(value)}`)
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}

function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
