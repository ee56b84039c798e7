import { GatewayError, type Issue } from '../../src/core/errors'

/** The issues that `step` was refused with, null when it was not. Any other error is one that must not happen. */
export function issuesOf(step: () => unknown): readonly Issue[] | null {
  try {
    step()
    return null
  } catch (error) {
    if (!(error instanceof GatewayError) || error.failure.code !== 'invalid_request') throw error
    return error.failure.issues
  }
}
