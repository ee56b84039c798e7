import { apiKeyMacByteLength, apiKeyPattern, claimsOf } from '../../../core/organizations/api-key-claims'

/** What an API key says of itself; null when `key` is not written as one. Only the gateway can tell whether it works. */
export function readApiKey(key: string): ({ id: string } & ReturnType<typeof claimsOf>) | null {
  const [, id = '', rest = ''] = apiKeyPattern.exec(key) ?? []
  if (id === '') return null
  const text = atob(rest.replaceAll('-', '+').replaceAll('_', '/'))
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0))
  return { id, ...claimsOf(bytes.subarray(0, -apiKeyMacByteLength)) }
}
