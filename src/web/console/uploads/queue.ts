import type { Upload } from '../../../../client/client'
import { upload } from '../../../../client/upload'
import { UploadError } from '../../../../client/upload-error'
import type { Member } from '../session/session'

/** An upload of this page. */
export type Item = {
  id: number
  file: File
  state: 'waiting' | 'uploading' | 'paused' | 'done' | 'failed' | 'cancelled'
  /** Bytes that were sent, of those of the file. */
  loaded: number
  /** Why it failed: a sentence for people, and what the gateway said; empty where it said nothing. */
  problem: { sentence: string; detail: string } | null
}

type Metadata = Record<string, unknown>
type Running = { upload: Upload; cancel: AbortController }
type Entry = { item: Item; member: Member; metadata: Metadata; running: Running | null }

/** How many files are sent at a time. Each in parts sends several of these side by side. */
const atOnce = 3

let entries: readonly Entry[] = []
let items: readonly Item[] = []
let lastId = 0
const listeners = new Set<() => void>()
const endListeners = new Set<() => void>()

/** The uploads of this page, oldest first. */
export const queueStore = {
  get: () => items,
  subscribe(listener: () => void): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
}

/** Calls `listener` whenever an upload has succeeded or failed. Returns what ends that. */
export function onUploadEnded(listener: () => void): () => void {
  endListeners.add(listener)
  return () => endListeners.delete(listener)
}

/** Uploads `files`, a few at a time. */
export function enqueue(member: Member, files: readonly File[], metadata: Metadata): void {
  const added = files.map((file): Entry => {
    const item: Item = { id: ++lastId, file, state: 'waiting', loaded: 0, problem: null }
    return { item, member, metadata, running: null }
  })
  entries = [...entries, ...added]
  startNext()
}

export function pause(id: number): void {
  const entry = entryOf(id)
  if (entry?.item.state !== 'uploading') return
  entry.running?.upload.pause()
  change(entry, { state: 'paused' })
}

export function resume(id: number): void {
  const entry = entryOf(id)
  if (entry?.item.state !== 'paused') return
  entry.running?.upload.resume()
  change(entry, { state: 'uploading' })
}

/** Ends the upload; the gateway forgets what was sent. */
export function cancel(id: number): void {
  const entry = entryOf(id)
  if (entry === undefined) return
  entry.running?.cancel.abort()
  change(entry, { state: 'cancelled', problem: null })
  startNext()
}

/** Sends a file again that failed, and only what the store does not have. */
export function retry(id: number): void {
  const entry = entryOf(id)
  if (entry === undefined) return
  change(entry, { state: 'waiting', problem: null })
  startNext()
}

/** Takes those that are over out of the list. */
export function clearOver(): void {
  entries = entries.filter(({ item }) => !isOver(item))
  tell()
}

/** Ends all, as after a sign-out. What was sent stays for a while, so the same files can be resumed. */
export function stopAll(): void {
  for (const { running } of entries) running?.upload.pause()
  entries = []
  tell()
}

export function isOver({ state }: Item): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled'
}

function startNext(): void {
  const busy = entries.filter(({ item }) => item.state === 'uploading').length
  const waiting = entries.filter(({ item }) => item.state === 'waiting')
  for (const entry of waiting.slice(0, Math.max(0, atOnce - busy))) start(entry)
  tell()
}

function start(entry: Entry): void {
  const controller = new AbortController()
  const { file } = entry.item
  const running: Running = {
    cancel: controller,
    upload: upload(file, {
      token: entry.member.key,
      gateway: location.origin,
      signal: controller.signal,
      metadata: entry.metadata,
      onProgress: ({ loaded }) => change(entry, { loaded }),
    }),
  }
  entry.running = running
  change(entry, { state: 'uploading' })
  running.upload.then(
    () => end(entry, { state: 'done', loaded: file.size }),
    (error: Error) => {
      if (!controller.signal.aborted) end(entry, { state: 'failed', problem: problemOf(error) })
    },
  )
}

function end(entry: Entry, result: Partial<Item>): void {
  entry.running = null
  change(entry, result)
  for (const listener of endListeners) listener()
  startNext()
}

function problemOf(error: Error): Item['problem'] {
  return { sentence: error.message, detail: error instanceof UploadError ? error.detail : '' }
}

function entryOf(id: number): Entry | undefined {
  return entries.find(({ item }) => item.id === id)
}

function change(entry: Entry, changed: Partial<Item>): void {
  entry.item = { ...entry.item, ...changed }
  tell()
}

function tell(): void {
  items = entries.map(({ item }) => item)
  for (const listener of listeners) listener()
}
