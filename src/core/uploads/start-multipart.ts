import { fail } from '../errors'
import type { Gateway } from '../gateway'
import type { UploadIntent } from '../ports/upload-repository'
import { leaveNothing } from './finish-upload'
import type { BegunMultipart, PlannedParts, UploadPlace } from './upload'

/**
 * Begins the store's multipart upload of an intent that is written down, and records its id: one request to the
 * store, one database round trip. Throws `upload_superseded` when the upload was ended meanwhile, `store_failed`,
 * `database_failed`. After these nothing is left behind but what a retry with the same key goes on with.
 */
export async function startMultipart(
  gateway: Gateway,
  intent: UploadIntent<UploadPlace & PlannedParts>,
  options: { isClaimed: boolean },
): Promise<BegunMultipart> {
  const { file, upload } = intent
  const { objectKey } = upload
  let multipartId: string
  try {
    multipartId = await gateway.clientMultipart.create(objectKey, upload)
  } catch (error) {
    leaveNothing(gateway, intent)
    throw error
  }
  const abort = () => gateway.clientMultipart.abort(objectKey, multipartId)
  try {
    if (await gateway.uploads.noteMultipart(file, multipartId)) return { ...upload, multipartId }
  } catch (error) {
    // With a key the reply may be stored: a retry gets it, or takes the place of this request.
    if (!options.isClaimed) leaveNothing(gateway, intent, abort)
    throw error
  }
  await abort()
  return fail({ code: 'upload_superseded' })
}
