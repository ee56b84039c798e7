import * as z from 'zod'

export type JsonSchema = Record<string, unknown>

/**
 * The JSON Schema (2020-12, as OpenAPI 3.1 wants it) of a body that a client sends. A schema that first puts its input
 * into order, or looks at the items of a list only afterwards, is documented as what follows: that is what a client is
 * to send.
 */
export function requestSchema(schema: z.ZodType): JsonSchema {
  return withoutDialect(
    z.toJSONSchema(schema, {
      io: 'input',
      unrepresentable: 'any',
      override({ zodSchema, jsonSchema }) {
        const meant = meantBy(zodSchema)
        if (meant !== null) Object.assign(jsonSchema, requestSchema(meant))
      },
    }),
  )
}

/** The schemas of answers, which may gain fields, by name; those that are part of others are referred to. */
export function answerSchemas(named: ReadonlyMap<z.ZodType, string>): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>()
  for (const [schema, id] of named) registry.add(schema, { id })
  const { schemas } = z.toJSONSchema(registry, {
    uri: (id) => `#/components/schemas/${id}`,
    unrepresentable: 'any',
    override({ jsonSchema }) {
      delete jsonSchema.additionalProperties
    },
  })
  const inOrder = Object.entries(schemas).toSorted(([one], [other]) => (one < other ? -1 : 1))
  return Object.fromEntries(
    inOrder.map(([name, schema]) => [name, withoutDialect(schema as JsonSchema)] as const),
  )
}

/** The second half of a pipe whose first half says nothing of its input; null for every other schema. */
function meantBy(schema: z.core.$ZodType): z.ZodType | null {
  if (!(schema instanceof z.ZodPipe)) return null
  const { in: first, out } = schema.def
  const saysNothing =
    first instanceof z.ZodTransform ||
    (first instanceof z.ZodArray && first.def.element instanceof z.ZodUnknown)
  return saysNothing ? (out as z.ZodType) : null
}

function withoutDialect({ $schema: _, $id: __, ...schema }: JsonSchema): JsonSchema {
  return schema
}
