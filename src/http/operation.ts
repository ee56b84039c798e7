import type { Context } from 'hono'
import { type FailureCode, fail } from '../core/errors'
import type { IdempotencyKey } from '../core/idempotency/idempotency'
import {
  type GrantHolder,
  type Member,
  type Principal,
  requireRoot,
  requireScope,
  type Scope,
} from '../core/organizations/principal'
import type { HttpEnv } from './context'
import { idempotencyKeyOf } from './idempotency-key'
import { parseFields, type Schema } from './parse-fields'
import { type QueryParameters, queryParameters } from './query-parameters'
import { jsonBodyMaxBytes } from './read-json'

/**
 * Who may call an operation: a member of an organization whose credential has a scope, or the holder of a grant as well, who
 * must get nothing but what is the grant's own; the `root` key; `any` other credential (the use case decides what it may
 * do); or `public`: every client, without a credential.
 */
export type Access = Scope | `${Scope} or grant` | 'root' | 'any' | 'public'

/** The caller that an operation is given, as far as its `access` says who that is. */
export type CallerOf<A extends Access> = A extends Scope
  ? Member
  : A extends `${Scope} or grant`
    ? Member | GrantHolder
    : A extends 'public'
      ? undefined
      : Exclude<Principal, GrantHolder>

/** What the request says, parsed. */
export type Input<Body, Name extends string> = {
  /** As `body` describes it. */
  body: Body
  /** The parameters that `query` names. */
  query: QueryParameters<Name>
  /** null: none was sent, or it is no POST. */
  idempotencyKey: IdempotencyKey | null
}

/** What there is to know of an operation without its types. */
type Description = {
  /** Unique in its dialect. */
  name: string
  method: 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete'
  /** Below the dialect's own path, with `:names` for what varies. */
  path: '' | `/${string}`
  /** One line, for the reference. */
  summary: string
  access: Access
  /** The most bytes of the JSON that `body` describes; 64 KiB unless told otherwise. */
  bodyMaxBytes?: number
  /** A request without a body is one with `{}`. */
  isBodyOptional?: boolean
  /** What is said to a client that asks with an unknown parameter. */
  queryHint?: string
  /** The headers of the request that it reads beside those that every operation has, for the reference. */
  headers?: readonly string[]
  /** Statuses of success, each with the name that the dialect's `documentation.ts` gives the answer. */
  answers: Readonly<Record<number, string>>
  /** It says `Idempotent-Replayed: true` where it answers as an earlier request with the same key did. */
  marksReplays?: boolean
  /** How the use case can fail, beyond what access, body, query and idempotency bring with them. */
  fails?: readonly FailureCode[]
}

type Definition<A extends Access, Body, Name extends string> = Description & {
  access: A
  /** The JSON body, described when it is first read. Left out: there is none, or `handle` reads it as it comes. */
  body?: () => Schema<Body>
  /** The parameters of the query, each with the other names that clients have for it. Left out: the query is not read. */
  query?: Readonly<Record<Name, readonly string[]>>
  handle(c: Context<HttpEnv>, caller: CallerOf<A>, input: Input<Body, Name>): Promise<Response>
}

/** Reads a JSON body of at most `maxBytes`. An optional one that is absent is `{}`. */
export type BodyParser = (c: Context, options: { maxBytes: number; isOptional: boolean }) => Promise<unknown>

/** An endpoint: everything that routing, the reference and the tests need of it. */
export type Operation = Description & {
  body?: () => Schema<unknown>
  query?: Readonly<Record<string, readonly string[]>>
  /** Answers a request that was authenticated. Throws what `fails` lists, and what access, query and body bring. */
  run(c: Context<HttpEnv>, parseBody: BodyParser): Promise<Response>
}

/**
 * An endpoint as a value. The caller's right is checked first, then the idempotency key, the query and the body; `handle`
 * gets them parsed, and calls one use case.
 *
 * @example
 * export const getUploadOperation = operation({
 *   name: 'getUpload',
 *   method: 'get',
 *   path: '/:id',
 *   summary: 'How an upload stands',
 *   access: 'files:read',
 *   answers: { 200: 'Upload' },
 *   fails: ['file_not_found', 'store_failed'],
 *   async handle(c, { organizationId }) {
 *     return c.json(presentStatus(await uploadStatus(c.get('gateway'), organizationId, fileIdOf(c, 'id'))))
 *   },
 * })
 */
export function operation<const A extends Access, Body = undefined, Name extends string = never>(
  definition: Definition<A, Body, Name>,
): Operation {
  const { access, method, body, query, queryHint, handle } = definition
  const { bodyMaxBytes: maxBytes = jsonBodyMaxBytes, isBodyOptional: isOptional = false } = definition
  return {
    ...definition,
    async run(c, parseBody) {
      const caller = callerOf(c.get('principal'), access)
      const idempotencyKey = method === 'post' && caller ? idempotencyKeyOf(c, caller) : null
      const input = {
        idempotencyKey,
        query: query === undefined ? noParameters : queryParameters(c, query, queryHint),
        body: (body && parseFields(body(), await parseBody(c, { maxBytes, isOptional }))) as Body,
      }
      return handle(c, caller as CallerOf<A>, input)
    },
  }
}

const noParameters: QueryParameters<never> = { one: () => undefined, all: () => [] }

/** Throws `unauthenticated` where no credential was checked, `missing_scope`, `wrong_organization`, `grant_forbids`. */
function callerOf(principal: Principal | undefined, access: Access): Principal | undefined {
  if (access === 'public') return undefined
  if (principal === undefined) fail({ code: 'unauthenticated', reason: 'missing' })
  if (principal.kind === 'grant') {
    if (!isForGrants(access)) fail({ code: 'grant_forbids' })
    return principal
  }
  if (access === 'any') return principal
  if (access !== 'root') return requireScope(principal, scopeOf(access))
  requireRoot(principal)
  return principal
}

const orGrant = ' or grant'

/** The scope that a member needs. */
export function scopeOf(access: Exclude<Access, 'root' | 'any' | 'public'>): Scope {
  return (isForGrants(access) ? access.slice(0, -orGrant.length) : access) as Scope
}

/** Whether the holder of a grant may call the operation. */
export function isForGrants(access: Access): boolean {
  return access.endsWith(orGrant)
}
