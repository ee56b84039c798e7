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
  if (c.req.method !== 'OPTIONS') return spoken
  return {
    ...spoken,
    'Tus-Version': version,
    'Tus-Extension': extensions.join(','),
    'Tus-Max-Size': String(c.get('gateway').limits.appendMaxBytes),
    'Tus-Checksum-Algorithm': checksumAlgorithms.join(','),
  }
}

/**
 * 412 to another version of the protocol, which is told nothing else, before its credential is looked at. Null for all other
 * requests. Reading the limits is no part of the protocol.
 */
export function admit(c: Context<HttpEnv>): Response | null {
  const isOfProtocol = c.req.path !== '/tus' || c.req.method === 'POST'
  if (!isOfProtocol || c.req.header('tus-resumable') === version) return null
  return c.text(`Tus-Resumable must be ${version}`, 412, { 'Tus-Version': version })
}
