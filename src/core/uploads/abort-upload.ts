import { deleteObjects, incomingKeysOf } from '../deletions/delete-objects'
import { fail } from '../errors'
import { isStored } from '../files/file-record'
import { findOwn } from '../files/get-file'
import type { Gateway } from '../gateway'
import type { Owner } from '../grants/grant'
import type { FileId } from '../ids'

/**
 * Gives a pending upload up: its bytes and parts are deleted, what it reserved is free, the file stays as
 * `failed`. Safe to repeat; an upload that has failed by itself is over as well. Throws `file_not_found`,
 * `upload_over` when its file is ready, `database_failed`.
 */
export async function abortUpload(gateway: Gateway, owner: Owner, id: FileId): Promise<void> {
  const file = await findOwn(gateway, owner, id)
  if (file === null) fail({ code: 'file_not_found', fileId: id })
  if (file.status === 'uploading') {
    const refusal = { status: 'failed', reason: { code: 'aborted' } } as const
    const due = await gateway.uploads.abandon([file], refusal, gateway.now())
    // An edge upload is ended by its own request, which finds nothing to end.
    if (file.upload.method !== 'edge') deleteObjects(gateway, [...due, ...incomingKeysOf(file.upload)])
  }
  // A settler may have been first.
  const ended = file.status === 'uploading' ? await findOwn(gateway, owner, id) : file
  if (ended && isStored(ended)) fail({ code: 'upload_over', fileId: id, status: ended.status })
}
