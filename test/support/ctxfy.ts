import { env } from 'cloudflare:workers'
import { incomingKey } from './quantcdn'
import { bodyOf, type CallInit, type TestWorker } from './worker'

export const uploadPath = '/v1/upload/s3'
export const keysPath = '/v1/api-keys'

/** The body of an upload of "hello" as text. */
export const helloUpload = { filename: 'hello.txt', contentType: 'text/plain', size: 5 }

/** What a client with the upload URL would do, as far as the bucket sees it. */
export async function putObject(fileKey: string, bytes: BodyInit, contentType: string): Promise<void> {
  await env.BUCKET.put(incomingKey(fileKey), await new Response(bytes).arrayBuffer(), {
    httpMetadata: { contentType },
  })
}

/** A caller of the Ctxfy dialect. */
export function ctxfy(worker: TestWorker, token: string) {
  const upload = (json: unknown, headers: Record<string, string> = {}) =>
    worker.call('POST', uploadPath, { token, json, headers })
  const read = (fileKey: string, init: CallInit & { method?: string } = {}) =>
    worker.call(init.method ?? 'GET', `/public/${fileKey}`, init)
  return {
    upload,
    read,
    /** A public file with these bytes in the bucket, not yet settled; its key. */
    async put(bytes: string | Uint8Array<ArrayBuffer>, contentType = 'text/plain', filename = 'a.txt') {
      const size = new Blob([bytes]).size
      const { fileKey } = await bodyOf(await upload({ filename, contentType, size }))
      await putObject(fileKey, bytes, contentType)
      return fileKey as string
    },
    createKey: (json: unknown = {}) => worker.call('POST', keysPath, { token, json }),
    listKeys: (query: Record<string, string> = {}) =>
      worker.call('GET', `${keysPath}?${new URLSearchParams(query)}`, { token }),
    revokeKey: (id: string) => worker.call('DELETE', `${keysPath}/${id}`, { token }),
  }
}

/** The public part of a token: the key's id. */
export function keyIdOf(token: string): string {
  return token.split('_')[1] ?? ''
}

/** The id of the file that a key was promised to. */
export function fileIdOf(fileKey: string): string {
  return fileKey.slice(fileKey.indexOf('/') + 1).replace(/\..*$/, '')
}
