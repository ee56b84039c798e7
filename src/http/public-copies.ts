import type { Context } from 'hono'
import { fail } from '../core/errors'
import type { StoredFile } from '../core/files/file-record'
import type { FileId, OrganizationId } from '../core/ids'
import type { HttpEnv } from './context'
import {
  evaluatePreconditions,
  isConditional,
  type PreconditionOutcome,
  parseHttpDate,
} from './preconditions'

/**
 * How long a copy of a public file may be shown, at the edge and then in a browser. A deletion reaches the
 * copies of one data centre only, so this is also how long a deleted file may be seen elsewhere.
 */
export const publicMaxAgeSeconds = 60

/** Larger files are not kept: while it is written, a copy may have to wait in memory for a slow reader. */
export const publicCopyMaxBytes = 8 * 1024 ** 2

type Identity = { organizationId: OrganizationId; id: FileId }

/** Where a dialect serves public files. */
export type PublicAddress = {
  /** The URL below which it serves all of them: the gateway's own, as Cloudflare's Cache API wants it. */
  filesUrl: string
  /** The path that one file was promised under: a copy answers no other. */
  path: string
}

/** The copies that can be reached in this data centre, of files that are served below `filesUrl`. */
export function createPublicCopies(filesUrl: string) {
  return {
    async forget(organizationId: OrganizationId, id: FileId): Promise<void> {
      await caches.default.delete(cacheKeyOf(filesUrl, { organizationId, id }))
    },
  }
}

/**
 * The answer to a GET or HEAD from a kept copy, or null when there is none that answers it. Throws
 * `precondition_failed`.
 */
export async function answerFromCopy(
  c: Context<HttpEnv>,
  file: Identity,
  { filesUrl, path }: PublicAddress,
): Promise<Response | null> {
  const { method, headers: asked } = c.req.raw
  const range = asked.get('range')
  // Conditions come before the range, and what they compare is known only afterwards.
  if (range !== null && isConditional(asked)) return null
  const wantsPart = method === 'GET' && range !== null && isOneRange(range)
  const copy = await caches.default.match(
    new Request(cacheKeyOf(filesUrl, file), wantsPart ? { headers: { range } } : {}),
  )
  if (copy === undefined) return null
  const answers = copy.status === 200 || copy.status === 206
  const body = answers && copy.headers.get('content-location') === path ? copy.body : null
  const outcome = body === null ? 'proceed' : preconditionOutcome(c, copy.headers)
  if (body === null || outcome !== 'proceed' || method === 'HEAD') await copy.body?.cancel()
  if (body === null) return null
  if (outcome === 'failed') fail({ code: 'precondition_failed', etag: copy.headers.get('etag') ?? '' })
  const headers = new Headers(copy.headers)
  if (outcome === 'not_modified') headers.delete('content-length')
  return outcome === 'not_modified'
    ? new Response(null, { status: 304, headers })
    : new Response(method === 'HEAD' ? null : body, { status: copy.status, headers })
}

function preconditionOutcome(c: Context<HttpEnv>, kept: Headers): PreconditionOutcome {
  const now = c.get('gateway').now()
  const lastModified = parseHttpDate(kept.get('last-modified') ?? '', now) ?? now
  return evaluatePreconditions(c.req.raw, { etag: kept.get('etag') ?? '', lastModified }, now)
}

/**
 * Keeps a copy of `answer`, which has the bytes of `file`, if it has all of them and they are not too many. After
 * the answer is sent; what fails is logged.
 */
export function keepCopy(
  c: Context<HttpEnv>,
  file: StoredFile,
  { filesUrl, path }: PublicAddress,
  answer: Response,
): void {
  answer.headers.set('content-location', path)
  const isWhole = c.req.method === 'GET' && answer.status === 200 && answer.body !== null
  if (!isWhole || file.content.byteSize > publicCopyMaxBytes) return
  const gateway = c.get('gateway')
  gateway.background(
    caches.default.put(cacheKeyOf(filesUrl, file), answer.clone()).catch((cause) => {
      gateway.log({ event: 'public_copy_not_kept', fileId: file.id, cause })
    }),
  )
}

/** Without query, credentials and extension: a deletion knows the file's id and nothing else of its path. */
function cacheKeyOf(filesUrl: string, { organizationId, id }: Identity): string {
  return `${filesUrl}/${organizationId}/${id}`
}

/** Several ranges at once are never worth their cost; `parseByteRange` ignores them as well. */
function isOneRange(range: string): boolean {
  return /^bytes=(\d{1,15}-\d{0,15}|-\d{1,15})$/i.test(range.trim())
}
