import type { UploadErrorCode } from './client'

const sentences: Record<UploadErrorCode, string> = {
  network: 'The connection was lost and did not come back. Check your network and try again.',
  unauthorized: 'Your permission to upload is not valid or has expired. Reload the page and try again.',
  forbidden: 'You may not upload this file here.',
  too_large: 'This file is too large.',
  type_refused: 'Files of this type are not accepted here.',
  quota: 'There is not enough space left for this file.',
  rate_limited: 'Too many uploads are under way. Wait a moment and try again.',
  expired: 'This upload is over: it took too long or was ended elsewhere. Start it again.',
  refused: 'The file was refused: it changed or was damaged on its way. Try again.',
  invalid: 'This upload was not accepted.',
  unreadable: 'The file could not be read. It may have been moved, changed or deleted.',
  server: 'The upload service has a problem. Try again later.',
}

/** Why an upload failed. `message` is a sentence for people. */
export class UploadError extends Error {
  override readonly name = 'UploadError'
  readonly code: UploadErrorCode
  /** The HTTP status of the answer; 0 when there was none. */
  readonly status: number
  /** What the gateway said, for developers; empty when it said nothing. */
  readonly detail: string

  constructor(code: UploadErrorCode, status = 0, detail = '') {
    super(sentences[code])
    this.code = code
    this.status = status
    this.detail = detail
  }
}

const codes: Record<number, UploadErrorCode> = {
  401: 'unauthorized',
  402: 'quota',
  403: 'forbidden',
  404: 'expired',
  408: 'network',
  409: 'expired',
  413: 'too_large',
  415: 'type_refused',
  422: 'refused',
  429: 'rate_limited',
}

/** The error that an answer of the gateway means. `text` is its body, problem details (RFC 9457) where the gateway wrote it. */
export function errorOfAnswer(status: number, text: string): UploadError {
  return new UploadError(codes[status] ?? (status < 500 ? 'invalid' : 'server'), status, detailOf(text))
}

function detailOf(text: string): string {
  try {
    return String(JSON.parse(text).detail ?? '')
  } catch {
    return ''
  }
}

const refusals: Record<string, UploadErrorCode> = {
  type_mismatch: 'type_refused',
  quota_exceeded: 'quota',
  grant_exceeded: 'too_large',
  never_arrived: 'expired',
  aborted: 'expired',
}

/** The code for `error` of an upload's status, which says why the gateway refused the bytes. */
export function codeOfRefusal(refusal: string | null | undefined): UploadErrorCode {
  return refusals[refusal ?? ''] ?? 'refused'
}
