import type { Credentials, UppyFile, UppyInOnePut, UppySignature } from './client'
import { Control } from './control'
import { Gateway } from './gateway'
import { randomKey } from './random-key'
import { UploadError } from './upload-error'
import { newUploadOf, retries } from './uppy-file'

/** For Uppy 6, which asks for one URL by a key that it had made for the file; and for Uppy 5 on pages that want no parts. */
export function uppyInOnePut(credentials: Credentials): UppyInOnePut & { hasKey(fileId: string): boolean } {
  const gateway = new Gateway(credentials, new Control(), retries)
  const files = new Map<string, UppyFile>()
  /** The latest upload of each file. */
  const uploads = new Map<string, string>()

  async function sign(file: UppyFile, key: string): Promise<UppySignature> {
    const { id, url, headers = {} } = await gateway.create(newUploadOf(file), key)
    if (!url) throw new UploadError('too_large')
    uploads.set(file.id, id)
    return { method: 'PUT', url, headers }
  }

  return {
    hasKey: (fileId) => Array.from(files.values()).some(({ id }) => id === fileId),

    generateObjectKey(file) {
      const key = randomKey()
      files.set(key, file)
      return key
    },

    getUploadParameters: (file) => sign(file, randomKey()),

    async signRequest({ method, key }) {
      const file = files.get(key)
      if (method !== 'PUT' || !file)
        throw new TypeError('Uppy 6 sends files to Slipway in one PUT, not in parts')
      return sign(file, key)
    },

    async complete(fileIds) {
      const ids = fileIds.flatMap((fileId) => uploads.get(fileId) ?? [])
      for (const fileId of fileIds) uploads.delete(fileId)
      await Promise.all(ids.map((id) => gateway.complete(id).catch(unlessNotSent)))
    },
  }
}

/** Uppy has told already which files it could not send. */
function unlessNotSent(error: unknown): void {
  if (!(error instanceof UploadError) || error.status !== 409) throw error
}
