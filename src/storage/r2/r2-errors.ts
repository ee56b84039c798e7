import { GatewayError } from '../../core/errors'

/** What a failed call of the R2 binding means. R2's own words (they end in a code like `(10012)`) stay as `cause`. */
export function r2Failure(operation: string, cause: unknown): GatewayError {
  return new GatewayError({ code: 'store_failed', operation }, { cause })
}

/** Whether R2 says that there is no such multipart upload: it was completed, aborted, or never was. */
export function isNoSuchUpload(error: unknown): boolean {
  return error instanceof Error && error.message.includes('(10024)')
}
