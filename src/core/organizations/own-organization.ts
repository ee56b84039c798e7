import { fail, GatewayError } from '../errors'

/**
 * Awaits a step that writes into the caller's own organization. The organization of an API key is there; the
 * one a token names may not be, and the database says so by a foreign key in that same round trip. Throws
 * `wrong_organization` then: the token is valid and may do nothing here.
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
