import { env } from 'cloudflare:workers'
import type { ObjectKey } from '../../src/core/ids'
import type { MultipartStore } from '../../src/core/ports/multipart-store'
import type { ObjectHeaders } from '../../src/core/ports/object-store'

type Part = { etag: string; bytes: Uint8Array<ArrayBuffer> }
type Open = { key: ObjectKey; headers: ObjectHeaders; parts: Map<number, Part> }

/**
 * Multipart uploads to the bucket whose parts may be of any size, in memory. As in R2, all parts but the last have the same size,
 * and those that are not named at the end are thrown away.
 */
export function createMemoryMultipart() {
  const open = new Map<string, Open>()
  let count = 0
  const store: MultipartStore = {
    async create(key, headers) {
      const id = `multipart-${count++}`
      open.set(id, { key, headers, parts: new Map() })
      return id
    },

    async uploadPart(_key, id, partNumber, bytes) {
      const upload = open.get(id)
      if (upload === undefined) return null
      const etag = `part-${count++}`
      upload.parts.set(partNumber, { etag, bytes: bytes.slice() })
      return { partNumber, etag, byteSize: bytes.length }
    },

    async listParts() {
      return 'unsupported'
    },

    async complete(key, id, named) {
      const upload = open.get(id)
      if (upload === undefined) return { outcome: 'no_such_upload' }
      const parts = named.map(({ partNumber, etag }) => {
        const part = upload.parts.get(partNumber)
        return part?.etag === etag ? part.bytes : null
      })
      const size = parts[0]?.length ?? 0
      const areWhole = parts.every((part, index) =>
        index < parts.length - 1 ? part?.length === size : part !== null && part.length <= size,
      )
      if (!areWhole) return { outcome: 'invalid_parts' }
      open.delete(id)
      const { contentType } = upload.headers
      await env.BUCKET.put(key, await new Blob(parts.flatMap((part) => part ?? [])).arrayBuffer(), {
        httpMetadata: { contentType },
      })
      return { outcome: 'completed', object: null }
    },

    async abort(_key, id) {
      open.delete(id)
    },

    async abortAll(key) {
      for (const [id, upload] of open) if (upload.key === key) open.delete(id)
      return 'aborted'
    },
  }
  return { store, openMultiparts: () => [...open].map(([id, { key }]) => ({ key, id })) }
}
