import { fail, failField } from '../../../core/errors'
import { type OrganizationId, parseOrganizationId } from '../../../core/ids'
import { listApiKeys } from '../../../core/organizations/list-api-keys'
import { sayValue } from '../../../core/say-value'
import { operation } from '../../../http/operation'
import { presentApiKeys } from '../presenter'

const perPageDefault = 20
const perPageMax = 100
/** Far beyond every list; what is asked for stays a number that SQLite can count to. */
const pageMax = 999_999_999

/** Newest first, never with a secret. */
export const listApiKeysOperation = operation({
  name: 'listApiKeys',
  method: 'get',
  path: '/api-keys',
  summary: 'The API keys of an organization',
  access: 'any',
  query: {
    page: ['pageNumber'],
    per_page: ['pageSize', 'limit'],
    organization: ['organisation', 'organizationId', 'organisationId'],
  },
  answers: { 200: 'ApiKeys' },
  fails: ['missing_scope', 'organization_unnamed', 'organization_not_found'],
  async handle(c, caller, { query }) {
    const page = parseCount('page', query.one('page'), 1, pageMax)
    const perPage = parseCount('per_page', query.one('per_page'), perPageDefault, perPageMax)
    const organizationId = parseOrganization(query.one('organization'))
    const { keys, total } = await listApiKeys(c.get('gateway'), caller, { organizationId, page, perPage })
    return c.json(presentApiKeys(keys, page, perPage, total))
  },
})

function parseCount(name: string, text: string | undefined, fallback: number, max: number): number {
  if (!text) return fallback
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0
  return count >= 1 && count <= max
    ? count
    : failField(name, `must be a whole number from 1 to ${max}, not ${sayValue(text)}`)
}

function parseOrganization(text: string | undefined): OrganizationId | null {
  if (!text) return null
  return parseOrganizationId(text) ?? fail({ code: 'organization_not_found', organizationId: text })
}
