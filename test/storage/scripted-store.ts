import { vi } from 'vitest'
import { createS3Client } from '../../src/storage/s3/s3-client'

/** What a scripted store was asked. */
export type Asked = { method: string; url: URL; headers: Headers; body: string }

/**
 * A client of a store that answers with `answers` one after the other, and then with 500; what it was asked.
 * Until `vi.restoreAllMocks()`.
 */
export function scriptStore(...answers: (() => Response | Promise<Response>)[]) {
  const asked: Asked[] = []
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const request = new Request(input, init)
    const { method, url, headers } = request
    asked.push({ method, url: new URL(url), headers, body: await request.text() })
    return (answers.shift() ?? answer(500, 'InternalError'))()
  })
  const client = createS3Client({
    endpoint: 'https://store.example.com',
    region: 'auto',
    bucket: 'slipway',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    uploadCredentials: null,
  })
  return { asked, client }
}

/** An error document; with a 200 it is how CopyObject, CompleteMultipartUpload and DeleteObjects fail late. */
export function answer(status: number, code: string): () => Response {
  return () => new Response(`<Error><Code>${code}</Code></Error>`, { status })
}

export function xmlDocument(text: string): () => Response {
  return () => new Response(text)
}

/** The answer to a HEAD of an object. */
export function objectHead(etag: string, headers: Record<string, string> = {}): () => Response {
  return () =>
    new Response(null, { headers: { etag, 'content-length': '3', 'content-type': 'a/b', ...headers } })
}

/** The store never answers. */
export const silence = (): Promise<Response> => new Promise(() => {})
