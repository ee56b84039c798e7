import type { Context } from 'hono'
import { failField } from '../core/errors'
import { parseJson } from '../core/json'
import { readBody } from './body-reader'

/** The most bytes of a JSON body that carries no file, unless its operation says otherwise: 64 KiB. */
export const jsonBodyMaxBytes = 64 * 1024

/**
 * The JSON body; `{}` where an optional one is absent or null. Throws `content_too_large` over `maxBytes`,
 * `body_timed_out` when the client falls silent, `invalid_request` when the body is cut off or no JSON.
 */
export async function readJson(
  c: Context,
  { maxBytes, isOptional }: { maxBytes: number; isOptional: boolean },
): Promise<unknown> {
  const text = await readText(c.req.raw, maxBytes)
  try {
    if (!isOptional) return parseJson(text)
    return text.trim() === '' ? {} : (parseJson(text) ?? {})
  } catch {
    return failField('', 'the body is not valid JSON')
  }
}

/** The body as UTF-8, without its byte order mark; empty when there is none. Throws as `readJson` does. */
export async function readText(request: Request, maxBytes: number): Promise<string> {
  const body = readBody(request, { maxBytes })
  const decoder = new TextDecoder()
  let text = ''
  try {
    for (let chunk = await body.next(); chunk !== null; chunk = await body.next())
      text += decoder.decode(chunk, { stream: true })
    return text + decoder.decode()
  } finally {
    body.release()
  }
}
