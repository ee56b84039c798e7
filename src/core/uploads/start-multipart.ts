import { fail } from '../errors'
import type { Gateway } from '../gateway'
import type { MultipartStore } from '../ports/multipart-store'
import type { UploadIntent } from '../ports/upload-repository'
import { leaveNothing } from './finish-upload'
import type { AppendUpload, PlannedParts, UploadPlace } from './upload'

/**
 * Begins the multipart upload in the store of an intent that is written down, through `multipart`, and records its id: one
 * request to the store, one database round trip. Returns the id. Throws `upload_superseded` when the upload was ended
 * meanwhile, `store_failed`, `database_failed`. After these nothing is left behind but what a retry with the same key goes
 * on with.
 */
export async function startMultipart(
  gateway: Gateway,
  multipart: MultipartStore,
  intent: UploadIntent<(UploadPlace & PlannedParts) | AppendUpload>,
  options: { isClaimed: boolean },
): Promise<string> {
  const { file, upload } = intent
  const { objectKey } = upload
  let multipartId: string
  try {
    multipartId = await multipart.create(objectKey, upload)
  } catch (error) {
    leaveNothing(gateway, intent)
    throw error
  }
  const abort = () => multipart.abort(objectKey, multipartId)
  try {
    if (await gateway.uploads.noteMultipart(file, multipartId)) return multipartId
  } catch (error) {
    // With a key the reply may be stored: a retry gets it, or takes the place of this request.
    if (!options.isClaimed) leaveNothing(gateway, intent, abort)
    throw error
  }
  await abort()
  return fail({ code: 'upload_superseded' })
}
