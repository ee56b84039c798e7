import type { FailureCode, FailureOf } from '../core/errors'

type AppendFailure = FailureOf<
  Extract<
    FailureCode,
    'offset_mismatch' | 'length_mismatch' | 'beyond_length' | 'append_in_progress' | 'not_appendable'
  >
>

/** Why bytes were not appended, which all dialects say alike. Each chooses its own status. */
export function sayAppendFailure(failure: AppendFailure): string {
  switch (failure.code) {
    case 'offset_mismatch':
      return `The upload has ${failure.expectedBytes} bytes, so that none can be appended at ${failure.providedBytes}`
    case 'length_mismatch':
      return `The length of the upload is ${failure.expectedBytes}, not ${failure.providedBytes}`
    case 'beyond_length':
      return `The upload is to have ${failure.byteSize} bytes, and the request brings more`
    case 'append_in_progress':
      return 'Another request is appending to this upload; ask for its offset, and go on from there'
    case 'not_appendable':
      return 'The bytes of this file come another way than by being appended'
  }
}
