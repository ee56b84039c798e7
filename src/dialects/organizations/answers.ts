import * as z from 'zod'
import { ByteCount, Time } from '../../http/answers'

export const Organization = z.strictObject({
  id: z.string(),
  name: z.string(),
  quotaBytes: ByteCount.nullable(),
  usedBytes: ByteCount,
  reservedBytes: ByteCount,
  pendingUploads: z.int().min(0),
  pendingUploadsMax: z.int().min(1),
  createdAt: Time,
})
export type Organization = z.infer<typeof Organization>
