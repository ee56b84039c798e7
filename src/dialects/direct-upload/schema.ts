import * as z from 'zod'
import type { Metadata } from '../../core/files/metadata'
import { once } from '../../core/once'
import { respelled } from '../../http/respell-fields'

/** Pydantic's type words with its own sentences: the sentence of an issue says which type it is. */
export const sentences = {
  missing: 'Field required',
  string_type: 'Input should be a valid string',
  int_type: 'Input should be a valid integer',
  int_parsing: 'Input should be a valid integer, unable to parse string as an integer',
  greater_than_equal: 'Input should be greater than or equal to 0',
  json_invalid: 'JSON decode error',
} as const

const unless = (sentence: string) => (issue: { input?: unknown }) =>
  issue.input === undefined ? sentences.missing : sentence

/** Any JSON object, as it is: no name in it is special. */
const jsonObject = () =>
  z
    .custom<Metadata>(
      (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
      'Input should be a valid dictionary',
    )
    .meta({ type: 'object' })

/** Also a string of digits, which pydantic and Rails both take. */
const byteSize = () =>
  z
    .unknown()
    .meta({ type: 'integer', minimum: 0 })
    .transform((value, context): number => {
      const sentence = sentenceAboutInteger(value)
      if (sentence === null) return Number(value)
      context.addIssue({ code: 'custom', message: sentence, input: value })
      return z.NEVER
    })

function sentenceAboutInteger(value: unknown): string | null {
  if (value === undefined) return sentences.missing
  if (typeof value === 'string') {
    if (!/^\s*[+-]?\d{1,30}\s*$/.test(value)) return sentences.int_parsing
  } else if (!Number.isInteger(value)) return sentences.int_type
  return Number(value) < 0 ? sentences.greater_than_equal : null
}

const noObject = { error: unless('Input should be a valid dictionary or object to extract fields from') }

/**
 * The body of `POST /api/v1/upload/direct`. Unknown fields are ignored, since the Rails client sends some, unless
 * one is nearly called as one of these that is missing.
 */
export const createDirectUploadRequest = once(() => {
  const text = z.string({ error: unless(sentences.string_type) })
  const fields = {
    filename: text,
    content_type: text,
    byte_size: byteSize(),
    checksum: text,
    metadata: jsonObject().nullish(),
  }
  const blob = z.preprocess(respelled(Object.keys(fields)), z.object(fields, noObject))
  return z.object({ blob }, noObject)
})
