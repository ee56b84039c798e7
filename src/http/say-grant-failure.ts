import type { FailureCode, FailureOf } from '../core/errors'

type GrantFailure = FailureOf<
  Extract<FailureCode, `grant_${string}` | 'one_request_too_large' | 'digest_mismatch'>
>

const digestNames = { md5: 'MD5', sha1: 'SHA-1', sha256: 'SHA-256' } as const

/** What a grant does not allow, which all dialects say alike. Each chooses its own status. */
export function sayGrantFailure(failure: GrantFailure): string {
  switch (failure.code) {
    case 'grant_forbids':
      return 'A grant allows uploads and nothing else'
    case 'grant_refuses_origin':
      return 'This grant may not be used from this web page'
    case 'grant_refuses_type':
      return `This grant does not take ${failure.contentType}; it takes ${failure.accepted.join(', ')}`
    case 'grant_too_large':
      return failure.limitBytes === null
        ? 'The file is larger than what is left of this grant'
        : `This grant takes at most ${failure.limitBytes} bytes`
    case 'grant_used_up':
      return 'This grant takes no more files'
    case 'grant_not_found':
      return 'There is no such grant, or it was never used: a grant is known from its first use on'
    case 'one_request_too_large':
      return `One request takes at most ${failure.limitBytes} bytes: send larger files by /v1/uploads under the same grant`
    case 'digest_mismatch':
      return `the ${digestNames[failure.algorithm]} of the body is ${failure.actual}, not ${failure.expected}`
  }
}
