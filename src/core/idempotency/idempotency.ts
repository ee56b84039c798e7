import { fail } from '../errors'
import type { FileRecord } from '../files/file-record'
import type { OrganizationId, Sha256 } from '../ids'
import { sha256OfText } from '../ids'
import type { Principal } from '../organizations/principal'
import { canonicalJson } from './canonical-json'

/** How long a stored reply is kept. */
export const idempotencyTtlMs = 24 * 60 * 60 * 1000
/** How long a request may run before another one with the same key may take its place. */
export const idempotencyLockMs = 60 * 1000

/** An `Idempotency-Key` and its caller: only the caller that sent it first gets the stored reply. */
export type IdempotencyKey = {
  /** 1–255 characters, as the caller chose it. */
  text: string
  caller: Principal
}

/** A caller's wish that a request has one effect, however often it is sent. */
export type IdempotencyClaim = {
  /** 1–255 characters, as the caller chose it. */
  key: string
  /** A hash of the operation, all of its input that counts, and the caller. */
  fingerprint: Sha256
  /** Milliseconds since 1970 UTC. */
  lockedUntil: number
  expiresAt: number
}

/** The claim of a request that becomes known while it runs: its fingerprint comes with its end. */
export type EarlyClaim = Omit<IdempotencyClaim, 'fingerprint'> & { fingerprint: null }

/** What is kept of the first request that used a key. */
export type IdempotencyRecord<Reply> = {
  organizationId: OrganizationId
  /** null: not known before that request ends, and it has not. */
  fingerprint: Sha256 | null
  /** The id of what that request made or is making. */
  subjectId: string
  /** Reads the reply; only if the fingerprint agrees, it is of type `Reply`. null while the request runs. */
  reply: (() => Reply) | null
  lockedUntil: number
}

/** What a file upload answered, as it was. */
export type FileReply = { file: FileRecord }

/**
 * The claim of a request; null when the caller sent no key. `operation` names the operation across dialect paths,
 * `request` is all of its input that counts, with the SHA-256 in place of bytes. The same request of the same caller has
 * the same fingerprint, however its JSON was written (RFC 8785); another caller's has another one.
 */
export async function claimFor(
  key: IdempotencyKey | null,
  operation: string,
  request: unknown,
  now: number,
): Promise<IdempotencyClaim | null> {
  if (key === null) return null
  const fingerprint = await sha256OfText(canonicalJson([identityOf(key.caller), operation, request]))
  return { ...earlyClaimFor(key, idempotencyLockMs, now), fingerprint }
}

/** The claim of a request that may run for `lockMs` and is not known yet. */
export function earlyClaimFor(key: IdempotencyKey, lockMs: number, now: number): EarlyClaim {
  return { key: key.text, fingerprint: null, lockedUntil: now + lockMs, expiresAt: now + idempotencyTtlMs }
}

/** The caller across its requests: a renewed token is the same caller, another key is another one. */
function identityOf(caller: Principal): readonly string[] {
  switch (caller.kind) {
    case 'root':
      return [caller.kind]
    case 'api_key':
      return [caller.kind, caller.organizationId, caller.keyId]
    case 'jwt':
      return [caller.kind, caller.organizationId, caller.issuer, caller.subject]
    case 'grant':
      return [caller.kind, caller.organizationId, caller.grant.id]
  }
}

/**
 * What a second request gets whose key is taken by `record`: the stored reply, or `stale` when the first request died
 * without an answer. Throws `idempotency_key_reused` when the requests are known to differ, and
 * `idempotency_in_progress` while the first one runs.
 */
export function replyOf<Reply>(
  record: IdempotencyRecord<Reply>,
  claim: IdempotencyClaim,
  now: number,
): { reply: Reply } | 'stale' {
  if (record.fingerprint !== null && record.fingerprint !== claim.fingerprint)
    fail({ code: 'idempotency_key_reused' })
  if (record.reply !== null) return { reply: record.reply() }
  return record.lockedUntil <= now ? 'stale' : failInProgress(record, now)
}

/**
 * The request that holds the key has not ended. The client is to ask again after a second at the least, and after a minute
 * at the most: a streamed upload mostly ends long before its place does.
 */
export function failInProgress({ lockedUntil }: IdempotencyRecord<unknown>, now: number): never {
  const waitMs = Math.min(lockedUntil - now, idempotencyLockMs)
  const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000))
  fail({ code: 'idempotency_in_progress', retryAfterSeconds })
}
