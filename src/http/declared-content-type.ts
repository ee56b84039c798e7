import { typeOfName } from '../core/contents/content'
import { failField } from '../core/errors'
import { essenceOf, parseContentType } from '../core/files/content-type'
import { sayValue } from '../core/say-value'

/** The type of unknown bytes (RFC 2046, section 4.5.1). */
const unknownContentType = 'application/octet-stream'

/**
 * The content type that a client declares in `field`. Browsers send an empty type for a file that they do not know, so
 * empty means unknown bytes. Throws `invalid_request` when it is no media type.
 */
export function declaredContentType(text: string, field: string): string {
  if (text.trim() === '') return unknownContentType
  return (
    parseContentType(text) ??
    failField(field, `must be a media type such as image/png, not ${sayValue(text)}`)
  )
}

/** What programs say that do not know the type of what they send. */
const unknownTypes: ReadonlySet<string> = new Set([
  '',
  unknownContentType,
  'application/x-www-form-urlencoded',
  'application/partial-upload',
])

/**
 * The content type of a file as the client declares it in `field`, or else as the extension of `filename` (null: it has no
 * name) says. Throws `invalid_request` when it is no media type.
 */
export function contentTypeOfFile(declared: string, filename: string | null, field: string): string {
  const byName = filename !== null && unknownTypes.has(essenceOf(declared)) ? typeOfName(filename) : null
  if (byName !== null) return byName
  return essenceOf(declared) === 'application/partial-upload'
    ? unknownContentType
    : declaredContentType(declared, field)
}
