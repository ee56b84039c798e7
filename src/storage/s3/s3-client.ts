import { AwsClient, AwsV4Signer } from 'aws4fetch'
import { withStoreLimit } from '../time-limit'
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

/** How many more tries, with exponential back-off and jitter. */
const retries = 2
const firstBackOffMs = 50
const defaultLimitMs = 30_000

export type S3Request = {
  method: 'GET' | 'HEAD' | 'PUT' | 'DELETE' | 'POST'
  query?: Record<string, string>
  headers?: Record<string, string>
  body?: BodyInit
  /** A body that can be sent again. Streams cannot. */
  replayable?: boolean
  /**
   * Doing it twice is doing it once. What is not is tried again only after a 429 or 503, with which stores say
   * that they have not begun: after any other 5xx it may have been done.
   */
  idempotent?: boolean
  /** How long the store may take to answer, all tries together, in milliseconds. */
  limitMs?: number
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
  const client = new AwsClient({ ...credentials, ...signing })
  const signingKeys = new Map<string, ArrayBuffer>()

  const fetchSigned = async (key: string, request: S3Request, signal: AbortSignal): Promise<Response> => {
    const { method, headers = {}, body = null, query = {} } = request
    const url = urlOf(endpoint, bucket, key) + queryOf(query)
    for (let tries = 0; ; tries++) {
      // Every header is signed: what was asked is what is done.
      const init = { method, headers, body, signal, aws: { allHeaders: true } }
      const response = await fetch(await client.sign(url, init))
      if (tries === retries || !mayTryAgain(request, response.status)) return response
      await response.body?.cancel()
      const backOffMs = Math.random() * firstBackOffMs * 2 ** tries
      await new Promise((resolve) => setTimeout(resolve, backOffMs))
    }
  }

  /** `read` of a good answer, within the same time limit. */
  const exchange = <T>(
    operation: string,
    key: string,
    request: S3Request,
    read: (response: Response) => Promise<T>,
  ): Promise<T | null> =>
    withStoreLimit(operation, request.limitMs ?? defaultLimitMs, async (signal) => {
      try {
        const response = await fetchSigned(key, request, signal)
        if (response.ok || response.status === 304) return await read(response)
        const refusal = await readS3Refusal(response)
        const isAbsent = response.status === 404 || response.status === 412
        if (isAbsent && refusal.errorCode !== 'NoSuchBucket') return null
        throw refusal
      } catch (error) {
        throw s3Failure(operation, error)
      }
    })

  return {
    bucket,
    /** Whether presigned PUTs are signed with a key pair of their own. */
    hasUploadKey: uploadCredentials !== null,

    /**
     * Sends a signed request for `key` ('' for the bucket). Returns 2xx and 304 answers as soon as their headers
     * are there, and null for 404 and 412; throws `store_failed` for the rest, with the `S3Refusal` as cause
     * (`refusalOf`). `operation` names the step in the log.
     */
    send(operation: string, key: string, request: S3Request): Promise<Response | null> {
      return exchange(operation, key, request, async (response) => response)
    },

    /** The same for an answer that is a document: its text, read within the time limit. */
    sendForXml(operation: string, key: string, request: S3Request): Promise<string | null> {
      return exchange(operation, key, request, (response) => response.text())
    },

    /** A URL that does `method` on `key` without credentials for `ttlSeconds` (1 to 604 800, SigV4's limit). */
    async presign(key: string, request: PresignRequest): Promise<string> {
      const query = queryOf({ ...request.query, 'X-Amz-Expires': String(request.ttlSeconds) })
      const signer = new AwsV4Signer({
        ...(request.method === 'PUT' ? (uploadCredentials ?? credentials) : credentials),
        ...signing,
        method: request.method,
        url: urlOf(endpoint, bucket, key) + query,
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

/** 501 is no passing trouble: the store cannot. */
function mayTryAgain({ replayable = true, idempotent = true }: S3Request, status: number): boolean {
  if (!replayable) return false
  if (status === 429 || status === 503) return true
  return idempotent && status >= 500 && status !== 501
}

/**
 * Path-style address of an object, every segment encoded as RFC 3986 wants it: aws4fetch encodes `!'()*`
 * in what it signs, so they must be encoded in the path too.
 */
function urlOf(endpoint: string, bucket: string, key: string): string {
  return `${endpoint}/${encodeSegment(bucket)}${key === '' ? '' : `/${encodeKey(key)}`}`
}

/** Every segment of a key as RFC 3986 wants it. */
export function encodeKey(key: string): string {
  return key.split('/').map(encodeSegment).join('/')
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
