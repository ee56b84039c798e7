import { GatewayError } from '../../core/errors'

/** What a failed call of the R2 binding means. R2's own words (they end in a code like `(10012)`) stay as `cause`. */
export function r2Failure(operation: string, cause: unknown): GatewayError {
  return new GatewayError({ code: 'store_failed', operation }, { cause })
}

/** Whether R2 says that there is no such multipart upload: it was completed, aborted, or never was. */
export function isNoSuchUpload(error: unknown): boolean {
  return hasCode(error, ['10024'])
}

/** EntityTooSmall, InvalidPart, and BadUpload: parts of unequal sizes (R2, "Error codes"). */
export function isInvalidParts(error: unknown): boolean {
  return hasCode(error, ['10011', '10025', '10048'])
}

function hasCode(error: unknown, codes: readonly string[]): boolean {
  return error instanceof Error && codes.some((code) => error.message.includes(`(${code})`))
}
