import { type FailureOf, fail } from '../errors'

type Reason = FailureOf<'unauthenticated'>['reason']

/** An attempt to authenticate, before the caller is known. */
export type Attempt = {
  /** The network address it comes from; empty where unknown. */
  address: string
  /** Counts a refused credential from that address. False when there were too many. */
  allowsRefusal(): Promise<boolean>
}

/** What this isolate remembers, for seconds, of credentials that were refused. Times in ms since 1970 UTC. */
export type RefusedCredentials = {
  /** API keys: by their id if no such key exists, otherwise by the SHA-256 of the whole token. */
  keys: Map<string, { reason: Reason; until: number }>
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

/** Throws `unauthenticated` if one of `names` (a key's id, its token's SHA-256) was refused within `rememberedMs`. */
export function requireUnrefused({ keys }: RefusedCredentials, names: readonly string[], now: number): void {
  for (const name of names) {
    const refused = keys.get(name)
    if (refused !== undefined && refused.until > now)
      fail({ code: 'unauthenticated', reason: refused.reason })
  }
}

/** Remembers that the key with this `name` is refused, and throws `unauthenticated`. */
export function refuseKey({ keys }: RefusedCredentials, name: string, reason: Reason, now: number): never {
  remember(keys, name, { reason, until: now + rememberedMs })
  return fail({ code: 'unauthenticated', reason })
}

function limited(waitMs: number): never {
  return fail({ code: 'rate_limited', retryAfterSeconds: Math.ceil(waitMs / 1000) })
}

function remember<Entry>(entries: Map<string, Entry>, name: string, entry: Entry): void {
  if (entries.size >= entriesMax) entries.clear()
  entries.set(name, entry)
}
