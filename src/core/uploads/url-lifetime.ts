import type { Gateway } from '../gateway'

/** SigV4 presigned URLs live at most a week (S3 API Reference, "Authenticating Requests: Query Parameters"). */
export const presignTtlMaxSeconds = 604_800

/** The slowest client that is waited for: 1 Mbit/s. */
const bytesPerSecondMin = 128 * 1024

/** How long a URL for `byteSize` bytes can be used: long enough for a slow client, as far as configured. */
export function uploadUrlTtlSeconds({ limits }: Gateway, byteSize: number): number {
  const { uploadUrlTtlSeconds, uploadUrlMaxTtlSeconds } = limits
  const wanted = Math.max(uploadUrlTtlSeconds, Math.ceil(byteSize / bytesPerSecondMin))
  return Math.min(wanted, Math.max(uploadUrlTtlSeconds, uploadUrlMaxTtlSeconds))
}
