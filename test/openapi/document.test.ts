import { describe, expect, it } from 'vitest'
import type * as z from 'zod'
import { putOrganizationRequest } from '../../src/dialects/organizations/schema'
import { signPartsRequest } from '../../src/dialects/uploads/schema'
import { openApiDocument } from '../../src/openapi/document'
import { documentedDialects } from '../../src/openapi/documented'
import { failureAnswerOf, failureCodesOf } from '../../src/openapi/failures'
import { fullPath } from '../../src/openapi/operations'
import { requestSchema } from '../../src/openapi/schemas'

const operations = documentedDialects.flatMap((documented) =>
  documented.dialect.operations.map((operation) => ({
    name: `${documented.name}.${operation.name}`,
    documented,
    operation,
  })),
)

describe('the reference', () => {
  it('has every operation once, with an id of its own', async () => {
    const { paths } = (await openApiDocument()) as {
      paths: Record<string, Record<string, { operationId: string }>>
    }
    const ids = Object.values(paths).flatMap((methods) =>
      Object.values(methods).map((one) => one.operationId),
    )
    expect(ids.toSorted()).toEqual(operations.map(({ name }) => name).toSorted())
    expect(new Set(ids).size).toBe(ids.length)
    for (const { documented, operation } of operations)
      expect(paths[fullPath(documented.dialect, operation)]).toHaveProperty(operation.method)
  })

  it('refers to nothing that it does not have', async () => {
    const document = await openApiDocument()
    const text = JSON.stringify(document)
    const references = new Set([...text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = '']) => path))
    expect(references.size).toBeGreaterThan(50)
    for (const path of references) {
      let value: unknown = document
      for (const step of path.split('/')) value = (value as Record<string, unknown>)[step]
      expect(value, path).toBeTypeOf('object')
    }
  })

  it.each(operations)('$name: its examples are what it takes and answers', ({ documented, operation }) => {
    const { documentation } = documented
    for (const name of Object.values(operation.answers)) {
      const { schema, example } = documentation.answers[name] ?? {}
      if (schema) expect(schema.safeParse(example).error?.issues, name).toBeUndefined()
    }
    const request = documentation.requests[operation.name]
    const body = (request?.schema ?? operation.body?.()) as z.ZodType | undefined
    if (body) expect(body.safeParse(request?.example).error?.issues, 'the request').toBeUndefined()
  })

  it.each(operations)('$name: its failures have the documented shape', async ({ documented, operation }) => {
    for (const code of failureCodesOf(operation)) {
      const { status, body } = await failureAnswerOf(documented, code)
      expect(status, code).toBeGreaterThanOrEqual(400)
      expect(documented.documentation.failure.safeParse(body).error?.issues, code).toBeUndefined()
    }
  })

  it('documents nothing that no operation has', () => {
    for (const { dialect, documentation } of documentedDialects) {
      const used = (of: (operation: (typeof dialect.operations)[number]) => readonly string[]) =>
        [...new Set(dialect.operations.flatMap(of))].toSorted()
      const answers = used((operation) => Object.values(operation.answers))
      expect(Object.keys(documentation.answers).toSorted()).toEqual(answers)
      const requests = used(({ name, body }) => (body || documentation.requests[name] ? [name] : []))
      expect(Object.keys(documentation.requests).toSorted()).toEqual(requests)
      const parameters = used((operation) => [
        ...[...fullPath(dialect, operation).matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name),
        ...Object.keys(operation.query ?? {}),
      ])
      expect(Object.keys(documentation.parameters).toSorted()).toEqual(parameters)
      const headers = used((operation) => operation.headers ?? [])
      expect(Object.keys(documentation.headers ?? {}).toSorted()).toEqual(headers)
    }
  })
})

describe('the schema of a request', () => {
  it('is that of the fields, whatever puts them into order first', () => {
    expect(requestSchema(putOrganizationRequest())).toMatchObject({
      type: 'object',
      properties: { name: { type: 'string', minLength: 1, maxLength: 255 } },
      required: ['name'],
      additionalProperties: false,
    })
    expect(requestSchema(signPartsRequest())).toMatchObject({
      type: 'object',
      properties: { partNumbers: { type: 'array', items: { type: 'integer', minimum: 1, maximum: 10_000 } } },
    })
  })
})
