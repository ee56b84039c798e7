import { env } from 'cloudflare:workers'
import { bodyOf, type CallInit, type TestWorker } from './worker'

export const filesPath = '/api/v3/organizations/acme/ai/files'

/** A caller of the QuantCDN dialect in the organization `acme`. */
export function quantcdn(worker: TestWorker, token: string, path = filesPath) {
  const call = (method: string, suffix: string, init: CallInit = {}) =>
    worker.call(method, path + suffix, { token, ...init })
  return {
    upload: (json: unknown, headers?: Record<string, string>) =>
      call('POST', '', headers ? { json, headers } : { json }),
    uploadRaw: (body: BodyInit, headers: Record<string, string> = {}) => call('POST', '', { body, headers }),
    list: (query: Record<string, string> = {}) => call('GET', `?${new URLSearchParams(query)}`),
    get: (fileId: string) => call('GET', `/${fileId}`),
    delete: (fileId: string) => call('DELETE', `/${fileId}`),
    call,
    /** A stored text file; its id. */
    async stored(text: string, more: Record<string, unknown> = {}): Promise<string> {
      const json = { content: base64(text), contentType: 'text/plain', ...more }
      return (await bodyOf(await call('POST', '', { json }))).fileId
    },
    /** What a client with the upload URL would do, as far as the bucket sees it. */
    async put(s3Key: string, bytes: BodyInit, contentType: string): Promise<void> {
      await env.BUCKET.put(incomingKey(s3Key), await new Response(bytes).arrayBuffer(), {
        httpMetadata: { contentType },
      })
    },
  }
}

/** Where the bytes are put that will be at `key`, which a dialect promises. */
export function incomingKey(key: string): string {
  return `_incoming/${key.replace(/\.[a-z0-9]+$/, '')}`
}

export function base64(data: string | Uint8Array): string {
  return (typeof data === 'string' ? new TextEncoder().encode(data) : data).toBase64()
}

/** The first bytes of a PNG, enough to be recognised. */
export const pngBytes = Uint8Array.fromHex(
  '89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489',
)
