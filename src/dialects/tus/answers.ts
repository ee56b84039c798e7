import * as z from 'zod'
import { ByteCount } from '../../http/answers'

export const Limits = z.strictObject({
  uploadMaxBytes: ByteCount,
  requestMaxBytes: ByteCount,
  chunkBytes: ByteCount,
})
export type Limits = z.infer<typeof Limits>
