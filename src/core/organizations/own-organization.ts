import { fail, GatewayError } from '../errors'

/**
 * Awaits a step that writes into the caller's own organization. The organization of an API key exists. The one that a
 * token names may not: then a foreign key fails in that same round trip, and this throws `wrong_organization`, as the
 * token is valid but may do nothing here.
 */
export async function inOwnOrganization<T>(step: Promise<T>): Promise<T> {
  try {
    return await step
  } catch (error) {
    if (error instanceof GatewayError && error.failure.code === 'organization_not_found')
      fail({ code: 'wrong_organization' }, error)
    throw error
  }
}
