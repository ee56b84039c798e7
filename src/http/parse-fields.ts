import { fail, type Issue } from '../core/errors'

/** What a schema says is wrong. `keys` are fields that it does not know. */
type SchemaIssue = { path: readonly PropertyKey[]; message: string; keys?: readonly string[] }

/** The part of a schema library this needs: Standard Schema would do, zod's own result is simpler. */
export type Schema<T> = {
  safeParse(
    value: unknown,
  ): { success: true; data: T } | { success: false; error: { issues: readonly SchemaIssue[] } }
}

/** `value` as `schema` describes it. Throws `invalid_request` naming each field that is wrong. */
export function parseFields<T>(schema: Schema<T>, value: unknown): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  fail({ code: 'invalid_request', issues: parsed.error.issues.flatMap(toIssues) })
}

function toIssues({ path, message, keys }: SchemaIssue): Issue[] {
  const fieldOf = (names: readonly PropertyKey[]) => names.map(String).join('.')
  if (keys === undefined) return [{ field: fieldOf(path), message }]
  return keys.map((key) => ({ field: fieldOf([...path, key]), message: 'is not a field of this request' }))
}
