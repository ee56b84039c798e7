import { fail } from '../errors'
import { isStored } from '../files/file-record'
import type { Gateway } from '../gateway'
import { asSeenBy, type Owner } from '../grants/grant'
import type { FileId } from '../ids'
import type { FoundAppend, OwnedFile } from '../ports/append-repository'
import type { Progress } from './append'
import { finishReceived } from './finish-append'
import { ownedFile, requireAppended } from './hold'

/**
 * How long a look waits for a request that has the upload, in milliseconds: its client may just have broken off, and what had
 * come is then being kept.
 */
const patienceMs = [100, 300]

/**
 * How an upload stands whose bytes are appended. It is taken over from the request that appends to it now, if there is one,
 * so that the offset stays true until the next request. If all bytes are there, it is settled first. One database round trip,
 * up to three more while another request has the upload, and those of settling.
 *
 * Throws `file_not_found`, `upload_over`, `not_appendable`, `upload_refused`, `store_failed`, `database_failed`.
 */
export async function lookAtAppend(gateway: Gateway, owner: Owner, id: FileId): Promise<Progress> {
  const found = await findFree(gateway, ownedFile(owner, id))
  if (found === null) fail({ code: 'file_not_found', fileId: id })
  const { statement } = found
  if (isStored(found.file)) return { status: 'ready', file: asSeenBy(owner, found.file), statement }
  const { file } = requireAppended(found, gateway.now())
  if (file.upload.receivedBytes !== file.upload.byteSize) return { status: 'uploading', file, statement }
  const finished = await finishReceived(gateway, file)
  if (finished === null) fail({ code: 'file_not_found', fileId: id })
  if (isStored(finished)) return { status: 'ready', file: asSeenBy(owner, finished), statement }
  if (finished.status === 'uploading') return { status: 'uploading', file, statement }
  fail({ code: 'upload_refused', fileId: id, refusal: finished.refusal })
}

/** The file once no request has it: it lets go soon, or it is taken over. */
async function findFree({ appends, sleep }: Gateway, file: OwnedFile): Promise<FoundAppend | null> {
  let found = await appends.find(file)
  for (const waitMs of patienceMs) {
    if (found === null || found.hold === null) return found
    await sleep(waitMs)
    found = await appends.find(file)
  }
  return found === null || found.hold === null ? found : appends.takeOver(file)
}
