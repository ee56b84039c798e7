import type { Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { fail, failField } from '../core/errors'

/** The most bytes of a JSON body that carries no file. */
const jsonBodyMaxBytes = 64 * 1024

/** Refuses bodies over 64 KiB with `content_too_large`. For endpoints that take no file. */
export const smallBody = bodyLimit({
  maxSize: jsonBodyMaxBytes,
  onError: () => fail({ code: 'content_too_large', limitBytes: jsonBodyMaxBytes }),
})

/** The JSON body. Throws `invalid_request` when it is none. */
export async function readJson(c: Context): Promise<unknown> {
  try {
    return await c.req.json()
  } catch {
    return failField('', 'the body is not valid JSON')
  }
}
