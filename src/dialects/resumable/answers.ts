import * as z from 'zod'
import { ByteCount, Problem } from '../../http/answers'

/** RFC 9457, with the types that the draft registers, and what they say besides. */
export const UploadProblem = z.strictObject({
  ...Problem.shape,
  type: z.string(),
  'expected-offset': ByteCount.optional(),
  'provided-offset': ByteCount.optional(),
})
