import { fail } from '../errors'
import type { Grant, Owner } from '../grants/grant'
import type { OrganizationId } from '../ids'

export const scopes = ['files:read', 'files:write', 'org:admin'] as const
export type Scope = (typeof scopes)[number]

/** The scopes of an API key whose maker names none. */
export const defaultKeyScopes = ['files:read', 'files:write'] as const satisfies readonly Scope[]

/** Who is calling, and how they proved it. */
export type Principal =
  | { kind: 'root' }
  | {
      kind: 'api_key'
      organizationId: OrganizationId
      keyId: string
      scopes: readonly Scope[]
      /** Milliseconds since 1970 UTC; null: never. */
      expiresAt: number | null
    }
  | {
      kind: 'jwt'
      /** As the token names it. Unlike an API key's, it may not exist. */
      organizationId: OrganizationId
      /** The identity provider (`iss`), and who it says this is. */
      issuer: string
      subject: string
      scopes: readonly Scope[]
      /** Milliseconds since 1970 UTC. */
      expiresAt: number
      /** A program got the token for itself (client credentials grant). */
      isMachine: boolean
    }
  | {
      kind: 'grant'
      organizationId: OrganizationId
      grant: Grant
      /** Milliseconds since 1970 UTC. */
      expiresAt: number
    }

/** The holder of a grant. */
export type GrantHolder = Extract<Principal, { kind: 'grant' }>

/** A principal that acts inside one organization. */
export type Member = Exclude<Principal, { kind: 'root' | 'grant' }>

/** In whose name `caller` acts. */
export function ownerOf(caller: Member | GrantHolder): Owner {
  return { organizationId: caller.organizationId, grant: caller.kind === 'grant' ? caller.grant : null }
}

/**
 * `principal` as a member with `scope`. Throws `wrong_organization` for the root key, `grant_forbids` for a grant, or
 * `missing_scope`.
 */
export function requireScope(principal: Principal, scope: Scope): Member {
  if (principal.kind === 'root') fail({ code: 'wrong_organization' })
  if (principal.kind === 'grant') fail({ code: 'grant_forbids' })
  if (!principal.scopes.includes(scope)) fail({ code: 'missing_scope', scope })
  return principal
}

/** Whether `principal` is a member with `scope`. */
export function hasScope(principal: Principal, scope: Scope): boolean {
  return principal.kind !== 'root' && principal.kind !== 'grant' && principal.scopes.includes(scope)
}

/** Throws `grant_forbids` or `wrong_organization` unless `principal` is the root key. */
export function requireRoot(principal: Principal): void {
  if (principal.kind === 'grant') fail({ code: 'grant_forbids' })
  if (principal.kind !== 'root') fail({ code: 'wrong_organization' })
}
