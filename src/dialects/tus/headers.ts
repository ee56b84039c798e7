import type { Context } from 'hono'
import type { PortionDigest } from '../../core/append/append'
import { failField } from '../../core/errors'
import { checksumAlgorithms } from './protocol'

/** How many bytes each checksum has. */
const checksumBytes = { md5: 16, sha1: 20, sha256: 32 } as const

/** `Upload-Offset`. Throws `invalid_request` without one. */
export function uploadOffsetOf(c: Context): number {
  return countOf(c, 'Upload-Offset') ?? failField('Upload-Offset', 'is required')
}

/** `Upload-Length`; null: there is none. Throws `invalid_request`. */
export function uploadLengthOf(c: Context): number | null {
  return countOf(c, 'Upload-Length')
}

/** The length of a new upload; null: it is told later. Throws `invalid_request` unless the client says the one or the other. */
export function newLengthOf(c: Context): number | null {
  const length = uploadLengthOf(c)
  const deferred = c.req.header('upload-defer-length')
  if (deferred !== undefined && deferred.trim() !== '1') failField('Upload-Defer-Length', 'must be 1')
  if (length === null && deferred === undefined)
    failField('Upload-Length', 'is required, or Upload-Defer-Length: 1')
  if (length !== null && deferred !== undefined)
    failField('Upload-Length', 'must not be sent with Upload-Defer-Length')
  return length
}

/** `Upload-Checksum` of the body; null: there is none. Throws `invalid_request`. */
export function checksumOf(c: Context): PortionDigest | null {
  const text = c.req.header('upload-checksum')
  if (text === undefined) return null
  const [name = '', base64 = '', ...more] = text.trim().split(' ')
  const algorithm = checksumAlgorithms.find((known) => known === name)
  if (algorithm === undefined)
    failField('Upload-Checksum', `must be of one of ${checksumAlgorithms.join(', ')}`)
  const bytes = more.length === 0 ? bytesOf(base64) : null
  if (bytes?.length !== checksumBytes[algorithm])
    failField('Upload-Checksum', `must be ${algorithm} and the base64 of ${checksumBytes[algorithm]} bytes`)
  return { algorithm, expected: bytes.toHex() }
}

/** Throws `invalid_request` for a part of a file that is to be put together later. */
export function refuseConcatenation(c: Context): void {
  if (c.req.header('upload-concat') !== undefined)
    failField('Upload-Concat', 'is not supported: switch parallel uploads off in the client')
}

function countOf(c: Context, name: string): number | null {
  const text = c.req.header(name)
  if (text === undefined) return null
  return /^\d{1,15}$/.test(text) ? Number(text) : failField(name, 'must be a whole number of bytes')
}

function bytesOf(base64: string): Uint8Array | null {
  try {
    return /^[A-Za-z0-9+/]+={0,2}$/.test(base64)
      ? Uint8Array.fromBase64(base64, { lastChunkHandling: 'strict' })
      : null
  } catch {
    return null
  }
}
