import type { Credentials, UppyFile, UppyInParts, UppyPart, UppySignature } from './client'
import { Control } from './control'
import { Gateway, type Plan, type SignedPart } from './gateway'
import { PartUrls } from './part-urls'
import { put } from './put'
import { randomKey } from './random-key'
import { UploadError } from './upload-error'
import { newUploadOf, retries } from './uppy-file'

const partSizeMin = 16 * 1024 ** 2
const partsMax = 10_000

/** An upload: where its parts go, null when it is one PUT; and what this page sent of it. */
type Known = { urls: PartUrls | null; sent: Map<number, Required<UppyPart>> }
/** What `signPart` hands to `uploadPartBytes` through Uppy. */
type Signature = UppySignature & {
  renewed: () => Promise<UppySignature>
  onSent: (etag: string, size: number) => void
}

/** For Uppy 5. It takes all files as uploads in parts; the gateway makes one PUT of a small one, which is then its one part. */
export function uppyInParts(credentials: Credentials): UppyInParts {
  const uploads = new Map<string, Known>()
  const gatewayUntil = (signal?: AbortSignal) => new Gateway(credentials, new Control(signal), retries)
  const gateway = gatewayUntil()

  const create = (file: UppyFile, key: string, signal?: AbortSignal) => {
    const size = file.size ?? 0
    return gatewayUntil(signal).create(
      { ...newUploadOf(file), multipart: true, partSize: partSizeOf(size) },
      key,
    )
  }

  function keep(id: string, plan?: Plan, parts: readonly SignedPart[] = []): Known {
    const sent: Known['sent'] = new Map()
    const isWanted = (number: number) => !sent.has(number)
    const urls = plan ? new PartUrls(gateway, id, { partCount: plan.partCount, parts, isWanted }) : null
    const known = { urls, sent }
    uploads.set(id, known)
    return known
  }

  /** Also of an upload that an earlier page began, and Uppy kept. */
  const knownOf = async (id: string) => uploads.get(id) ?? keep(id, (await gateway.status(id)).multipart)

  return {
    // What fails for now is tried again here.
    retryDelays: null,
    getChunkSize: ({ size }) => partSizeOf(size),

    async createMultipartUpload(file, signal) {
      const key = randomKey()
      const { id, multipart, parts } = await create(file, key, signal)
      // A store whose parts cannot be signed: Uppy has cut the file up already.
      if (!multipart && (file.size ?? 0) > partSizeMin) throw new UploadError('too_large')
      keep(id, multipart, parts)
      return { uploadId: id, key }
    },

    async signPart(file, { uploadId, key, partNumber }): Promise<Signature> {
      const { urls, sent } = await knownOf(uploadId)
      const sign = async (): Promise<UppySignature> => {
        const { url = '', headers = {} } = await (urls ? urls.get(partNumber) : create(file, key))
        return { method: 'PUT', url, headers }
      }
      return {
        ...(await sign()),
        renewed: () => {
          urls?.drop(partNumber)
          return sign()
        },
        onSent: (etag, size) => sent.set(partNumber, { PartNumber: partNumber, Size: size, ETag: etag }),
      }
    },

    async uploadPartBytes({ signature, body, onProgress, onComplete, signal }) {
      const { renewed, onSent, ...first } = signature as Signature
      const bytes = body as Blob
      let signed: UppySignature | undefined = first
      const control = new Control(signal)
      const answer = await put(control, retries, {
        body: bytes,
        signed: async () => {
          signed ??= await renewed()
          return signed
        },
        renew: () => {
          signed = undefined
        },
        onProgress: (loaded) => onProgress({ loaded, lengthComputable: true }),
      }).finally(() => control.release())
      const etag = answer.header('ETag') ?? ''
      onSent(etag, bytes.size)
      onProgress({ loaded: bytes.size, lengthComputable: true })
      onComplete(etag)
      return { ETag: etag }
    },

    async listParts(_file, { uploadId = '', signal }) {
      const { parts } = await gatewayUntil(signal).status(uploadId)
      if (!parts) return Array.from((await knownOf(uploadId)).sent.values())
      return parts.map(({ partNumber, size, etag }) => ({ PartNumber: partNumber, Size: size, ETag: etag }))
    },

    async completeMultipartUpload(_file, { uploadId, parts, signal }) {
      const { urls } = await knownOf(uploadId)
      const named = parts.map(({ PartNumber = 0, ETag = '' }) => ({ partNumber: PartNumber, etag: ETag }))
      const isAll = urls !== null && named.every(({ etag }) => etag !== '')
      return gatewayUntil(signal).complete(uploadId, isAll ? named : undefined)
    },

    abortMultipartUpload: (_file, { uploadId = '' }) => gateway.abort(uploadId),
  }
}

/** Uppy cuts files into parts of this size, and so does the gateway, which is told. */
function partSizeOf(size: number): number {
  return Math.max(partSizeMin, Math.ceil(size / partsMax))
}
