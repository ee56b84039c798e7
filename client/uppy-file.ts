import type { UppyFile } from './client'
import type { NewUpload } from './gateway'

export const retries = 7

/** What Uppy's file is to the gateway. Metadata that the page gave it goes along. */
export function newUploadOf({ name, type, size, meta }: UppyFile): NewUpload {
  const { name: _name, type: _type, relativePath: _path, ...own } = meta
  return {
    filename: name || 'upload',
    contentType: type || 'application/octet-stream',
    size: size ?? 0,
    ...(Object.keys(own).length > 0 && { metadata: own }),
  }
}
