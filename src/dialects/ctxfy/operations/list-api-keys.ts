import type { Context } from 'hono'
import { fail, failField } from '../../../core/errors'
import { type OrganizationId, parseOrganizationId } from '../../../core/ids'
import { listApiKeys } from '../../../core/organizations/list-api-keys'
import type { HttpEnv } from '../../../http/context'
import { presentApiKeys } from '../presenter'

const perPageDefault = 20
const perPageMax = 100
/** Far beyond every list; what is asked for stays a number that SQLite can count to. */
const pageMax = 999_999_999

/** `GET /v1/api-keys?page&per_page`: newest first, never with a secret. The root key adds `organization`. */
export async function listApiKeysOperation(c: Context<HttpEnv>): Promise<Response> {
  const page = parseCount(c, 'page', 1, pageMax)
  const perPage = parseCount(c, 'per_page', perPageDefault, perPageMax)
  const organizationId = parseOrganization(c.req.query('organization'))
  const { keys, total } = await listApiKeys(c.var.gateway, c.var.principal, { organizationId, page, perPage })
  return c.json(presentApiKeys(keys, page, perPage, total))
}

/** Clients that serialise what is not set send an empty value. */
function parseCount(c: Context, name: string, fallback: number, max: number): number {
  const text = c.req.query(name)
  if (!text) return fallback
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0
  return count >= 1 && count <= max ? count : failField(name, `must be a whole number from 1 to ${max}`)
}

function parseOrganization(text: string | undefined): OrganizationId | null {
  if (!text) return null
  return parseOrganizationId(text) ?? fail({ code: 'organization_not_found', organizationId: text })
}
