import { failField } from '../../../core/errors'
import { sayValue } from '../../../core/say-value'
import type { QueryParameters } from '../../../http/query-parameters'

/** The parameter that asks for more than the file itself. */
export const expandParameter = { 'expand[]': ['include'] } as const

/** Whether `expand[]=associations` is asked for. Also several by commas. */
export function expandsAssociations(query: QueryParameters<'expand[]'>): boolean {
  const asked = query
    .all('expand[]')
    .flatMap((value) => value.split(','))
    .filter((value) => value !== '')
  for (const value of asked)
    if (value.toLowerCase() !== 'associations')
      failField('expand[]', `can only be associations, not ${sayValue(value)}`)
  return asked.length > 0
}
