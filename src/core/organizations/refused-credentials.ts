import { fail } from '../errors'
import type { Sha256 } from '../ids'
import type { RefusalReason } from './unverified'

/** An attempt to authenticate, before the caller is known. */
export type Attempt = {
  /** The network address it comes from; empty where unknown. */
  address: string
  /** Counts a refused credential from that address. False when there were too many. */
  allowsRefusal(): Promise<boolean>
}

/** What this isolate remembers, for seconds, of credentials that were refused. Times in ms since 1970 UTC. */
export type RefusedCredentials = {
  /** API keys that the database refused, by the SHA-256 of the whole token. */
  keys: Map<Sha256, { reason: RefusalReason; until: number }>
  /** Addresses that sent too many. */
  addresses: Map<string, { until: number }>
}

/** How long a refused API key is refused again without asking the database. */
const rememberedMs = 10_000
/** How long nothing is looked up for an address over its limit. After that, its next refused credential asks the limit again. */
const blockedMs = 10_000
const entriesMax = 1000

export function noRefusedCredentials(): RefusedCredentials {
  return { keys: new Map(), addresses: new Map() }
}

/** Throws `rate_limited` while the address is over its limit, which costs no database call. */
export function requireAllowed({ addresses }: RefusedCredentials, { address }: Attempt, now: number): void {
  const blocked = addresses.get(address)
  if (blocked !== undefined && blocked.until > now) limited(blocked.until - now)
}

/** Counts a refusal against its address. Throws `rate_limited` when it is one too many. */
export async function countRefusal(
  { addresses }: RefusedCredentials,
  { address, allowsRefusal }: Attempt,
  now: number,
): Promise<void> {
  if (await allowsRefusal()) return
  remember(addresses, address, { until: now + blockedMs })
  limited(blockedMs)
}

/** Throws `unauthenticated` if the key was refused within `rememberedMs`. */
export function requireUnrefused({ keys }: RefusedCredentials, tokenSha256: Sha256, now: number): void {
  const refused = keys.get(tokenSha256)
  if (refused !== undefined && refused.until > now) fail({ code: 'unauthenticated', reason: refused.reason })
}

/** Remembers that the database refused the key. */
export function rememberRefused(
  { keys }: RefusedCredentials,
  tokenSha256: Sha256,
  reason: RefusalReason,
  now: number,
): void {
  remember(keys, tokenSha256, { reason, until: now + rememberedMs })
}

function limited(waitMs: number): never {
  return fail({ code: 'rate_limited', retryAfterSeconds: Math.ceil(waitMs / 1000) })
}

function remember<Name, Entry>(entries: Map<Name, Entry>, name: Name, entry: Entry): void {
  if (entries.size >= entriesMax) entries.clear()
  entries.set(name, entry)
}
