import { finishReceived } from '../append/finish-append'
import type { FileRecord, PendingFile } from '../files/file-record'
import type { Gateway } from '../gateway'
import { settleObject } from './settle-object'

/**
 * Ends an upload whose bytes have come: the store is asked what is really there, and
 * only what agrees with the seal becomes a ready file. Anything else is refused and deleted. Guarded and safe
 * to repeat: of settlers that overlap the first one decides. Returns the file as it then is; still `uploading` when
 * nothing has arrived (or, rarely, other bytes arrive at this moment), null when it was deleted meanwhile.
 *
 * What is read and copied is `planSettlement`'s decision. One database round trip, two with a promotion. Throws
 * `store_failed`, `database_failed`.
 */
export async function settleUpload(gateway: Gateway, file: PendingFile): Promise<FileRecord | null> {
  const outcome = await settleIfThere(gateway, file)
  return outcome === 'nothing_there' ? file : outcome
}

/** The same for the sweep, which has to know whether a file that is still `uploading` has any bytes. */
export async function settleIfThere(
  gateway: Gateway,
  file: PendingFile,
): Promise<FileRecord | 'nothing_there' | null> {
  const { upload } = file
  if (upload.method === 'edge') return file
  if (upload.method === 'append')
    return upload.receivedBytes === upload.byteSize ? finishReceived(gateway, file) : 'nothing_there'
  const object = await gateway.objects.head(upload.objectKey)
  return object === null ? 'nothing_there' : settleObject(gateway, { file, upload, object })
}
