import type { Refusal } from '../core/errors'
import { sayTypeRefusal } from './say-type-mismatch'

type RefusedAlike =
  | 'size_mismatch'
  | 'type_mismatch'
  | 'encoding_not_promised'
  | 'quota_exceeded'
  | 'grant_exceeded'
  | 'parts_lost'

/** Why the bytes of an upload were refused, where the dialects say it alike. The other reasons each says itself. */
export function sayRefusedBytes(refusal: Extract<Refusal, { code: RefusedAlike }>): string {
  switch (refusal.code) {
    case 'size_mismatch':
      return `${refusal.actual} bytes came, ${refusal.expected} were promised`
    case 'type_mismatch':
      return sayTypeRefusal(refusal)
    case 'encoding_not_promised':
      return `Content-Encoding ${refusal.encoding} was not promised`
    case 'quota_exceeded':
      return "the organization's storage quota is exceeded"
    case 'grant_exceeded':
      return 'they are more bytes than were left of the grant'
    case 'parts_lost':
      return 'the store has lost parts of them'
  }
}
