import * as z from 'zod'

export const Healthy = z.strictObject({ status: z.literal('ok') })
export const Unhealthy = z.strictObject({ status: z.literal('unavailable'), failing: z.array(z.string()) })
