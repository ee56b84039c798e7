import type { Agent } from 'node:http'
import type { Readable } from 'node:stream'
import * as version4 from 'tus-js-client'
import * as version5 from '../clients/tus5/client'

type Answer = { getStatus(): number; getHeader(name: string): string | undefined }
type Failure = Error & { originalResponse: Answer | null }
type PreviousUpload = { size: number | null; uploadUrl: string | null }

/** The options that the tests set; docs/clients.md has those that applications need. */
export type TusOptions = {
  endpoint?: string
  headers?: Record<string, string>
  metadata?: Record<string, string>
  chunkSize?: number
  retryDelays?: number[]
  uploadDataDuringCreation?: boolean
  uploadLengthDeferred?: boolean
  overridePatchMethod?: boolean
  parallelUploads?: number
  protocol?: 'ietf-draft-05'
  urlStorage?: object
  httpStack?: object
  onProgress?: (sent: number, total: number) => void
  onChunkComplete?: (size: number, accepted: number, total: number) => void
  onBeforeRequest?: (request: { getMethod(): string; getURL(): string }) => void
  onAfterResponse?: (request: { getMethod(): string }, answer: Answer) => void
  onShouldRetry?: (error: Failure) => boolean
  onSuccess?: (payload: { lastResponse: Answer }) => void
  onError?: (error: Failure) => void
}

type Upload = {
  url: string | null
  start(): void
  abort(terminates?: boolean): Promise<void>
  findPreviousUploads(): Promise<PreviousUpload[]>
  resumeFromPreviousUpload(previous: PreviousUpload): void
}

/** tus-js-client as Node has it. */
export type TusClient = {
  Upload: {
    new (file: Buffer | Readable, options: TusOptions): Upload
    terminate(url: string, options: TusOptions): Promise<void>
  }
  FileUrlStorage: new (path: string) => object
  DefaultHttpStack: new (options: { agent: Agent }) => object
}

// The types of version 4 know what is there in browsers only.
export const tusClients = {
  'tus-js-client 4': version4 as unknown as TusClient,
  'tus-js-client 5': version5 as unknown as TusClient,
}

/** How an upload went: its URL, the last answer, and every request with the status of its answer, such as `PATCH 204`. */
export type Uploaded = { url: string; last: Answer; requests: string[] }

/** Starts an upload. `done` rejects with what the client gives up with. */
export function startTus(client: TusClient, file: Buffer | Readable, options: TusOptions) {
  const requests: string[] = []
  const { promise: done, resolve, reject } = Promise.withResolvers<Uploaded>()
  const upload = new client.Upload(file, {
    ...options,
    onAfterResponse: (request, answer) => requests.push(`${request.getMethod()} ${answer.getStatus()}`),
    onSuccess: ({ lastResponse }) => resolve({ url: upload.url ?? '', last: lastResponse, requests }),
    onError: reject,
  })
  return { upload, done, requests }
}

/** Uploads `file`, to its end. */
export function uploadByTus(
  client: TusClient,
  file: Buffer | Readable,
  options: TusOptions,
): Promise<Uploaded> {
  const { upload, done } = startTus(client, file, options)
  upload.start()
  return done
}
