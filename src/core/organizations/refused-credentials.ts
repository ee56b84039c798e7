import { type FailureOf, fail } from '../errors'

type Reason = FailureOf<'unauthenticated'>['reason']

/** Who tries to authenticate, before it is known who that is. */
export type Attempt = {
  /** The network address it comes from; empty where that is not known. */
  address: string
  /** Counts a credential from there that was refused. False when there were too many. */
  allowsRefusal(): Promise<boolean>
}

/** What this isolate remembers, for seconds, of credentials that were refused. Times in ms since 1970 UTC. */
export type RefusedCredentials = {
  /** API keys, by the id of one that is not there or the SHA-256 of a whole token. */
  keys: Map<string, { reason: Reason; until: number }>
  /** Addresses from which too many came. */
  addresses: Map<string, { until: number }>
}

/** A refused API key is refused again for so long without asking the database. */
const rememberedMs = 10_000
/** An address that is over its limit is not looked up anything for so long. Then it may try once, or begin anew. */
const blockedMs = 10_000
const entriesMax = 1000

export function noRefusedCredentials(): RefusedCredentials {
  return { keys: new Map(), addresses: new Map() }
}

/** Throws `rate_limited` while the address is over its limit: it costs the database nothing then. */
export function requireAllowed({ addresses }: RefusedCredentials, { address }: Attempt, now: number): void {
  const blocked = addresses.get(address)
  if (blocked !== undefined && blocked.until > now) limited(blocked.until - now)
}

/** Counts a refusal. Throws `rate_limited` when it is one too many, for its address alone. */
export async function countRefusal(
  { addresses }: RefusedCredentials,
  { address, allowsRefusal }: Attempt,
  now: number,
): Promise<void> {
  if (await allowsRefusal()) return
  remember(addresses, address, { until: now + blockedMs })
  limited(blockedMs)
}

/** Throws `unauthenticated` where one of `names`, which a key goes by, was refused just now. */
export function requireUnrefused({ keys }: RefusedCredentials, names: readonly string[], now: number): void {
  for (const name of names) {
    const refused = keys.get(name)
    if (refused !== undefined && refused.until > now)
      fail({ code: 'unauthenticated', reason: refused.reason })
  }
}

/** Remembers and throws that what goes by `name` is refused. */
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
