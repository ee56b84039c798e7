import { failField } from '../../core/errors'
import { parseContentType } from '../../core/files/content-type'
import { sanitizeFilename } from '../../core/files/filename'
import { checkMetadata } from '../../core/files/metadata'
import type { NewFile } from '../../core/uploads/begin-upload'
import { declaredContentType } from '../../http/declared-content-type'

const header = 'Upload-Metadata'

/**
 * The longest header that is kept, in characters: base64 of the largest metadata and a filename fits. It is told again letter
 * for letter.
 */
const headerMaxLength = 16 * 1024

/**
 * What an `Upload-Metadata` header says of a file. What is neither its name nor its type becomes metadata; so does a second
 * name or type, if it differs. Throws `invalid_request`.
 */
export function readMetadata(
  text: string | undefined,
): Pick<NewFile, 'filename' | 'contentType' | 'metadata'> {
  const pairs = pairsOf(text ?? '')
  const name = pairs.get('filename') ?? pairs.get('name') ?? ''
  const type = pairs.get('filetype') ?? pairs.get('contentType') ?? pairs.get('type') ?? ''
  // Only the word `type` may well mean something else.
  const isType = pairs.has('filetype') || pairs.has('contentType') || parseContentType(type) !== null
  const said = new Map(namesOf.map((key) => [key, name]))
  if (isType) for (const key of typesOf) said.set(key, type)
  const rest = [...pairs].filter(([key, value]) => said.get(key) !== value)
  return {
    filename: sanitizeFilename(name),
    contentType: declaredContentType(isType ? type : '', header),
    metadata: checkMetadata(Object.fromEntries(rest), header),
  }
}

const namesOf = ['filename', 'name']
const typesOf = ['filetype', 'contentType', 'type']

/** The keys with their values, decoded. */
function pairsOf(text: string): Map<string, string> {
  if (text.length > headerMaxLength) failField(header, `must have at most ${headerMaxLength} characters`)
  const pairs = new Map<string, string>()
  if (text.trim() === '') return pairs
  for (const pair of text.split(',')) {
    const [key = '', value = '', ...more] = pair.trim().split(' ')
    if (!/^[\x21-\x7e]+$/.test(key) || more.length > 0)
      failField(header, 'must be pairs of a key and its value in base64, separated by commas')
    if (pairs.has(key)) failField(header, `has the key ${key} twice`)
    pairs.set(key, decoded(key, value))
  }
  return pairs
}

function decoded(key: string, value: string): string {
  try {
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(value)) throw new TypeError()
    const bytes = Uint8Array.fromBase64(value, { lastChunkHandling: 'strict' })
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return failField(header, `must have text in UTF-8, in padded base64, for the key ${key}`)
  }
}
