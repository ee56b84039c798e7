import { extensionOf } from '../../core/contents/content'
import { failField } from '../../core/errors'
import { essenceOf, parseContentType } from '../../core/files/content-type'
import { canonicalTypeOf } from '../../core/files/type-names'

const docx = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'
const xlsx = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'

/** The media types of the public API, by the filename extensions they usually have. */
const publicTypes: readonly (readonly [extension: string, type: string])[] = [
  ['pdf', 'application/pdf'],
  ['docx', docx],
  ['xlsx', xlsx],
  ['txt', 'text/plain'],
  ['md', 'text/markdown'],
  ['markdown', 'text/markdown'],
  ['csv', 'text/csv'],
  ['json', 'application/json'],
]

/** What clients say when they do not know. A wildcard, and a word that is no media type, say no more. */
const unknownTypes: ReadonlySet<string> = new Set([
  'application/octet-stream',
  'application/octetstream',
  'application/x-octet-stream',
  'binary/octet-stream',
  'octet/stream',
  'application/binary',
  'application/x-binary',
  'application/data',
  'application/file',
  'application/unknown',
  'application/x-unknown',
  'content/unknown',
  'unknown/unknown',
  'application/download',
  'application/x-download',
  'application/force-download',
  'application/x-force-download',
  'application/save',
  'application/x-empty',
  'inode/x-empty',
  // The type of the form, or of a form without files, in place of the file's.
  'multipart/form-data',
  'application/x-www-form-urlencoded',
])

/** Names of other formats that systems give to files of an extension, by the program that opens these. */
const borrowedNames: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['text/csv', new Set(['application/vnd.ms-excel', 'application/msexcel', 'application/x-msexcel'])],
  [
    xlsx,
    new Set([
      ...['application/vnd.ms-excel', 'application/msexcel', 'application/x-msexcel', 'application/excel'],
      ...['application/zip', 'application/x-zip-compressed', 'application/vnd.ms-office'],
    ]),
  ],
  [
    docx,
    new Set([
      ...['application/msword', 'application/vnd.ms-word', 'application/x-msword', 'application/doc'],
      ...['application/zip', 'application/x-zip-compressed', 'application/vnd.ms-office'],
    ]),
  ],
  ['application/json', new Set(['application/javascript', 'application/x-javascript', 'text/javascript'])],
])

/** Types that a browser runs are no other names of text. */
const activeTexts: ReadonlySet<string> = new Set(['text/html', 'text/javascript', 'text/xml', 'text/css'])

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
 * The content type that a file is kept with: what the client says where that is accepted as it stands, and the
 * accepted type's own name where the client uses another one for it. The extension of the cleaned `filename` decides
 * where the client does not know the type, or has a name that several formats go under. The bytes are verified
 * against the result in any case. Throws `invalid_request` when none is accepted.
 */
export function acceptedContentType(
  accepted: AcceptedTypes,
  declared: string | null,
  filename: string,
): string {
  const byExtension = accepted.byExtension.get(extensionIn(filename)) ?? null
  if (declared === null || saysNothing(declared))
    return byExtension ?? refuse(accepted, 'a file without a known type or extension')
  const contentType = parseContentType(declared)
  if (contentType === null) failField('file', 'must have a media type such as application/pdf')
  const essence = essenceOf(contentType)
  if (accepted.types.has(essence)) return contentType
  if (byExtension !== null && isNameFor(byExtension, essence)) return byExtension
  const canonical = canonicalTypeOf(essence)
  return accepted.types.has(canonical) ? canonical : refuse(accepted, essence)
}

function saysNothing(declared: string): boolean {
  const essence = essenceOf(declared)
  return unknownTypes.has(essence) || essence.includes('*') || !essence.includes('/')
}

function isNameFor(type: string, essence: string): boolean {
  const isJson = type === 'application/json'
  if (isJson && essence.endsWith('+json')) return true
  const isText = isJson || type.startsWith('text/')
  const isOtherText = isText && essence.startsWith('text/') && !activeTexts.has(essence)
  return isOtherText || canonicalTypeOf(essence) === type || borrowedNames.get(type)?.has(essence) === true
}

/** In lower case and without the dot. Windows ignores dots and spaces at the end of a name. */
function extensionIn(filename: string): string {
  let end = filename.length
  while (end > 0 && '. '.includes(filename[end - 1] ?? '')) end--
  const dot = filename.lastIndexOf('.', end - 1)
  return dot === -1 ? '' : filename.slice(dot + 1, end).toLowerCase()
}

function refuse({ types }: AcceptedTypes, what: string): never {
  return failField('file', `${what} is not accepted; it must be one of ${[...types].join(', ')}`)
}
