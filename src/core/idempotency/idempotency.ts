import { fail } from '../errors'
import type { FileRecord } from '../files/file-record'
import type { OrganizationId, Sha256 } from '../ids'
import { sha256OfText } from '../ids'
import type { Principal } from '../organizations/principal'
import { canonicalJson } from './canonical-json'

/** How long a stored reply can be asked for again. */
export const idempotencyTtlMs = 24 * 60 * 60 * 1000
/** How long a request may run before another one with the same key may take its place. */
export const idempotencyLockMs = 60 * 1000

/** An `Idempotency-Key` and who sent it: what a key gets again, only the caller who got it first does. */
export type IdempotencyKey = {
  /** 1–255 characters, as the caller chose it. */
  text: string
  caller: Principal
}

/** A caller's wish that this request has one effect, however often it is sent. */
export type IdempotencyClaim = {
  /** 1–255 characters, as the caller chose it. */
  key: string
  /** Of everything that makes the request what it is, and of who makes it. */
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
  /** Reads the reply, which is only of the kind asked for where the fingerprint agrees. null while it runs. */
  reply: (() => Reply) | null
  lockedUntil: number
}

/** What a file upload answered, as it was. */
export type FileReply = { file: FileRecord }

/**
 * The claim of a request. `operation` names it across dialect paths; `request` is all of its input that counts,
 * with the SHA-256 in place of bytes; however it was written as JSON, the same request has the same fingerprint
 * (RFC 8785), and another caller never has it. Null when the caller sent no key.
 */
export async function claimFor(
  key: IdempotencyKey | null,
  operation: string,
  request: unknown,
  now: number,
): Promise<IdempotencyClaim | null> {
  if (key === null) return null
  return {
    key: key.text,
    fingerprint: await sha256OfText(canonicalJson([identityOf(key.caller), operation, request])),
    lockedUntil: now + idempotencyLockMs,
    expiresAt: now + idempotencyTtlMs,
  }
}

/** Who calls, across their requests: a renewed token is the same caller, another key is another one. */
function identityOf(caller: Principal): readonly string[] {
  switch (caller.kind) {
    case 'root':
      return [caller.kind]
    case 'api_key':
      return [caller.kind, caller.organizationId, caller.keyId]
    case 'jwt':
      return [caller.kind, caller.organizationId, caller.issuer, caller.subject]
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
  if (record.reply !== null) return { reply: record.reply() }
  if (record.lockedUntil <= now) return 'stale'
  fail({ code: 'idempotency_in_progress', retryAfterSeconds: Math.ceil((record.lockedUntil - now) / 1000) })
}
