import { readJsonUpload } from '../../src/http/read-json-upload'

/** Two ways to take a base64 file out of a JSON body and hash it; nothing is stored. */
export default {
  async fetch(request: Request): Promise<Response> {
    const bytes = new URL(request.url).pathname === '/stream' ? await stream(request) : await whole(request)
    const digest = await crypto.subtle.digest('SHA-256', bytes)
    return new Response(new Uint8Array(digest).toHex())
  },
}

/** What the gateway does. */
async function stream(request: Request): Promise<Uint8Array> {
  const { bytes } = await readJsonUpload(request, { field: 'content', maxDecodedBytes: 7 * 1024 ** 2 })
  return bytes ?? new Uint8Array()
}

/** The obvious way. */
async function whole(request: Request): Promise<Uint8Array> {
  const { content } = await request.json<{ content: string }>()
  return Uint8Array.fromBase64(content)
}
