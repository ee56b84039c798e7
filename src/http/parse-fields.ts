import { fail } from '../core/errors'

/** The part of a schema library this needs: Standard Schema would do, zod's own result is simpler. */
type Schema<T> = {
  safeParse(
    value: unknown,
  ):
    | { success: true; data: T }
    | { success: false; error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] } }
}

/** `value` as `schema` describes it. Throws `invalid_request` naming each field that is wrong. */
export function parseFields<T>(schema: Schema<T>, value: unknown): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  fail({
    code: 'invalid_request',
    issues: parsed.error.issues.map(({ path, message }) => ({ field: path.map(String).join('.'), message })),
  })
}
