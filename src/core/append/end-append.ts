import { deleteObjects } from '../deletions/delete-objects'
import { fail } from '../errors'
import { deleteFile } from '../files/delete-file'
import { isStored } from '../files/file-record'
import type { Gateway } from '../gateway'
import type { Owner } from '../grants/grant'
import type { FileId } from '../ids'
import { abortUpload } from '../uploads/abort-upload'
import { ownedFile, requireAppended } from './hold'
import { pieceKeyOf } from './ledger'

/**
 * Gives up an upload whose bytes are appended: they are deleted, and the file stays as `failed`. A file that is ready is
 * deleted. Two database round trips, three of an upload. Throws `file_not_found`, `upload_over`, `not_appendable`,
 * `database_failed`.
 */
export async function endAppend(gateway: Gateway, owner: Owner, id: FileId): Promise<void> {
  const found = await gateway.appends.takeOver(ownedFile(owner, id))
  if (found === null) fail({ code: 'file_not_found', fileId: id })
  if (isStored(found.file)) return deleteFile(gateway, owner.organizationId, id)
  const { file, ledger } = requireAppended(found, gateway.now())
  await abortUpload(gateway, owner, id)
  deleteObjects(
    gateway,
    ledger.pieces.map((piece) => pieceKeyOf(file, piece)),
  )
}
