import type * as z from 'zod'
import type { FailureCode } from '../core/errors'
import type { Answer, Parameter } from '../http/documentation'
import type { Dialect } from '../http/mount'
import { isForGrants, type Operation, scopeOf } from '../http/operation'
import type { DocumentedDialect } from './documented'
import { type FailureAnswer, failureAnswerOf, failureCodesOf } from './failures'
import { type JsonSchema, requestSchema } from './schemas'

type Names = ReadonlyMap<z.ZodType, string>

/** The path as OpenAPI writes it. */
export function fullPath({ path, prefixes = [''] }: Dialect, operation: Operation): string {
  return `${path}${prefixes[0]}${operation.path}`.replace(/:(\w+)(\{[^}]*\})?/g, '{$1}')
}

/** One operation as an Operation Object. Throws where the dialect's documentation lacks what it needs. */
export async function describeOperation(
  operation: Operation,
  documented: DocumentedDialect,
  names: Names,
): Promise<JsonSchema> {
  const { name, documentation, dialect } = documented
  const { summary } = operation
  const path = fullPath(dialect, operation)
  const pathParameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter = '']) =>
    describeParameter(documented, parameter, 'path'),
  )
  const queryParameters = Object.keys(operation.query ?? {}).map((parameter) =>
    describeParameter(documented, parameter, 'query'),
  )
  const ownHeaders = (operation.headers ?? []).map((header) =>
    describeParameter(documented, header, 'header'),
  )
  const parameters = [...pathParameters, ...queryParameters, ...ownHeaders, ...headerParameters(operation)]
  const requestBody = describeRequest(operation, documented)
  return {
    operationId: `${name}.${operation.name}`,
    tags: [documentation.title],
    summary,
    ...describeAccess(operation, documented),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(requestBody ? { requestBody } : {}),
    responses: {
      ...describeAnswers(operation, documented, names),
      ...(await describeFailures(operation, documented, names)),
    },
  }
}

/** Every POST can be made safe to repeat; every operation that can answer with a part looks at conditions too. */
function headerParameters({ method, answers }: Operation): JsonSchema[] {
  if (method === 'post') return [ref('parameters/IdempotencyKey')]
  if (!(206 in answers)) return []
  return ['Range', 'IfRange', 'IfMatch', 'IfNoneMatch'].map((name) => ref(`parameters/${name}`))
}

function describeAccess({ access }: Operation, { documentation }: DocumentedDialect): JsonSchema {
  if (access === 'public') return { security: [] }
  const security = documentation.credentials.map((scheme) => ({ [scheme]: [] }))
  const description =
    access === 'root'
      ? 'Only with the root key.'
      : access === 'any'
        ? 'With any credential; what it may do decides.'
        : `The credential needs the scope \`${scopeOf(access)}\`${isForGrants(access) ? ', or is a grant' : ''}.`
  return { description, security }
}

function describeParameter(
  { documentation }: DocumentedDialect,
  name: string,
  place: 'path' | 'query' | 'header',
): JsonSchema {
  const { parameters, headers = {} } = documentation
  const parameter: Parameter | undefined = (place === 'header' ? headers : parameters)[name]
  if (!parameter) throw new Error(`${documentation.title}: the parameter ${name} is not documented`)
  const { description, schema, example, isRequired = place === 'path' } = parameter
  return {
    name,
    in: place,
    description,
    ...(isRequired ? { required: true } : {}),
    schema: requestSchema(schema),
    ...(example === undefined ? {} : { example }),
  }
}

function describeRequest(operation: Operation, { documentation }: DocumentedDialect): JsonSchema | null {
  const request = documentation.requests[operation.name]
  const schema = request?.schema ?? (operation.body?.() as z.ZodType | undefined)
  if (!schema) return null
  if (!request) throw new Error(`${documentation.title}: the body of ${operation.name} has no example`)
  const { description, contentType = 'application/json', example } = request
  return {
    ...(description === undefined ? {} : { description }),
    required: !operation.isBodyOptional,
    content: { [contentType]: { schema: requestSchema(schema), example } },
  }
}

function describeAnswers(
  operation: Operation,
  { documentation }: DocumentedDialect,
  names: Names,
): JsonSchema {
  const entries = Object.entries(operation.answers).map(([status, name]) => {
    const answer: Answer | undefined = documentation.answers[name]
    if (!answer) throw new Error(`${documentation.title}: the answer ${name} is not documented`)
    const replay =
      operation.method === 'post' ? { 'Idempotent-Replayed': ref('headers/IdempotentReplayed') } : {}
    const headers = { ...describeHeaders(Object.entries(answer.headers ?? {})), ...replay }
    const content = operation.method === 'head' ? {} : describeContent(answer, names)
    return [status, { description: answer.description, headers, ...content }] as const
  })
  return Object.fromEntries(entries)
}

function describeContent(
  { schema, example, isBytes, contentType = 'application/json' }: Answer,
  names: Names,
): JsonSchema {
  if (isBytes) return { content: { '*/*': {} } }
  if (!schema) return {}
  return { content: { [contentType]: { schema: ref(`schemas/${names.get(schema)}`), example } } }
}

/** By status, with an example of each failure. A status that also means success is documented only as the success. */
async function describeFailures(
  operation: Operation,
  documented: DocumentedDialect,
  names: Names,
): Promise<JsonSchema> {
  const { name, documentation } = documented
  const schema = ref(`schemas/${names.get(documentation.failure)}`)
  const failures = await Promise.all(
    failureCodesOf(operation).map(
      async (code) => ({ code, ...(await failureAnswerOf(documented, code)) }) as const,
    ),
  )
  const entries = [...Map.groupBy(failures, ({ status }) => status)]
    .filter(([status]) => !(status in operation.answers))
    .map(([status, at]) => {
      const codes = at.map(({ code }) => code)
      const examples = Object.fromEntries(
        codes.map((code) => [code, ref(`examples/${exampleName(name, code)}`)] as const),
      )
      const said = { description: sayCodes(codes), headers: describeFailureHeaders(at) }
      const content = { [documentation.failureContentType]: { schema, examples } }
      return [status, operation.method === 'head' ? said : { ...said, content }] as const
    })
  return Object.fromEntries(entries)
}

/** What the example of a failure is called among the components. */
export function exampleName(dialect: string, code: FailureCode): string {
  return `${dialect}.${code}`
}

function sayCodes(codes: readonly FailureCode[]): string {
  return codes.map((code) => `\`${code}\``).join(', ')
}

function describeFailureHeaders(failures: readonly FailureAnswer[]): JsonSchema {
  const names = new Set(failures.flatMap(({ headers }) => headers))
  return describeHeaders([...names].map((name) => failureHeaders[name] ?? raise(`${name} is not documented`)))
}

/** Headers of failures: how they are written, and what they say. */
const failureHeaders: Record<string, readonly [name: string, description: string]> = {
  'cache-control': ['Cache-Control', '`no-store`'],
  connection: ['Connection', '`close`: the gateway reads no more of this connection'],
  etag: ['ETag', 'Of the bytes that there are'],
  'ratelimit-policy': ['RateLimit-Policy', 'How many requests are allowed in how many seconds'],
  'retry-after': ['Retry-After', 'After how many seconds the request can be sent again'],
  'upload-complete': ['Upload-Complete', '`?1`: all bytes were there, and nothing is to be resumed'],
  'upload-offset': ['Upload-Offset', 'How many bytes there are'],
  'www-authenticate': ['WWW-Authenticate', 'What credential is wanted (RFC 6750)'],
}

function describeHeaders(headers: Iterable<readonly [string, string]>): JsonSchema {
  const described = [...headers].map(
    ([name, description]) => [name, { description, schema: { type: 'string' } }] as const,
  )
  return { 'X-Request-Id': ref('headers/RequestId'), ...Object.fromEntries(described) }
}

function ref(component: string): JsonSchema {
  return { $ref: `#/components/${component}` }
}

function raise(message: string): never {
  throw new Error(message)
}
