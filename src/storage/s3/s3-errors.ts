import { GatewayError } from '../../core/errors'

/** What an S3 endpoint answered when it refused, without anything it echoed of the request. */
export class S3Refusal extends Error {
  override readonly name = 'S3Refusal'

  constructor(
    readonly status: number,
    /** S3's `<Code>`, such as `SlowDown`; null when the answer had no body (HEAD). */
    readonly errorCode: string | null,
  ) {
    super(`${status} ${errorCode ?? 'without a code'}`)
  }
}

/** What a failed S3 call means. */
export function s3Failure(operation: string, cause: unknown): GatewayError {
  return new GatewayError({ code: 'store_failed', operation }, { cause })
}

/**
 * Reads the refusal and discards the rest of the body: SignatureDoesNotMatch answers quote the string to
 * sign and the canonical request, which must never reach a log.
 */
export async function readS3Refusal(response: Response): Promise<S3Refusal> {
  const text = await response.text().catch(() => '')
  return new S3Refusal(response.status, /<Code>([A-Za-z0-9]{1,64})<\/Code>/.exec(text)?.[1] ?? null)
}
