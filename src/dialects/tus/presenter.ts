import type { Progress } from '../../core/append/append'
import { formatFileId } from '../../http/file-ids'

/** How far the upload has come: where the next bytes belong, and until when it waits for them. */
export function progressHeaders(progress: Progress): Record<string, string> {
  return { 'Upload-Offset': String(offsetOf(progress)), ...fateHeaders(progress) }
}

/** What an upload waits for, or what it has become. */
export function fateHeaders({ status, file }: Progress): Record<string, string> {
  return status === 'ready'
    ? { 'X-File-Id': formatFileId(file.id) }
    : { 'Upload-Expires': new Date(file.upload.expiresAt).toUTCString() }
}

/** All that is known of the upload, as its client said it. */
export function stateHeaders(progress: Progress): Record<string, string> {
  const { status, file, statement } = progress
  const length = status === 'ready' ? file.content.byteSize : file.upload.byteSize
  return {
    ...progressHeaders(progress),
    ...(length === null ? { 'Upload-Defer-Length': '1' } : { 'Upload-Length': String(length) }),
    ...(statement === null ? {} : { 'Upload-Metadata': statement }),
  }
}

function offsetOf({ status, file }: Progress): number {
  return status === 'ready' ? file.content.byteSize : file.upload.receivedBytes
}
