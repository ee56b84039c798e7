import type * as z from 'zod'
import * as sharedAnswers from '../http/answers'
import { type DocumentedDialect, documentedDialects } from './documented'
import { failureAnswerOf, failureCodesOf } from './failures'
import { describeOperation, exampleName, fullPath } from './operations'
import { answerSchemas, type JsonSchema } from './schemas'

const info = {
  title: 'Slipway',
  version: '0.1.0',
  summary: 'Upload gateway at the edge',
  description:
    'One Cloudflare Worker in front of your own R2 or S3 bucket. It speaks several public upload APIs over one core: a file that one of them makes is there in all of them.',
  license: { name: 'MIT', identifier: 'MIT' },
}

const securitySchemes = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description:
      'An API key, `slip_…`, the root key where an operation says so, or a JWT of your identity provider',
  },
  apiKeyHeader: { type: 'apiKey', in: 'header', name: 'X-API-KEY', description: 'An API key' },
}

const headers = {
  RequestId: { description: 'Names the request in the log', schema: { type: 'string', format: 'uuid' } },
  IdempotentReplayed: {
    description: '`true`: an earlier request with this Idempotency-Key was answered so',
    schema: { type: 'string', enum: ['true'] },
  },
}

const header = (name: string, description: string, example: string, schema: JsonSchema = {}) => ({
  name,
  in: 'header',
  description,
  schema: { type: 'string', ...schema },
  example,
})

const etag = '"9b2cf535f27731c974343645a3985328"'

const parameters = {
  IdempotencyKey: header(
    'Idempotency-Key',
    'Makes the request safe to repeat: 1 to 255 printable ASCII characters, another one for each',
    '8e03978e-40d5-43dd-bc93-6894a57f9324',
    { minLength: 1, maxLength: 255 },
  ),
  Range: header('Range', 'One range of bytes (RFC 9110, section 14.2)', 'bytes=0-1023'),
  IfRange: header('If-Range', 'The range only if the bytes are still these', etag),
  IfMatch: header('If-Match', '412 unless the bytes are these', etag),
  IfNoneMatch: header('If-None-Match', '304 if the bytes are these', etag),
}

/** The OpenAPI 3.1 document of every dialect, from the values that the Worker itself routes by. */
export async function openApiDocument(): Promise<JsonSchema> {
  const names = schemaNames(documentedDialects)
  const paths: Record<string, JsonSchema> = {}
  const examples: Record<string, JsonSchema> = {}
  for (const documented of documentedDialects) {
    for (const operation of documented.dialect.operations) {
      const path = fullPath(documented.dialect, operation)
      paths[path] ??= {}
      paths[path][operation.method] = await describeOperation(operation, documented, names)
      for (const code of failureCodesOf(operation))
        examples[exampleName(documented.name, code)] = {
          value: (await failureAnswerOf(documented, code)).body,
        }
    }
  }
  return {
    openapi: '3.1.1',
    info,
    servers: [{ url: '/', description: 'The gateway that serves this document' }],
    tags: documentedDialects.map(({ documentation: { title, description } }) => ({
      name: title,
      description,
    })),
    paths,
    components: { schemas: answerSchemas(names), examples, securitySchemes, parameters, headers },
  }
}

/** A schema that all dialects share is named as in `http/answers.ts`; the others have their dialect's name before it. */
function schemaNames(dialects: readonly DocumentedDialect[]): Map<z.ZodType, string> {
  const names = new Map<z.ZodType, string>()
  const name = (schema: z.ZodType | undefined, own: string) => {
    if (schema === undefined || names.has(schema)) return
    const shared = Object.entries(sharedAnswers).find(([, value]) => value === schema)
    names.set(schema, shared ? shared[0] : own)
  }
  for (const { name: dialect, documentation } of dialects) {
    const prefix = `${dialect.charAt(0).toUpperCase()}${dialect.slice(1)}`
    for (const [answer, { schema }] of Object.entries(documentation.answers)) name(schema, prefix + answer)
    name(documentation.failure, `${prefix}Failure`)
  }
  return names
}
