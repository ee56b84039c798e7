import { readApiKey } from './api-key'

export type Scope = 'files:read' | 'files:write' | 'org:admin'

/** Who is signed in, by what the credential says. */
export type Session =
  | { kind: 'root'; key: string }
  | {
      kind: 'member'
      key: string
      keyId: string
      organizationId: string
      scopes: readonly Scope[]
      /** Milliseconds since 1970 UTC; null: never. */
      expiresAt: number | null
    }

export type Member = Extract<Session, { kind: 'member' }>

/** Where the key is kept: until the tab is closed, and for this tab alone. */
const place = 'slipway-key'

type State = { session: Session | null /** Why there is none, where that is news. */; reason: string | null }

let state: State = { session: restored(), reason: null }
const listeners = new Set<() => void>()

export const sessionStore = {
  get: () => state,
  subscribe(listener: () => void): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
}

/** Keeps `session` for this tab. */
export function keepSession(session: Session): void {
  sessionStorage.setItem(place, JSON.stringify({ key: session.key, isRoot: session.kind === 'root' }))
  change({ session, reason: null })
}

/** Signs out. `reason` is shown where the person signs in again. */
export function endSession(reason: string | null = null): void {
  sessionStorage.removeItem(place)
  change({ session: null, reason })
}

/** Ends the session of `key`, if that is still the one. */
export function dropSession(key: string, reason: string): void {
  if (state.session?.key === key) endSession(`You were signed out. ${reason}.`)
}

/** The session of an API key that the gateway has accepted; null when it is not written as one. */
export function memberOf(key: string): Member | null {
  const claims = readApiKey(key)
  if (claims === null) return null
  const { id, ...rest } = claims
  return { kind: 'member', key, keyId: id, ...rest }
}

function restored(): Session | null {
  const text = sessionStorage.getItem(place)
  if (text === null) return null
  const { key, isRoot } = JSON.parse(text) as { key: string; isRoot: boolean }
  return isRoot ? { kind: 'root', key } : memberOf(key)
}

function change(next: State): void {
  state = next
  for (const listener of listeners) listener()
}
