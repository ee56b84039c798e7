import { expect } from 'vitest'
import type { Operation } from '../../src/http/operation'
import { routedPath } from '../../src/http/routed-path'
import { type DocumentedDialect, documentedDialects } from '../../src/openapi/documented'
import { failureAnswerOf, failureCodesOf } from '../../src/openapi/failures'

type Route = { operation: Operation; documented: DocumentedDialect; path: RegExp }

const routes: readonly Route[] = documentedDialects.flatMap((documented) => {
  const { path, prefixes = [''], operations } = documented.dialect
  return operations.flatMap((operation) =>
    prefixes.map((prefix) => ({ operation, documented, path: patternOf(path + prefix + operation.path) })),
  )
})

function patternOf(path: string): RegExp {
  const pattern = path.replace(/:\w+\{([^}]*)\}/g, '$1').replace(/:\w+/g, '[^/]+')
  return new RegExp(`^${pattern}$`)
}

/**
 * Fails the test unless `answer` is what the reference says of its operation: the status is documented, and the body
 * has the documented shape, without a field more. What no operation answers, and HEAD, is passed over.
 */
export async function expectDocumented(request: Request, answer: Response): Promise<void> {
  // A Worker that is not configured knows no operation.
  if (!answer.headers.has('x-request-id')) return
  // A page for people is no answer of the API.
  if (answer.headers.get('content-type')?.startsWith('text/html')) return
  const path = routedPath(request)
  const method = methodOf(request).toLowerCase()
  const route = routes.find((one) => one.operation.method === method && one.path.test(path))
  if (route) await expectRoute(route, `${methodOf(request)} ${path}`, answer.clone())
}

async function expectRoute({ operation, documented }: Route, name: string, answer: Response): Promise<void> {
  const { documentation } = documented
  const { status } = answer
  const named = operation.answers[status]
  if (named !== undefined) {
    const documentedAnswer = documentation.answers[named] ?? raise(`${name}: ${named} is not documented`)
    const { schema, isBytes, contentType = 'application/json', mayBeEmpty } = documentedAnswer
    const isEmpty = mayBeEmpty && (await answer.clone().text()) === ''
    if (schema && !isEmpty) await expectShape(name, schema, answer, contentType)
    else if (!isBytes) expect(await answer.text(), `${name}: the body of ${status}`).toBe('')
    return
  }
  const failures = await Promise.all(failureCodesOf(operation).map((code) => statusOf(documented, code)))
  expect(failures, `${name}: the documented statuses of failures`).toContain(status)
  if (operation.method === 'head') return
  await expectShape(name, documentation.failure, answer, documentation.failureContentType)
}

async function expectShape(
  name: string,
  schema: NonNullable<DocumentedDialect['documentation']['failure']>,
  answer: Response,
  contentType: string,
): Promise<void> {
  expect(answer.headers.get('content-type'), name).toContain(contentType)
  const parsed = schema.safeParse(contentType.startsWith('text/') ? await answer.text() : await answer.json())
  expect(parsed.error?.issues, `${name}: the body of ${answer.status}`).toBeUndefined()
}

const statuses = new Map<string, Promise<number>>()

function statusOf(
  documented: DocumentedDialect,
  code: Parameters<typeof failureAnswerOf>[1],
): Promise<number> {
  const key = `${documented.name}.${code}`
  const known = statuses.get(key) ?? failureAnswerOf(documented, code).then(({ status }) => status)
  statuses.set(key, known)
  return known
}

function raise(message: string): never {
  throw new Error(message)
}

/** The method that counts. */
function methodOf({ method, headers }: Request): string {
  return headers.get('x-http-method-override')?.toUpperCase() || method
}
