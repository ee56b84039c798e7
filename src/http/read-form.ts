import { fail, failField } from '../core/errors'
import { contentLengthOf, type ReadOptions, readBody } from './body-reader'
import { malformed, parseForm } from './form-parser'
import { type PartHeaders, readPartHeaders } from './form-part'

/** The most bytes of a form besides its file: fields, headers, delimiters. */
export const formEnvelopeMaxBytes = 256 * 1024
const fieldMaxBytes = 64 * 1024
const partsMax = 100

/** A file inside a form. A chunk is only valid until the next one is asked for. */
export type FormFile = { headers: PartHeaders; chunks: AsyncGenerator<Uint8Array, void> }

export type Form = {
  /**
   * Reads up to the next file; null when the form is complete. The previous file must have been read to its end.
   * `onField` gets the fields in between.
   */
  nextFile(): Promise<FormFile | null>
  /** Stops reading, at the end or before it. */
  release(): void
  /** The Content-Length. */
  announcedBytes: number | null
}

type FormOptions = {
  /** Which parts are files. */
  isFile: (part: PartHeaders) => boolean
  /** The names of fields. Parts with any other name are ignored. */
  fields: readonly string[]
  fileMaxBytes: number
  /** An error that it throws ends the reading. */
  onField: (name: string, value: string) => void
  /** Only for tests: how much is read at once. */
  readBytes?: ReadOptions['readBytes']
}

/**
 * A multipart form (RFC 7578), read as it arrives with a bounded part of it in memory. Throws `unsupported_body` for
 * another content type, `content_too_large` (before reading if the Content-Length is too large, otherwise as soon as the
 * form is), `invalid_request` when it is malformed or cut off, `body_timed_out` when the client falls silent.
 */
export function readForm(request: Request, options: FormOptions): Form {
  const { isFile, fields, fileMaxBytes, onField, readBytes } = options
  const boundary = boundaryOf(request.headers.get('content-type') ?? '')
  const limits = { maxBytes: fileMaxBytes + formEnvelopeMaxBytes, limitBytes: fileMaxBytes }
  const body = readBody(request, { ...limits, ...(readBytes && { readBytes }) })
  if (request.body === null) failField('', 'the form is empty')
  const events = parseForm(body, boundary)
  let partCount = 0

  /** The next piece of the part that is being read; null at its end. */
  const nextPiece = async (): Promise<Uint8Array | null> => {
    const { value: event } = await events.next()
    return event?.kind === 'bytes' ? event.chunk : null
  }
  async function* bytesOfFile(): AsyncGenerator<Uint8Array, void> {
    for (let piece = await nextPiece(); piece !== null; piece = await nextPiece()) yield piece
  }
  const bytesOfField = async (): Promise<Uint8Array> => {
    let value = new Uint8Array()
    for (let piece = await nextPiece(); piece !== null; piece = await nextPiece()) {
      if (value.length + piece.length > fieldMaxBytes)
        malformed(`it has a field of more than ${fieldMaxBytes} bytes`)
      value = joined(value, piece)
    }
    return value
  }

  return {
    announcedBytes: contentLengthOf(request),
    async nextFile() {
      for (;;) {
        const { value: event, done } = await events.next()
        if (done) return null
        if (event.kind !== 'part') continue
        if (++partCount > partsMax) malformed(`it has more than ${partsMax} parts`)
        const headers = readPartHeaders(event.headers)
        const { name } = headers
        if (name === '' && isNameless(event.headers)) malformed('it has a part without a name')
        if (isFile(headers)) return { headers, chunks: bytesOfFile() }
        if (fields.includes(name)) onField(name, textOf(name, await bytesOfField()))
      }
    },
    release: () => body.release(),
  }
}

/** Whether a part says that it is of a form, but has no name. A part that does not say so is ignored. */
function isNameless({ 'content-disposition': disposition = '' }: Record<string, string>): boolean {
  return /^form-data\b/i.test(disposition) && !/;\s*name\s*=/i.test(disposition)
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(one.length + other.length)
  both.set(one)
  both.set(other, one.length)
  return both
}

/** The boundary in a form's content type, if it has the characters and the length that clients use. */
function boundaryOf(contentType: string): string {
  if (!/^multipart\/form-data\s*(;|$)/i.test(contentType.trim()))
    fail({ code: 'unsupported_body', expected: 'multipart/form-data' })
  const [, quoted, bare] = /;\s*boundary=(?:"([^"]*)"|([^;\s"]*))/i.exec(contentType) ?? []
  const boundary = quoted ?? bare ?? ''
  // RFC 2046, section 5.1.1, allows fewer characters and a length of 70; some clients use others.
  if (!/^[\x20-\x7e]{1,200}$/.test(boundary) || /["\\]/.test(boundary) || boundary.endsWith(' '))
    failField('Content-Type', 'must name the boundary of the form')
  return boundary
}

function textOf(name: string, value: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value)
  } catch {
    return failField(name, 'must be text in UTF-8')
  }
}
