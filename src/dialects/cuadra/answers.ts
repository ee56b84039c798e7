import * as z from 'zod'
import { File } from '../../http/answers'

/** A page. */
export const Files = z.strictObject({
  items: z.array(File),
  hasMore: z.boolean(),
  nextCursor: z.string().nullable(),
})
