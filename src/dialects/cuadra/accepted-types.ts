import { extensionOf } from '../../core/contents/content'
import { failField } from '../../core/errors'
import { essenceOf, parseContentType } from '../../core/files/content-type'

/** The media types of the public API, by the filename extensions they usually have. */
const publicTypes: readonly (readonly [extension: string, type: string])[] = [
  ['pdf', 'application/pdf'],
  ['docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  ['xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
  ['txt', 'text/plain'],
  ['md', 'text/markdown'],
  ['markdown', 'text/markdown'],
  ['csv', 'text/csv'],
  ['json', 'application/json'],
]

/** What a client says when it does not know. */
const unknownType = 'application/octet-stream'

export type AcceptedTypes = { types: ReadonlySet<string>; byExtension: ReadonlyMap<string, string> }

export function acceptedTypes(extraContentTypes: readonly string[]): AcceptedTypes {
  const extra = extraContentTypes.flatMap((type) => {
    const extension = extensionOf(type)
    return extension === null ? [] : [[extension, type] as const]
  })
  return {
    types: new Set([...publicTypes.map(([, type]) => type), ...extraContentTypes]),
    byExtension: new Map([...extra, ...publicTypes]),
  }
}

/**
 * The content type of a file: what the client says, or what the extension says where the client does not know.
 * Throws `invalid_request` when it is not accepted.
 */
export function acceptedContentType(
  accepted: AcceptedTypes,
  declared: string | null,
  filename: string,
): string {
  const contentType = parseContentType(declared ?? unknownType)
  if (contentType === null) failField('file', 'must have a media type such as application/pdf')
  const essence = essenceOf(contentType)
  if (accepted.types.has(essence)) return contentType
  if (essence !== unknownType) return refuse(accepted, essence)
  const extension = /\.([^.]+)$/.exec(filename)?.[1]?.toLowerCase() ?? ''
  return accepted.byExtension.get(extension) ?? refuse(accepted, `${essence} without a known extension`)
}

function refuse({ types }: AcceptedTypes, what: string): never {
  return failField('file', `${what} is not accepted; it must be one of ${[...types].join(', ')}`)
}
