import type { Issue } from '../../core/errors'
import { sentences } from './schema'

const types = new Map<string, string>(Object.entries(sentences).map(([type, sentence]) => [sentence, type]))

/** One entry of FastAPI's `detail`. What pydantic has no word for is a `value_error`. */
export function presentIssue({ field, message }: Issue) {
  const type = types.get(message)
  return {
    loc: locationOf(field),
    msg: type ? message : `Value error, ${message}`,
    type: type ?? 'value_error',
  }
}

function locationOf(field: string): string[] {
  if (field === 'Idempotency-Key') return ['header', field]
  if (field === '') return ['body']
  const names = field.split('.')
  // All fields of a body are in its blob; the others are parameters of the query.
  return names[0] === 'blob' ? ['body', ...names] : ['query', field]
}
