import type { Context, MiddlewareHandler } from 'hono'
import { failField } from '../core/errors'
import { parseJson } from '../core/json'
import { readBody } from './body-reader'

/** The most bytes of a JSON body that carries no file. */
const jsonBodyMaxBytes = 64 * 1024

/**
 * Reads the body, for the handler behind it to take as text or JSON. Refuses one over `maxBytes` with
 * `content_too_large`, one whose client falls silent with `body_timed_out`, one that is cut off with
 * `invalid_request`.
 */
export function bodyUpTo(maxBytes: number): MiddlewareHandler {
  return async (c, next) => {
    const { raw } = c.req
    if (raw.body !== null) c.req.raw = new Request(raw, { body: await readBytes(raw, maxBytes) })
    await next()
  }
}

/** The same for bodies up to 64 KiB. For endpoints that take no file. */
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

async function readBytes(request: Request, maxBytes: number): Promise<Blob> {
  const body = readBody(request, { maxBytes })
  const chunks: Uint8Array<ArrayBuffer>[] = []
  try {
    for (let chunk = await body.next(); chunk !== null; chunk = await body.next()) chunks.push(chunk.slice())
    return new Blob(chunks)
  } finally {
    body.release()
  }
}

function jsonOf(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return failField('', 'the body is not valid JSON')
  }
}
