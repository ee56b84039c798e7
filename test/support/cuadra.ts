import { bodyOf, type CallInit, type TestWorker } from './worker'

export const cuadraPath = '/v1/files'

/** One part of a form: a field, or a file with whatever its client says of it. */
export type Part = {
  name: string
  content: string | Uint8Array
  /** Left out: a field. */
  filename?: string
  /** Left out: no header. */
  type?: string
  /** Further header lines. */
  headers?: string[]
}

export const boundary = '----slipwayTestBoundary7MA4YWxkTrZu0gW'

/** A form as it goes over the wire; `FormData` could not write broken or unusual ones. */
export function formBytes(parts: readonly Part[], delimiter = boundary): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder()
  const pieces: Uint8Array[] = []
  for (const { name, content, filename, type, headers = [] } of parts) {
    const lines = [
      `--${delimiter}`,
      `Content-Disposition: form-data; name="${name}"${filename === undefined ? '' : `; filename="${filename}"`}`,
      ...(type === undefined ? [] : [`Content-Type: ${type}`]),
      ...headers,
      '',
      '',
    ]
    pieces.push(encoder.encode(lines.join('\r\n')))
    pieces.push(typeof content === 'string' ? encoder.encode(content) : content)
    pieces.push(encoder.encode('\r\n'))
  }
  pieces.push(encoder.encode(`--${delimiter}--\r\n`))
  const bytes = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}

/** The file part of a small text file. */
export function textFile(content: string | Uint8Array, filename = 'a.txt', type = 'text/plain'): Part {
  return { name: 'file', content, filename, type }
}

export function field(name: string, content: string): Part {
  return { name, content }
}

/** A caller of the Cuadra dialect. */
export function cuadra(worker: TestWorker, token: string) {
  const call = (method: string, suffix: string, init: CallInit = {}) =>
    worker.call(method, cuadraPath + suffix, { token, ...init })
  const send = (body: BodyInit, headers: Record<string, string> = {}) =>
    call('POST', '', {
      body,
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}`, ...headers },
    })
  return {
    call,
    send,
    upload: (parts: readonly Part[], headers?: Record<string, string>) => send(formBytes(parts), headers),
    list: (query: Record<string, string> = {}) => call('GET', `?${new URLSearchParams(query)}`),
    get: (id: string, query = '') => call('GET', `/${id}${query}`),
    delete: (id: string) => call('DELETE', `/${id}`),
    content: (id: string, query = '', headers: Record<string, string> = {}, method = 'GET') =>
      call(method, `/${id}/content${query}`, { headers }),
    link: (id: string, json: unknown = {}, headers: Record<string, string> = {}) =>
      call('POST', `/${id}/links`, { json, headers }),
    associate: (
      id: string,
      resourceType: unknown,
      resourceId: unknown,
      headers: Record<string, string> = {},
    ) => call('POST', `/${id}/associations`, { json: { resourceType, resourceId }, headers }),
    dissociate: (id: string, type: string, resourceId: string) =>
      call('DELETE', `/${id}/associations/${encodeURIComponent(type)}/${encodeURIComponent(resourceId)}`),
    /** A stored text file; its id. */
    async stored(text: string, ...more: Part[]): Promise<string> {
      const answer = await send(formBytes([textFile(text), ...more]))
      return (await bodyOf(answer)).id
    },
  }
}

export type Cuadra = ReturnType<typeof cuadra>

/** The id that the other dialects know a file by. */
export function plainId(id: string): string {
  return id.replace(/^file_(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
