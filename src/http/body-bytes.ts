import { fail } from '../core/errors'
import { contentLengthOf, readBody } from './body-reader'

/** The bytes of a request's body, as they arrive. */
export type BodyBytes = {
  /** A chunk is only valid until the next one is asked for. */
  chunks: AsyncIterator<Uint8Array>
  /** How many they are, where the client has said so; null: it has not. */
  announcedBytes: number | null
}

/**
 * Runs `work` with the bytes of the body of `request`, of any number: who takes them knows how many may come. What `work`
 * leaves of them is no longer held. Throws `unsupported_body` for an encoded body, and what `work` throws; reading throws
 * `body_timed_out`, and `invalid_request` when the client hangs up.
 */
export async function withBodyBytes<T>(request: Request, work: (bytes: BodyBytes) => Promise<T>): Promise<T> {
  refuseEncoded(request)
  const body = readBody(request, { maxBytes: Number.MAX_SAFE_INTEGER })
  const chunks: AsyncIterator<Uint8Array> = {
    async next() {
      const value = await body.next()
      return value === null ? { done: true, value } : { done: false, value }
    },
  }
  try {
    return await work({ chunks, announcedBytes: announcedBytesOf(request) })
  } finally {
    body.release()
  }
}

/** How many bytes the body of `request` has, where the client has said so; null: it has not. */
export function announcedBytesOf(request: Request): number | null {
  return request.body === null ? 0 : contentLengthOf(request)
}

/** An encoded body would be stored as it comes, and handed out as what it is not. Throws `unsupported_body`. */
export function refuseEncoded(request: Request): void {
  const encoding = request.headers.get('content-encoding') ?? 'identity'
  if (encoding.trim().toLowerCase() !== 'identity')
    fail({ code: 'unsupported_body', expected: 'the bytes of the file, without Content-Encoding' })
}

/** Throws `unsupported_body` unless the body of `request` is of the media type `expected`, whatever its parameters. */
export function requireBodyType(request: Request, expected: string): void {
  const [type = ''] = (request.headers.get('content-type') ?? '').split(';')
  if (type.trim().toLowerCase() !== expected) fail({ code: 'unsupported_body', expected })
}
