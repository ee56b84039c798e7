import { failField } from '../core/errors'
import { parseContentType } from '../core/files/content-type'
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
