import * as multipasta from 'multipasta'
import { fail, failField, GatewayError } from '../core/errors'
import { createFormChunks } from './form-chunks'
import { type PartHeaders, readPartHeaders } from './form-part'

/** The most bytes of a form besides its file: fields, headers, delimiters. */
export const formEnvelopeMaxBytes = 256 * 1024
const fieldMaxBytes = 64 * 1024
const partsMax = 100

/** A file inside a form. A chunk is only valid until the next one is asked for. */
export type FormFile = { headers: PartHeaders; chunks: AsyncGenerator<Uint8Array, void> }

export type Form = {
  /**
   * Reads on to the next file; null when the form is complete. The file before must have been read to its
   * end. Fields on the way are handed to `onField`.
   */
  nextFile(): Promise<FormFile | null>
  /** Reads no more. */
  cancel(): Promise<void>
  /** The Content-Length. */
  announcedBytes: number | null
}

type FormOptions = {
  /** The name of file parts. */
  file: string
  /** The names of fields. Parts of any other name are read over. */
  fields: readonly string[]
  fileMaxBytes: number
  /** What it throws ends the reading. */
  onField: (name: string, value: string) => void
  /** Only for tests: how much is read at once. */
  chunkBytes?: number
}

type Event =
  | { kind: 'field'; name: string; value: Uint8Array }
  | { kind: 'file'; headers: PartHeaders }
  | { kind: 'bytes'; chunk: Uint8Array }
  | { kind: 'end' }

/**
 * A multipart form (RFC 7578), read as it arrives with a bounded part of it in memory. Throws
 * `unsupported_body` for another content type, `content_too_large` before reading when the Content-Length
 * leaves no doubt and otherwise as soon as the form is too large, `invalid_request` when it is broken or cut off.
 */
export function readForm(request: Request, options: FormOptions): Form {
  const boundary = boundaryOf(request.headers.get('content-type') ?? '')
  const bodyMaxBytes = options.fileMaxBytes + formEnvelopeMaxBytes
  const announcedBytes = contentLengthOf(request)
  const tooLarge = () => fail({ code: 'content_too_large', limitBytes: options.fileMaxBytes })
  if (announcedBytes !== null && announcedBytes > bodyMaxBytes) tooLarge()
  if (request.body === null) failField('', 'the form is empty')

  const chunks = createFormChunks(request.body, {
    boundary,
    expectedBytes: announcedBytes,
    ...(options.chunkBytes === undefined ? {} : { chunkBytes: options.chunkBytes }),
  })
  const { parser, events, state } = createParser(boundary, options)
  let bodyBytes = 0

  /** Reads a chunk. What it brings is in `events` then, valid until the next read. */
  const read = async () => {
    const chunk = await chunks.next().catch((cause) => cutOff(cause))
    if (chunk === null) cutOff()
    bodyBytes += chunk.length
    if (bodyBytes > bodyMaxBytes) tooLarge()
    try {
      parser.write(chunk)
    } catch (cause) {
      if (cause instanceof GatewayError) throw cause
      // A filename* that is not percent-encoded as it should be, for one.
      malformed('it has malformed headers', cause)
    }
    // Fields and headers that have only half come are views of the chunk.
    if (!state.isInsideBody) chunks.keepLast()
  }
  const nextEvent = async (): Promise<Event | null> => {
    for (;;) {
      const event = events.shift()
      if (event !== undefined) return event
      if (state.isComplete) return null
      await read()
    }
  }
  async function* bytesOfFile(): AsyncGenerator<Uint8Array, void> {
    for (;;) {
      const event = await nextEvent()
      if (event?.kind !== 'bytes') return
      yield event.chunk
    }
  }

  return {
    announcedBytes,
    async nextFile() {
      for (;;) {
        const event = await nextEvent()
        if (event === null) return null
        if (event.kind === 'file') return { headers: event.headers, chunks: bytesOfFile() }
        if (event.kind === 'field') options.onField(event.name, textOf(event))
      }
    },
    cancel: () => chunks.cancel(),
  }
}

/** The parser calls back while it is written to; its callbacks only note what happened. */
function createParser(boundary: string, options: Pick<FormOptions, 'file' | 'fields'>) {
  const events: Event[] = []
  const state = { isComplete: false, isInsideBody: false }
  const parser = multipasta.make({
    headers: { 'content-type': `multipart/form-data; boundary="${boundary}"` },
    maxParts: partsMax,
    maxFieldSize: fieldMaxBytes,
    isFile: ({ headers }) => !options.fields.includes(readPartHeaders(headers).name),
    onField({ headers }, value) {
      if (!state.isComplete) events.push({ kind: 'field', name: readPartHeaders(headers).name, value })
    },
    onFile(info) {
      const headers = readPartHeaders(info.headers)
      const isWanted = headers.name === options.file
      state.isInsideBody = true
      if (isWanted) events.push({ kind: 'file', headers })
      return (chunk) => {
        if (chunk === null) state.isInsideBody = false
        if (isWanted) events.push(chunk === null ? { kind: 'end' } : { kind: 'bytes', chunk })
      }
    },
    onError(error) {
      // What comes after the end is nobody's.
      if (!state.isComplete) malformed(sayError(error))
    },
    onDone() {
      state.isComplete = true
    },
  })
  return { parser, events, state }
}

function sayError(error: multipasta.MultipartError): string {
  switch (error._tag) {
    case 'ReachedLimit':
      return error.limit === 'MaxParts'
        ? `it has more than ${partsMax} parts`
        : `it has a field of more than ${fieldMaxBytes} bytes`
    case 'BadHeaders':
      return `it has malformed headers (${error.error.reason})`
    case 'InvalidDisposition':
      return 'it has a part without a name'
    default:
      return 'its boundary is broken'
  }
}

/** The boundary of a form's content type, of the characters and length that any client uses. */
function boundaryOf(contentType: string): string {
  if (!/^multipart\/form-data\s*(;|$)/i.test(contentType.trim()))
    fail({ code: 'unsupported_body', expected: 'multipart/form-data' })
  const [, quoted, bare] = /;\s*boundary=(?:"([^"]*)"|([^;\s"]*))/i.exec(contentType) ?? []
  const boundary = quoted ?? bare ?? ''
  // RFC 2046, section 5.1.1, says which and 70; some clients take others.
  if (!/^[\x20-\x7e]{1,200}$/.test(boundary) || /["\\]/.test(boundary) || boundary.endsWith(' '))
    failField('Content-Type', 'must name the boundary of the form')
  return boundary
}

function textOf({ name, value }: { name: string; value: Uint8Array }): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value)
  } catch {
    return failField(name, 'must be text in UTF-8')
  }
}

function contentLengthOf(request: Request): number | null {
  const header = request.headers.get('content-length')
  return header !== null && /^\d{1,15}$/.test(header) ? Number(header) : null
}

function cutOff(cause?: unknown): never {
  malformed('it ends early', cause)
}

function malformed(why: string, cause?: unknown): never {
  const issues = [{ field: '', message: `the form cannot be read: ${why}` }]
  fail({ code: 'invalid_request', issues }, cause)
}
