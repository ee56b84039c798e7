import type { Context } from 'hono'
import type { HttpEnv } from '../../http/context'

/** The one version of the protocol that is spoken. */
const version = '1.0.0'

const extensions = [
  'creation',
  'creation-with-upload',
  'creation-defer-length',
  'expiration',
  'checksum',
  'termination',
]

/** By their names in the protocol: the ones that `Upload-Checksum` may have. */
export const checksumAlgorithms = ['sha256', 'sha1', 'md5'] as const

/** The body of a request that brings bytes. */
export const offsetStream = 'application/offset+octet-stream'

/** Headers of every answer: which version this is, and to OPTIONS all that the server can do. */
export function protocolHeaders(c: Context<HttpEnv>): Record<string, string> {
  const spoken = { 'Tus-Resumable': version }
  if (methodOf(c) !== 'OPTIONS') return spoken
  return {
    ...spoken,
    'Tus-Version': version,
    'Tus-Extension': extensions.join(','),
    'Tus-Max-Size': String(c.get('gateway').limits.appendMaxBytes),
    'Tus-Checksum-Algorithm': checksumAlgorithms.join(','),
  }
}

/**
 * The answer to a request that needs no credential: 412 to another version of the protocol, which is told nothing else, and
 * 204 to an OPTIONS that is sent as a POST. Null for all others. Reading the limits is no part of the protocol.
 */
export function admit(c: Context<HttpEnv>): Response | null {
  if (methodOf(c) === 'OPTIONS') return c.body(null, 204)
  const isOfProtocol = c.req.path !== '/tus' || c.req.method === 'POST'
  if (!isOfProtocol || c.req.header('tus-resumable') === version) return null
  return c.text(`Tus-Resumable must be ${version}`, 412, { 'Tus-Version': version })
}

/** The method that the client means, in upper case: where it can send no other, it sends a POST and names it. */
export function methodOf(c: Context): string {
  const { method } = c.req
  return method === 'POST' ? (c.req.header('x-http-method-override')?.trim().toUpperCase() ?? method) : method
}
