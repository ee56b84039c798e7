import type { Status } from '../api/files'

export const statusNames: Readonly<Record<Status, string>> = {
  ready: 'Ready',
  uploading: 'Uploading',
  error: 'Refused',
  failed: 'Failed',
}

const reasons: Readonly<Record<string, string>> = {
  size_mismatch: 'More or fewer bytes came than were promised.',
  type_mismatch: 'The bytes are of another type than was declared.',
  checksum_mismatch: 'The bytes do not have the promised checksum.',
  encoding_not_promised: 'The bytes came with a Content-Encoding that was not promised.',
  copied_not_uploaded: 'The bytes were copied from another object instead of being sent.',
  quota_exceeded: 'The quota of the organization had no room for the bytes.',
  never_arrived: 'The bytes did not arrive in time.',
  aborted: 'The upload was aborted.',
}

/** Why a file has no bytes, for people; null where there is nothing to say. `code` is the API's. */
export function sayReason(code: string | null): string | null {
  return code === null ? null : (reasons[code] ?? code)
}
