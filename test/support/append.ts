/** Appends bytes by the use cases themselves, without any dialect. */

import { env } from 'cloudflare:workers'
import { compose } from '../../src/compose'
import type { NewAppend, Portion, Progress } from '../../src/core/append/append'
import { appendBytes } from '../../src/core/append/append-bytes'
import { createAppend } from '../../src/core/append/create-append'
import { lookAtAppend } from '../../src/core/append/look-at-append'
import { openContent } from '../../src/core/contents/open-content'
import { getFile } from '../../src/core/files/get-file'
import type { Gateway } from '../../src/core/gateway'
import type { FileId, ObjectKey, OrganizationId } from '../../src/core/ids'
import { type StoreKind, startOver } from './start-over'
import { rows } from './worker'

export type UploadOptions = {
  portionBytes: number
  /** The length is said when the upload begins; otherwise with the last portion. */
  isLengthKnown: boolean
  /** How many bytes a portion has is said before they come. */
  isAnnounced?: boolean
}

export type Appender = Awaited<ReturnType<typeof appender>>

const organizationId = 'acme' as OrganizationId

/**
 * The use cases over a store, and what is done with them most. Background work is awaited. `alter` makes another gateway of
 * the one that each request has.
 */
export async function appender(store: StoreKind, alter: (gateway: Gateway) => Gateway = (same) => same) {
  const over = await startOver(store)
  const bindings = { ...env, ...(store.hasBinding ? {} : { BUCKET: undefined }) } as Env
  const composition = await compose(bindings)
  /** As one request has it; what it leaves running is awaited. */
  const during = async <T>(work: (gateway: Gateway) => Promise<T>): Promise<T> => {
    const background: Promise<unknown>[] = []
    try {
      return await work(alter(composition.gatewayFor((left) => void background.push(left), {})))
    } finally {
      for (let done = 0; done < background.length; done++) await background[done]
    }
  }
  const owner = { organizationId }
  const file = { ...owner, filename: 'a.bin', contentType: 'application/octet-stream', metadata: {} }
  const create = (byteSize: number | null, portion: Portion | null = null, more: Partial<NewAppend> = {}) =>
    during(async (gateway) => {
      const input = { file, byteSize, sha256: null, statement: null, idempotencyKey: null, operation: 'test' }
      return (await createAppend(gateway, { ...input, ...more }, portion)).progress
    })
  const append = (id: FileId, portion: Portion) =>
    during((gateway) => appendBytes(gateway, owner, id, portion))
  return {
    ...over,
    owner,
    file,
    during,
    create,
    append,
    /** As the store does by itself with multipart uploads that have lasted too long. */
    endMultiparts: () =>
      during(async ({ workerMultipart }) => {
        const open = await rows<{ object_key: ObjectKey; multipart_id: string }>(
          'SELECT object_key, multipart_id FROM uploads WHERE multipart_id IS NOT NULL',
        )
        for (const { object_key, multipart_id } of open) await workerMultipart.abort(object_key, multipart_id)
      }),
    look: (id: FileId) => during((gateway) => lookAtAppend(gateway, owner, id)),

    /** Uploads `bytes` in portions; the file that is ready in the end. */
    async upload(
      bytes: Uint8Array<ArrayBuffer>,
      { portionBytes, isLengthKnown, isAnnounced = true }: UploadOptions,
    ) {
      const chunks = [...cut(bytes, portionBytes)]
      let progress: Progress = await create(isLengthKnown ? bytes.length : null)
      let offset = 0
      for (const [index, chunk] of chunks.entries()) {
        const isLast = index === chunks.length - 1
        const portion = portionOf(chunk, offset, isAnnounced)
        progress = await append(progress.file.id, isLengthKnown ? portion : { ...portion, isLast })
        offset += chunk.length
      }
      if (chunks.length === 0 && !isLengthKnown)
        progress = await append(progress.file.id, { ...portionOf(bytes, 0, isAnnounced), isLast: true })
      if (progress.status !== 'ready') throw new Error(`the file is ${progress.status} at ${offset}`)
      return progress.file
    },

    /** The bytes of a file that is ready. */
    async read(id: FileId): Promise<Uint8Array<ArrayBuffer>> {
      return during(async (gateway) => {
        const stored = await getFile(gateway, organizationId, id)
        if (stored.content.byteSize === 0) return new Uint8Array()
        return new Uint8Array(await new Response(await openContent(gateway, stored, null)).arrayBuffer())
      })
    },
  }
}

/** A portion of these bytes, in chunks as a network hands them over. */
export function portionOf(bytes: Uint8Array<ArrayBuffer>, offset: number, isAnnounced = true): Portion {
  return {
    offset,
    announcedBytes: isAnnounced ? bytes.length : null,
    chunks: (async function* () {
      yield* cut(bytes, 300_000)
    })(),
  }
}

/** A portion whose client breaks off after `bytes`. */
export function brokenOff(bytes: Uint8Array<ArrayBuffer>, offset: number, announcedBytes: number | null) {
  return {
    offset,
    announcedBytes,
    chunks: (async function* () {
      yield* cut(bytes, 100_000)
      throw new Error('the client has gone')
    })(),
  }
}

/** A portion that waits before its last byte until it is told to go on. */
export function held(bytes: Uint8Array<ArrayBuffer>, offset: number) {
  const { promise: goesOn, resolve: goOn } = Promise.withResolvers<void>()
  const { promise: isUnderWay, resolve: underWay } = Promise.withResolvers<void>()
  const chunks = (async function* () {
    yield bytes.subarray(0, -1)
    underWay()
    await goesOn
    yield bytes.subarray(-1)
  })()
  return { portion: { offset, announcedBytes: bytes.length, chunks }, isUnderWay, goOn }
}

/** `bytes` in pieces of `size`, the last one smaller. */
export function* cut(bytes: Uint8Array<ArrayBuffer>, size: number): Generator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, Math.min(at + size, bytes.length))
}

/** Bytes that are the same at no two places, and for every size other ones. */
export function contentOf(byteSize: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(byteSize / 4))
  for (let at = 0; at < words.length; at++) words[at] = Math.imul(at + 1, 2_654_435_761) ^ byteSize
  return new Uint8Array(words.buffer, 0, byteSize)
}
