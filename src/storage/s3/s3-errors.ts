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

/** What the endpoint answered when `error` is `store_failed` because it refused; null for every other error. */
export function refusalOf(error: unknown): S3Refusal | null {
  return error instanceof GatewayError && error.cause instanceof S3Refusal ? error.cause : null
}

/**
 * Reads the refusal and discards the rest of the body: SignatureDoesNotMatch answers quote the string to
 * sign and the canonical request, which must never reach a log.
 */
export async function readS3Refusal(response: Response): Promise<S3Refusal> {
  return s3RefusalOf(response.status, await response.text().catch(() => ''))
}

/** The refusal that the error document `xml` is. Also for those that come with a 200. */
export function s3RefusalOf(status: number, xml: string): S3Refusal {
  return new S3Refusal(status, /<Code>([A-Za-z0-9]{1,64})<\/Code>/.exec(xml)?.[1] ?? null)
}
