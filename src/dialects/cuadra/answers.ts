import * as z from 'zod'
import { File, Time } from '../../http/answers'

/** A page. */
export const Files = z.strictObject({
  items: z.array(File),
  hasMore: z.boolean(),
  nextCursor: z.string().nullable(),
})

export const Link = z.strictObject({ url: z.url(), expiresAt: Time })
