import type { PresignRequest, S3Client } from './s3-client'
import { readS3Refusal, type S3Refusal } from './s3-errors'

/** How long such a URL could be used; it is used at once. */
const ttlSeconds = 60

/**
 * What the store answers to a presigned URL for `key` when headers that it signs are not sent: null when it
 * does what is asked, or its refusal. A redirect is a refusal too: its target was not asked for.
 */
export async function askPresigned(
  client: S3Client,
  key: string,
  request: Omit<PresignRequest, 'ttlSeconds'>,
  signal: AbortSignal,
): Promise<S3Refusal | null> {
  const url = await client.presign(key, { ...request, ttlSeconds })
  const response = await fetch(url, { method: request.method, signal, redirect: 'manual' })
  if (!response.ok) return readS3Refusal(response)
  await response.body?.cancel()
  return null
}
