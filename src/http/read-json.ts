import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { fail, failField } from '../core/errors'
import { parseJson } from '../core/json'

/** The most bytes of a JSON body that carries no file. */
const jsonBodyMaxBytes = 64 * 1024

/** Refuses bodies over `maxBytes` with `content_too_large`. */
export function bodyUpTo(maxBytes: number): MiddlewareHandler {
  return bodyLimit({
    maxSize: maxBytes,
    onError: () => fail({ code: 'content_too_large', limitBytes: maxBytes }),
  })
}

/** Refuses bodies over 64 KiB with `content_too_large`. For endpoints that take no file. */
export const smallBody = bodyUpTo(jsonBodyMaxBytes)

/** The JSON body. Throws `invalid_request` when it is none. */
export async function readJson(c: Context): Promise<unknown> {
  return jsonOf(await c.req.text())
}

/** The JSON body, or null when there is no body at all. Throws `invalid_request` when it is no JSON. */
export async function readOptionalJson(c: Context): Promise<unknown> {
  const text = await c.req.text()
  return text.trim() === '' ? null : jsonOf(text)
}

function jsonOf(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return failField('', 'the body is not valid JSON')
  }
}
