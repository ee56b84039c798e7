import type { Progress } from '../../core/append/append'

/** Where the next chunk belongs. */
export function offsetIn({ status, file }: Progress): number {
  return status === 'ready' ? file.content.byteSize : file.upload.receivedBytes
}
