import type { Context } from 'hono'
import { failField } from '../../../core/errors'

/** Whether `expand[]=associations` is asked for. Also `expand=associations`, and several by commas. */
export function expandsAssociations(c: Context): boolean {
  const asked = [...(c.req.queries('expand[]') ?? []), ...(c.req.queries('expand') ?? [])]
    .flatMap((value) => value.split(','))
    .filter((value) => value !== '')
  for (const value of asked) if (value !== 'associations') failField('expand[]', 'can only be associations')
  return asked.length > 0
}
