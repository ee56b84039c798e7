import { sayValue } from '../core/say-value'

/** What a schema library passes to a message about a wrong value. */
type Found = { input?: unknown }

/** The message about a field that is missing, or is not `wanted`. */
export function mustBe(wanted: string): { error: (found: Found) => string } {
  return {
    error: ({ input }) =>
      input === undefined ? `is required and must be ${wanted}` : `must be ${wanted}, not ${sayValue(input)}`,
  }
}

/** The message about a body that is no JSON object. */
export const mustBeObject = {
  error: ({ input }: Found) => `the body must be a JSON object, not ${sayValue(input)}`,
}
