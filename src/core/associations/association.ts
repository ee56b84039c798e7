import { failField } from '../errors'
import { sayValue } from '../say-value'

/** What files can be associated with. */
export const resourceTypes = ['chat', 'dataset'] as const
export type ResourceType = (typeof resourceTypes)[number]

/** A thing of the client's, outside the gateway. */
export type Resource = { type: ResourceType; id: string }

/** A file tied to a resource. `createdAt` in milliseconds since 1970 UTC. */
export type Association = { resource: Resource; createdAt: number }

/** The most associations of one file, as one answer lists them all. */
export const associationsMax = 1000

/** The longest resource id, in bytes of UTF-8. */
const resourceIdMaxBytes = 255

/** `text`, in any case, as a resource type. Throws `invalid_request` about `field`. */
export function parseResourceType(text: string, field: string): ResourceType {
  return (
    resourceTypes.find((type) => type === text.toLowerCase()) ??
    failField(field, `must be one of ${resourceTypes.join(', ')}, not ${sayValue(text)}`)
  )
}

/** `text` as the id of a resource, which the client chooses freely. Throws `invalid_request` about `field`. */
export function parseResourceId(text: string, field: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what no id has, and SQLite would cut off at NUL
  const isText = text.isWellFormed() && !/[\u0000-\u001f\u007f-\u009f]/.test(text)
  const byteLength = new TextEncoder().encode(text).length
  return isText && byteLength >= 1 && byteLength <= resourceIdMaxBytes
    ? text
    : failField(field, `must be 1 to ${resourceIdMaxBytes} bytes without control characters`)
}
