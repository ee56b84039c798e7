import { env } from 'cloudflare:workers'
import { bodyOf, type CallInit, type TestWorker } from './worker'

export const directPath = '/api/v1/upload/direct'
export const blobsPath = '/api/v1/blobs'

export type Checked = { algorithm: 'MD5' | 'SHA-256'; prefix?: string }

/** Where an upload URL of these tests puts its bytes. */
export function keyOfUrl(url: string): string {
  return decodeURIComponent(new URL(url).pathname.replace('/slipway/', ''))
}

/** What a client says of `bytes`, as the Rails client does. */
export async function blobOf(
  bytes: string | Uint8Array<ArrayBuffer>,
  more: Record<string, unknown> = {},
  { algorithm, prefix = '' }: Checked = { algorithm: 'MD5' },
) {
  const data = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes
  const digest = new Uint8Array(await crypto.subtle.digest(algorithm, data))
  return {
    filename: 'hello world.txt',
    content_type: 'text/plain',
    byte_size: data.length,
    checksum: prefix + digest.toBase64(),
    ...more,
  }
}

/** A caller of the Direct Upload dialect. */
export function directUpload(worker: TestWorker, token: string) {
  const call = (method: string, path: string, init: CallInit = {}) =>
    worker.call(method, path, { token, ...init })
  return {
    call,
    create: (blob: unknown, headers?: Record<string, string>) =>
      call('POST', directPath, { json: { blob }, ...(headers ? { headers } : {}) }),
    get: (signedId: string) => call('GET', `${directPath}/${signedId}`),
    download: (signedId: string, query = '') => call('GET', `${blobsPath}/${signedId}/file.txt${query}`),
    /** What a client with the URL would do, as far as the R2 binding sees it. */
    async put(key: string, bytes: string | Uint8Array, contentType = 'text/plain'): Promise<void> {
      await env.BUCKET.put(key, bytes, { httpMetadata: { contentType } })
    },
    /** A blob whose bytes are there and verified. */
    async stored(text: string, more: Record<string, unknown> = {}, checked?: Checked) {
      const body = await bodyOf(
        await call('POST', directPath, { json: { blob: await blobOf(text, more, checked) } }),
      )
      await this.put(keyOfUrl(body.direct_upload.url), text, body.content_type)
      return bodyOf(await this.get(body.signed_id))
    },
  }
}

/** What the Rails client does with `direct_upload`. The answer's body is read; its status is returned. */
export async function putAsTold(
  { url, headers }: { url: string; headers: Record<string, string> },
  body: string | Uint8Array<ArrayBuffer>,
  more: Record<string, string> = {},
): Promise<number> {
  const answer = await fetch(url, { method: 'PUT', headers: { ...headers, ...more }, body })
  await answer.arrayBuffer()
  return answer.status
}
