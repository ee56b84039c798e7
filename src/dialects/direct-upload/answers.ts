import * as z from 'zod'
import { ByteCount, Metadata, Time } from '../../http/answers'

/** Active Storage's blob. `direct_upload` is null where there is nothing to PUT, or the credential may not. */
export const Blob = z.strictObject({
  id: z.int(),
  key: z.string(),
  filename: z.string(),
  content_type: z.string(),
  metadata: Metadata,
  service_name: z.string(),
  byte_size: ByteCount,
  checksum: z.string(),
  created_at: Time,
  signed_id: z.string(),
  direct_upload: z.strictObject({ url: z.url(), headers: z.record(z.string(), z.string()) }).nullable(),
})
export type Blob = z.infer<typeof Blob>

/** FastAPI's two shapes: of what is wrong with the input, and of everything else. */
export const Failure = z.union([
  z.strictObject({
    detail: z.array(z.strictObject({ loc: z.array(z.string()), msg: z.string(), type: z.string() })),
  }),
  z.strictObject({ detail: z.string(), error: z.string(), error_code: z.string() }),
])
