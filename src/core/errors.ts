/**
 * Everything that can go wrong, as facts: no status codes, no sentences. Each dialect says how it
 * renders every one of them; a code added here does not compile until all of them have.
 */
export type Failure =
  | { code: 'unauthenticated'; reason: 'missing' | 'invalid' | 'expired' | 'revoked' }
  | { code: 'missing_scope'; scope: string }
  | { code: 'wrong_organization' }
  | { code: 'rate_limited'; retryAfterSeconds: number }
  | { code: 'invalid_request'; issues: readonly Issue[] }
  | { code: 'unsupported_body'; expected: string }
  | { code: 'unsupported_content_type'; contentType: string; supported: readonly string[] }
  | { code: 'content_too_large'; limitBytes: number }
  | { code: 'body_timed_out' }
  | { code: 'upload_too_large'; limitBytes: number; byteSize: number }
  | { code: 'size_mismatch'; expected: number; actual: number }
  /** The organization has bytes with the SHA-256 that was promised, and they are not as many. */
  | { code: 'known_size_mismatch'; promised: number; known: number }
  /** A checksum was promised of more bytes than are read to compute it. */
  | { code: 'checksum_unverifiable'; algorithm: 'md5' | 'sha256'; limitBytes: number }
  | { code: 'type_mismatch'; declared: string; actual: string }
  | { code: 'quota_exceeded' }
  | { code: 'too_many_uploads' }
  | { code: 'too_many_unsized_uploads' }
  | { code: 'too_many_files' }
  /** A grant allows uploads and nothing else. */
  | { code: 'grant_forbids' }
  /** The web page that asks is not among those that may use the grant. */
  | { code: 'grant_refuses_origin' }
  | { code: 'grant_refuses_type'; contentType: string; accepted: readonly string[] }
  /** `limitBytes`: what the grant allows all files together; null: less than that is left. */
  | { code: 'grant_too_large'; limitBytes: number | null }
  /** It has as many files, or as many tries, as it may have. */
  | { code: 'grant_used_up' }
  | { code: 'grant_not_found'; grantId: string }
  /** More than one request can carry under a grant. */
  | { code: 'one_request_too_large'; limitBytes: number }
  /** The bytes of the body are not those that its digest promised. */
  | { code: 'digest_mismatch'; algorithm: 'md5' | 'sha1' | 'sha256'; expected: string; actual: string }
  /** Bytes are to be appended at another offset than where the upload stands. */
  | { code: 'offset_mismatch'; expectedBytes: number; providedBytes: number }
  /** Another length was said of an upload before, or it has more bytes already. */
  | { code: 'length_mismatch'; expectedBytes: number; providedBytes: number }
  /** More bytes were sent than the upload is to have. */
  | { code: 'beyond_length'; byteSize: number }
  /** Another request appends to the upload, or has taken it over from this one. */
  | { code: 'append_in_progress'; retryAfterSeconds: number }
  /** The bytes of this file come another way. */
  | { code: 'not_appendable'; fileId: string }
  | { code: 'too_many_associations'; max: number }
  | { code: 'quota_below_usage'; usedBytes: number; reservedBytes: number }
  | { code: 'scope_not_grantable'; scope: string }
  | { code: 'expiry_not_grantable'; latest: number }
  | { code: 'expiry_in_past' }
  /** The root key belongs to no organization, and the request names none. */
  | { code: 'organization_unnamed' }
  | { code: 'too_many_api_keys'; max: number }
  | { code: 'organization_not_found'; organizationId: string }
  | { code: 'api_key_not_found'; keyId: string }
  | { code: 'file_not_found'; fileId: string }
  | { code: 'file_uploading'; fileId: string }
  | { code: 'precondition_failed'; etag: string }
  | { code: 'file_refused'; fileId: string; refusal: Refusal }
  | { code: 'upload_refused'; fileId: string; refusal: Refusal }
  | { code: 'not_arrived'; fileId: string }
  | { code: 'upload_over'; fileId: string; status: string }
  /** The upload that an idempotency key began cannot be gone on with. */
  | { code: 'replay_over'; fileId: string; became: 'deleted' | 'refused' | 'failed' }
  | { code: 'not_multipart'; fileId: string }
  | { code: 'part_size_out_of_bounds'; minBytes: number; maxBytes: number }
  /** There would be more than `partsMax` parts; `minBytes` is the least size with which there are not. */
  | { code: 'part_size_too_small'; partsMax: number; minBytes: number }
  /** A size of parts was asked for, but no parts. */
  | { code: 'part_size_without_parts' }
  /** A part was named that is not among the `partCount` ones of the upload. */
  | { code: 'part_not_planned'; partCount: number }
  | {
      code: 'parts_missing'
      missing: readonly number[]
      wrongSize: readonly number[]
      unknown: readonly number[]
    }
  | { code: 'parts_required' }
  | { code: 'parts_refused' }
  | { code: 'parts_not_listable' }
  | { code: 'idempotency_key_reused' }
  | { code: 'idempotency_in_progress'; retryAfterSeconds: number }
  | { code: 'upload_superseded' }
  | { code: 'store_failed'; operation: string }
  | { code: 'database_failed'; operation: string }
  | { code: 'identity_provider_failed' }
  | { code: 'internal' }

export type FailureCode = Failure['code']
export type FailureOf<C extends FailureCode> = Extract<Failure, { code: C }>

/** One field of a request and what is wrong with it. `field` is a dotted path; empty for the request itself. */
export type Issue = { field: string; message: string }

/** Why a file that was promised has no bytes. Stored with the file. */
export type Refusal =
  | { code: 'size_mismatch'; expected: number; actual: number }
  /** The first bytes are of another type than was declared. */
  | { code: 'type_mismatch'; declared: string; actual: string }
  /** The Content-Type that the store keeps is another than was declared; null: it keeps none. */
  | { code: 'type_mismatch'; declared: string; stored: string | null }
  | { code: 'checksum_mismatch'; algorithm: 'md5' | 'sha256'; expected: string; actual: string }
  | { code: 'encoding_not_promised'; encoding: string }
  /** The store has not the parts any more that it has answered to. */
  | { code: 'parts_lost' }
  | { code: 'copied_not_uploaded' }
  | { code: 'quota_exceeded' }
  /** They were more than was left of the grant. */
  | { code: 'grant_exceeded' }
  | { code: 'never_arrived' }
  | { code: 'aborted' }

/** The one error the core throws. Its message is for logs; what a caller sees is made from `failure`. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'

  constructor(
    readonly failure: Failure,
    options?: ErrorOptions,
  ) {
    super(failure.code, options)
  }
}

/** Throws `failure`; `cause` is kept for the log only. */
export function fail(failure: Failure, cause?: unknown): never {
  throw new GatewayError(failure, cause === undefined ? undefined : { cause })
}

/** An issue as a sentence that names its field. */
export function sayIssue(issue: Issue | undefined): string {
  if (issue === undefined) return 'The request is invalid'
  return issue.field === '' ? issue.message : `${issue.field} ${issue.message}`
}

/** Throws `invalid_request` about one field, which the caller knows the name of. */
export function failField(field: string, message: string): never {
  fail({ code: 'invalid_request', issues: [{ field, message }] })
}
