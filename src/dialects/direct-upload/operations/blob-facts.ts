import type { Context } from 'hono'
import type { FileBase } from '../../../core/files/file-record'
import { fileIdOfSigned, signedIdOf } from '../../../core/files/signed-file-id'
import type { FileId, OrganizationId } from '../../../core/ids'
import type { HttpEnv } from '../../../http/context'
import type { BlobFacts } from '../presenter'

const purpose = 'blob'

/** What is said of a blob beside its file. Its signed id never expires, as in Rails. */
export async function blobFactsOf(c: Context<HttpEnv>, file: FileBase): Promise<BlobFacts> {
  const gateway = c.get('gateway')
  return { signedId: await signedIdOf(gateway, file, purpose), serviceName: gateway.store.service }
}

/** The file in the path. A signed id that was changed, or is another organization's, is of a file that is not there. */
export function signedFileIdOf(c: Context<HttpEnv>, organizationId: OrganizationId): Promise<FileId> {
  return fileIdOfSigned(c.get('gateway'), organizationId, c.req.param('signedId') ?? '', purpose)
}
