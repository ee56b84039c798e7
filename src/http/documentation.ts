import type * as z from 'zod'
import type { FailureCode, FailureOf } from '../core/errors'

/** What an answer of success says. */
export type Answer = {
  description: string
  /** Of the body. Left out: the body is bytes, or there is none. */
  schema?: z.ZodType
  /** Of the body; `application/json` unless told otherwise. */
  contentType?: string
  /** In some cases there is no body. */
  mayBeEmpty?: boolean
  example?: unknown
  /** The body is the bytes of a file. */
  isBytes?: boolean
  /** Headers beside those that every answer has: what each says. */
  headers?: Readonly<Record<string, string>>
}

/** What an operation takes as its body, beyond the schema that the operation itself has. */
export type RequestBody = {
  example: unknown
  description?: string
  /** Where the operation reads its body itself. */
  schema?: z.ZodType
  /** `application/json` unless told otherwise. */
  contentType?: string
}

/** A parameter of a path or a query, or a header of a request. */
export type Parameter = {
  description: string
  schema: z.ZodType
  example?: unknown
  /** Every request that knows it has it. Left out: as it likes; those of a path always have it. */
  isRequired?: boolean
}

/**
 * What the reference says of a dialect beyond its operations. Read when `openapi.json` is made and by the tests; the
 * Worker never loads it.
 */
export type Documentation = {
  /** The tag of its operations. */
  title: string
  description: string
  /** How a credential is sent; none: no operation needs one. */
  credentials: readonly ('bearer' | 'apiKeyHeader')[]
  /** By the names that the operations' `answers` use. */
  answers: Readonly<Record<string, Answer>>
  /** By the operation's name. */
  requests: Readonly<Record<string, RequestBody>>
  /** By name, for all operations. */
  parameters: Readonly<Record<string, Parameter>>
  /** The headers that the operations name, by name. Left out: they name none. */
  headers?: Readonly<Record<string, Parameter>>
  /** Every failure's body. */
  failure: z.ZodType
  failureContentType: string
  /** Failures as this dialect's clients meet them, where they differ from the ones that stand for all dialects. */
  failures?: { readonly [Code in FailureCode]?: FailureOf<Code> }
}
