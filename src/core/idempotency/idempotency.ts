import { fail } from '../errors'
import type { FileRecord } from '../files/file-record'
import type { OrganizationId, Sha256 } from '../ids'
import { sha256OfText } from '../ids'

/** How long a stored reply can be asked for again. */
export const idempotencyTtlMs = 24 * 60 * 60 * 1000
/** How long a request may run before another one with the same key may take its place. */
export const idempotencyLockMs = 60 * 1000

/** A caller's wish that this request has one effect, however often it is sent. */
export type IdempotencyClaim = {
  /** 1–255 characters, as the caller chose it. */
  key: string
  /** Of everything that makes the request what it is. */
  fingerprint: Sha256
  /** Milliseconds since 1970 UTC. */
  lockedUntil: number
  expiresAt: number
}

/** What is kept of the first request that used a key. */
export type IdempotencyRecord<Reply> = {
  organizationId: OrganizationId
  fingerprint: Sha256
  /** The id of what that request made or is making. */
  subjectId: string
  /** null while it runs. */
  reply: Reply | null
  lockedUntil: number
}

/** What a file upload answered, as it was. */
export type FileReply = { file: FileRecord }

/**
 * The claim of a request. `operation` names it across dialect paths; `request` is all of its input that
 * counts, in a fixed order, with the SHA-256 in place of bytes. Null when the caller sent no key.
 */
export async function claimFor(
  key: string | null,
  operation: string,
  request: unknown,
  now: number,
): Promise<IdempotencyClaim | null> {
  if (key === null) return null
  return {
    key,
    fingerprint: await sha256OfText(JSON.stringify([operation, request])),
    lockedUntil: now + idempotencyLockMs,
    expiresAt: now + idempotencyTtlMs,
  }
}

/**
 * What the record that holds a claim's key means for the request that came second: the stored reply, or
 * `stale` when the first one died without an answer. Throws `idempotency_key_reused` when the request
 * differs and `idempotency_in_progress` while the first one runs.
 */
export function replyOf<Reply>(
  record: IdempotencyRecord<Reply>,
  claim: IdempotencyClaim,
  now: number,
): { reply: Reply } | 'stale' {
  if (record.fingerprint !== claim.fingerprint) fail({ code: 'idempotency_key_reused' })
  if (record.reply !== null) return { reply: record.reply }
  if (record.lockedUntil <= now) return 'stale'
  fail({ code: 'idempotency_in_progress', retryAfterSeconds: Math.ceil((record.lockedUntil - now) / 1000) })
}
